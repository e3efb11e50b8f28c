"""Batches for a trial: digits, text, random numbers, or what a function of the user gives."""
