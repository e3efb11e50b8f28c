"""The headless face of the program: the same functions as in the window, as commands."""
