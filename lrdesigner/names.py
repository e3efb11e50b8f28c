"""Names of groups and rules: how they are written, and how one that is taken becomes one that is free."""

from __future__ import annotations

from collections.abc import Collection

LONGEST_NAME = 60
"""Characters in the name of a group or a rule."""


def one_line(text: str) -> str:
    """Without line breaks and doubled spaces."""
    return " ".join(text.split())


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name, or the first of it with a number that is not taken; no longer than a name may be.

    >>> free_name("head", ["head", "head 2"])
    'head 3'
    """
    name, number = wanted[:LONGEST_NAME], 1
    while name in taken:
        number += 1
        end = f" {number}"
        name = wanted[: LONGEST_NAME - len(end)] + end
    return name
