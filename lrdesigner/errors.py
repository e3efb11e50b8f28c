"""The one error that a person is meant to read."""

from __future__ import annotations


class UserError(Exception):
    """Bad input: one sentence that says what is wrong, where, and how to mend it.

    The command line prints `str(error)` on stderr and ends with status 2; the window shows it as a notice.
    """


class InvalidValueError(UserError, ValueError):
    """A value that may not exist. As a ValueError it also gets its place when a file is decoded."""
