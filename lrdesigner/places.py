"""Where something of a design is: what undo, a finding or a line of code can point at, and a window can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lrdesigner.tracks import Slot

Area = Literal["group", "rules", "modules", "plan", "model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place. `area` says what the rest is about.

    In a group: a track of it (`slot`), a node of the track's schedule (`path`, () for the whole), keys of a curve
    drawn by hand (`keys`), one field (`field`, the name in its struct), a stretch of steps. Else: the place of a rule,
    paths of modules or parameters.
    """

    area: Area = "group"
    group: int | None = None
    slot: Slot | None = None
    path: tuple[int, ...] | None = None
    keys: tuple[int, ...] = ()
    field: str = ""
    steps: tuple[int, int] | None = None
    rule: int | None = None
    modules: tuple[str, ...] = ()
