"""Which lines of an exported file are about which groups.

The template opens and closes a piece of a group with marks, characters that no text of a person's can hold, since
what is not printable is written as an escape or a space. They are taken out again; nothing is searched for by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_OPEN, _END_OF_OPEN, _CLOSE = "\x02", "\x03", "\x04"
_MARK = re.compile(f"{_OPEN}([0-9,]*){_END_OF_OPEN}|{_CLOSE}")


@dataclass(frozen=True, slots=True)
class CodePlace:
    """Lines `first` to `last`, from 0, are about these groups (ids)."""

    first: int
    last: int
    groups: tuple[int, ...]


def opened(groups: int | Iterable[int]) -> str:
    """The mark before a piece of text about a group, or several."""
    found = (groups,) if isinstance(groups, int) else groups
    return _OPEN + ",".join(map(str, found)) + _END_OF_OPEN


def closed(_: object = None) -> str:
    """The mark behind it."""
    return _CLOSE


def owned(text: str, group: int) -> str:
    """A piece of text that is about one group, with its marks."""
    return opened(group) + text + _CLOSE


def separated(marked: str) -> tuple[str, tuple[CodePlace, ...]]:
    r"""The text without its marks, and what they said, in the order of the lines.

    >>> separated("a\n\x022\x03b\nc\n\x04d\n")
    ('a\nb\nc\nd\n', (CodePlace(first=1, last=2, groups=(2,)),))
    """
    pieces: list[str] = []
    found: list[CodePlace] = []
    line, at, first = 0, 0, 0
    groups: tuple[int, ...] = ()
    for mark in _MARK.finditer(marked):
        pieces.append(marked[at : mark.start()])
        line, at = line + pieces[-1].count("\n"), mark.end()
        if mark[1] is not None:
            groups, first = tuple(int(group) for group in mark[1].split(",") if group), line
        elif groups and pieces[-1]:
            _add(found, CodePlace(first, line - pieces[-1].endswith("\n"), groups))
    pieces.append(marked[at:])
    return "".join(pieces), tuple(found)


def _add(found: list[CodePlace], place: CodePlace) -> None:
    """At the end; lines that go on where the last ones of the same groups ended are one place with them."""
    if found and found[-1].groups == place.groups and found[-1].last + 1 >= place.first:
        place = CodePlace(found.pop().first, place.last, place.groups)
    found.append(place)
