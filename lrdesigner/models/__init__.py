"""Where models come from, and whether their code may run."""
