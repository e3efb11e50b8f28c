"""What the recipes of several peers are put together from."""

from __future__ import annotations

from typing import Any

from lrdesigner.schedules import Absolute, Constant, Length, Level, Linear, Segment, Sequence


def steps(count: int) -> Length:
    return Length(float(count), "steps")


def held(level: Level) -> Any:
    """The same level at every step, an absolute one too."""
    return Linear(level, level) if isinstance(level, Absolute) else Constant(level)


def line(start: Level, end: Level, length: int) -> Linear:
    return Linear(start, end, steps(length))


def part(schedule: Any, length: int, skip: int = 0) -> Segment:
    return Segment(schedule, steps(length), steps(skip))


def in_turn(*parts: Segment, last: Any, skip: int = 0) -> Any:
    """One after the other, the last one for ever; parts of no length are left out."""
    lasting = [part for part in parts if part.length.value > 0]
    if not lasting and skip == 0:
        return last
    return Sequence((*lasting, Segment(last, skip=steps(skip))))
