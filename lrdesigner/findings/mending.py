"""Nodes as they would be without what a check found in them; None where there is no such node in one step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from lrdesigner.checked import replaced
from lrdesigner.errors import UserError
from lrdesigner.findings.moving import Place
from lrdesigner.schedules import Constant, CosineRestarts, Cyclic, Length, Repeat, Segment, Sequence, resolve
from lrdesigner.schedules.level import Level, factor_of, level_like

SMALL_START = 0.01
"""Of the peak: where a warm-up may begin in place of 0."""

_DIGITS = 3
_MOST_FLOOR = 0.9


def with_fields(node: Any, **changes: Any) -> Any | None:
    """The node with other values; None where they cannot be, or are there already."""
    try:
        changed = replaced(node, **changes)
    except UserError:
        return None
    return None if changed is node else changed


def first_that(candidates: Iterator[Any], mended: Callable[[Any], bool]) -> Any | None:
    """The first node with which nothing is found any more."""
    return next((node for node in candidates if mended(node)), None)


def started_above_zero(node: Any) -> Any | None:
    """A ramp from a small value in place of 0."""
    return with_fields(node, start=SMALL_START) if "start" in node.__struct_fields__ else None


def with_whole_cycles(place: Place) -> Iterator[Any]:
    """A node of cycles with the length at which one ends with the time that it has; as many as there are about now."""
    node, steps = place.node, place.end - place.origin
    match node:
        case CosineRestarts(growth=growth):
            lengths: tuple[str, ...] = ("first",)
        case Repeat(growth=growth):
            lengths = ("cycle",)
        case Cyclic():
            lengths, growth = ("up", "down"), 1.0
        case _:
            return
    whole = sum(max(resolve(getattr(node, name), place.span), 1) for name in lengths)
    for cycles in _numbers_of_cycles(steps, whole, growth):
        scale = steps / _cycles_long(cycles, growth) / whole
        for round_up in (False, True):
            changes = {name: _scaled_length(getattr(node, name), scale, place, round_up) for name in lengths}
            if (changed := with_fields(node, **changes)) is not None:
                yield changed


def _numbers_of_cycles(steps: int, whole: int, growth: float) -> list[int]:
    """The number of cycles that fit, and one more; the nearer first. At least one."""
    fit = 0
    while fit < 1000 and whole * _cycles_long(fit + 1, growth) <= steps:
        fit += 1
    left = steps - whole * _cycles_long(fit, growth)
    numbers = [fit, fit + 1] if left < whole * growth**fit / 2 else [fit + 1, fit]
    return [number for number in numbers if number > 0]


def _cycles_long(cycles: int, growth: float) -> float:
    """How long so many cycles are, in first ones."""
    return float(cycles) if growth == 1 else (growth**cycles - 1) / (growth - 1)


def _scaled_length(length: Length, scale: float, place: Place, round_up: bool) -> Length:
    if round_up:
        return Length(float(math.ceil(max(resolve(length, place.span), 1) * scale)), "steps")
    return Length(float(f"{length.value * scale:.6g}"), length.unit) if length.unit != "rest" else length


def joined(place: Place, meets: Callable[[Sequence], bool], values: Callable[[Sequence, int], Any]) -> Any | None:
    """A row whose segments meet: each begins where the one before ends or, where that does not do, the other way.

    `values` tells of a row and the number of a segment what the one before comes to and what this begins with.
    """
    row = place.node
    forwards = range(1, len(row.segments))
    for numbers, prefer in ((forwards, _begin), (reversed(forwards), _end)):
        changed = row
        for number in numbers:
            changed = _joined_at(changed, number, place, values, prefer)
        if changed != row and meets(changed):
            return changed
    return None


def _joined_at(
    row: Sequence, number: int, place: Place, values: Callable[[Sequence, int], Any], prefer: Callable[..., Any]
) -> Sequence:
    found = values(row, number)
    if found is None:
        return row
    before, after = (float(f"{factor:.{_DIGITS}g}") for factor in found)
    for repair in (prefer, _end if prefer is _begin else _begin):
        index, level = (number, before) if repair is _begin else (number - 1, after)
        schedule = repair(row.segments[index].schedule, level, place)
        if schedule is not None:
            segments: list[Segment] = list(row.segments)
            segments[index] = replace(segments[index], schedule=schedule)
            return Sequence(tuple(segments))
    return row


def _begin(node: Any, factor: float, place: Place) -> Any | None:
    """Not at 0: what would hold or rise from there might as well not be."""
    if factor <= 0:
        return None
    if isinstance(node, Constant):
        return with_fields(node, factor=factor)
    return _with_level(node, "start", factor, place)


def _end(node: Any, factor: float, place: Place) -> Any | None:
    """What rises goes on rising, and what decays decaying; a floor at the peak would be no decay."""
    if isinstance(node, Constant):
        return with_fields(node, factor=factor)
    fields = node.__struct_fields__
    if "end" in fields and "start" in fields:
        start, end = (factor_of(getattr(node, name), place.span) for name in ("start", "end"))
        return _with_level(node, "end", factor, place) if (factor - start) * (end - start) > 0 else None
    return _with_level(node, "floor", factor, place) if 0 <= factor <= _MOST_FLOOR else None


def _with_level(node: Any, name: str, factor: float, place: Place) -> Any | None:
    if name not in node.__struct_fields__:
        return None
    level: Level = getattr(node, name)
    return with_fields(node, **{name: level_like(level, factor, place.span)})
