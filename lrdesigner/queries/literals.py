"""Text that every name must hold which a pattern fits, so that most names need not be tried.

"" stands for text that is not plain to see, as beyond ASCII, where case has more sides to it than `lower` tells of.
"""

from __future__ import annotations

import re
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]

BRACKETS = re.compile(r"\[!?\]?[^\]]*\]")
"""A choice of characters in a pattern with wildcards."""


def literal_of_pattern(pattern: str) -> str:
    """The longest piece of a pattern with wildcards, in lower case.

    >>> literal_of_pattern("blocks.[0-5].*.Bias")
    'blocks.'
    """
    return _longest(re.split(r"[*?]+", BRACKETS.sub("*", pattern)))


def literal_of_regex(body: str) -> str:
    r"""The longest piece of a regular expression, in lower case; only what stands outside of brackets is looked at.

    >>> literal_of_regex(r"layer\.\d+\.(query|key)")
    'layer.'
    """
    pieces = [""]
    for op, value in _parser.parse(body):
        if op is ops.LITERAL:
            pieces[-1] += chr(value)
        elif op is not ops.AT:  # a place, such as the start, takes no characters
            pieces.append("")
    return _longest(pieces)


def _longest(pieces: list[str]) -> str:
    found = max(pieces, key=len)
    return found.lower() if found.isascii() else ""
