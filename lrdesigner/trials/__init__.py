"""Trials: what a short training run is asked to do, what it shows, and what follows from it."""
