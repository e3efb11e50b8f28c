"""Where a value stands: the words for a person, and the way to it in the design."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lrdesigner.faults.fault import Path
from lrdesigner.faults.values import LONGEST
from lrdesigner.schedules import Field

# Levels of the file that say nothing to a person: what is in them is named instead.
_SILENT = frozenset({"schedule", "inventory"})

MOST_WORDS = 8
"""Levels that are named; of a deeper place those in the middle are not."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value in the file. `title` names it in a sentence; `around` are the words for what it stands in."""

    title: str = "Design"
    word: str = "design"
    around: tuple[str, ...] = ()
    path: Path = ()
    group: int | None = None
    declared: Field | None = None
    depth: int = 0

    def field(self, field: Field) -> Place:
        """A field of the struct that stands here."""
        word = "" if field.name in _SILENT else field.title[:1].lower() + field.title[1:]
        return _within(self, field.title, word, field.name, field)

    def item(self, number: int, value: Any, index: int) -> Place:
        """An item of the list that stands here: its number in the file, from 1, and its place in the design."""
        kind, name = str(self.path[-1]).removesuffix("s") if self.path else "item", _name(value)
        word = f"{kind} {name or number}"
        place = _within(replace(self, word=""), word[:1].upper() + word[1:], word, index, None)
        if self.path != ("groups",) or not isinstance(value, dict):
            return place
        return replace(place, group=value.get("id"))

    @property
    def outside(self) -> str:
        """The words for what the value stands in."""
        return _joined(self.around) or "design"

    @property
    def inside(self) -> str:
        """The words for the value itself, as the place of what is in it."""
        return _joined((*self.around, self.word)) if self.word else self.outside


def _within(outer: Place, title: str, word: str, part: str | int, field: Field | None) -> Place:
    around = (*outer.around, outer.word) if outer.path and outer.word else outer.around
    return Place(title, word, around, (*outer.path, part), outer.group, field, outer.depth + 1)


def _joined(words: tuple[str, ...]) -> str:
    return ", ".join(words if len(words) <= MOST_WORDS else (*words[: MOST_WORDS - 2], "…", words[-1]))


def _name(value: Any) -> str:
    """What an item is called by, in quotes: a group's or parameter's name, a pin's or module's path."""
    if not isinstance(value, dict):
        return ""
    name = value.get("name", value.get("path"))
    if not isinstance(name, str) or not name:
        return ""
    return repr(name if len(name) <= LONGEST else f"{name[:LONGEST]}…")
