"""The history: every trial of a design in a local store, with its design, environment, metrics and outcome."""
