"""Where one segment of a sequence ends and the next one starts, as handles that drive a length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from lrdesigner.schedules.composites import Sequence
from lrdesigner.schedules.curved_ramps import LogWarmup
from lrdesigner.schedules.decays import Constant
from lrdesigner.schedules.length import Span, length_like
from lrdesigner.schedules.ramps import Anneal, Linear
from lrdesigner.schedules.shape import ShapeHandle

Starts = Callable[[Sequence, Span], list[int]]
"""`segment_starts`."""


@dataclass(frozen=True, slots=True)
class _Driven:
    """The segment whose length a boundary drives, and the steps that the boundary may be put at."""

    segment: int
    lowest: int
    highest: int


def boundary_handles(node: Sequence, starts: Starts) -> tuple[ShapeHandle, ...]:
    """One between each two segments: "warm-up ends", "cosine starts"."""
    return tuple(_boundary(node, index, starts) for index in range(len(node.segments) - 1))


def _boundary(node: Sequence, index: int, starts: Starts) -> ShapeHandle:
    def place(node: Sequence, span: Span) -> int | None:
        if index + 1 >= len(node.segments):
            return None
        found = starts(node, span)
        return None if _driven(_rests(node), index, found) is None else found[index + 1]

    def fields(node: Sequence, span: Span, step: int) -> dict[str, Any]:
        changed = with_boundary(node, index, span, starts(node, span), step)
        return {} if changed is node else {"segments": changed.segments}

    return ShapeHandle(name=f"boundary {index}", title=boundary_title(node, index), at=place, step=fields)


def with_boundary(node: Sequence, index: int, span: Span, starts: list[int], step: int, roll: bool = False) -> Sequence:
    """The sequence with the boundary after segment `index` at a local step, or as near as may be; lengths keep units.

    The segment before gets longer or shorter. What follows keeps its length and is pushed on, until a segment that
    takes the rest makes up for it; with `roll` the next segment makes up for it, so that its end stays. A boundary
    behind a segment that takes the rest is counted from the end: the segment after it changes. The same sequence where
    the boundary lies there already, or where no single length moves it.
    """
    before, after = node.segments[index].length.unit, node.segments[index + 1].length.unit
    if roll and "rest" not in (before, after):
        step = min(max(step, starts[index] + 1), starts[index + 2] - 1)
        if step == starts[index + 1] or starts[index + 2] - starts[index] < 2:
            return node
        found = _with_steps(node, index, step - starts[index], span)
        return _with_steps(found, index + 1, starts[index + 2] - step, span)
    driven = _driven(_rests(node), index, starts)
    if driven is None:
        return node
    step = min(max(step, driven.lowest), driven.highest)
    if step == starts[index + 1]:
        return node
    steps = step - starts[index] if driven.segment == index else starts[index + 2] - step
    return _with_steps(node, driven.segment, steps, span)


def movable(node: Sequence, starts: list[int]) -> list[int]:
    """The segments with a boundary after them that some length moves."""
    rests = _rests(node)
    return [index for index in range(len(node.segments) - 1) if _driven(rests, index, starts) is not None]


def _rests(node: Sequence) -> list[int]:
    return [place for place, segment in enumerate(node.segments) if segment.length.unit == "rest"]


def _with_steps(node: Sequence, index: int, steps: int, span: Span) -> Sequence:
    segment = node.segments[index]
    changed = replace(segment, length=length_like(segment.length, steps, span))
    return Sequence((*node.segments[:index], changed, *node.segments[index + 1 :]))


def _driven(rests: list[int], index: int, starts: list[int]) -> _Driven | None:
    """The segment before, if the boundary lies where the lengths up to it put it; the one after, if it is counted from
    the end, because a segment that takes the rest comes before. None where neither alone would move it so."""
    before, after = [r for r in rests if r <= index], [r for r in rests if r > index]
    taken = sum(starts[r + 1] - starts[r] for r in rests)
    here = starts[index + 1]
    least = min(starts[index] + 1, here)  # of a segment that has a step, one stays
    if not before:  # what follows is pushed on; the rest, if there is one, gives and takes
        return _Driven(index, least, max(here + taken - len(rests), here) if rests else _FAR)
    if not after and taken >= len(rests):
        return _Driven(index + 1, max(here - taken + len(rests), 1), max(starts[index + 2] - 1, here))
    if after and before == [index]:
        return _Driven(index, least, max(here + taken - (here - starts[index]) - len(after), here))
    return None


_FAR = 2**53


def boundary_title(node: Sequence, index: int) -> str:
    """What happens at the boundary after segment `index`: "warm-up ends", "cosine starts"."""
    from lrdesigner.schedules.registry import shape_of

    before, after = node.segments[index].schedule, node.segments[index + 1].schedule
    if _rises(before):
        return "warm-up ends"
    shape = shape_of(after)
    if isinstance(before, Constant) and shape.family == "ramp" and not _rises(after):
        return "cool-down starts"
    name = shape.title if shape.title.isupper() else shape.title[0].lower() + shape.title[1:]
    return f"{name} starts"


def _rises(schedule: Any) -> bool:
    match schedule:
        case LogWarmup():
            return True
        case Linear(start=float(start), end=float(end)) | Anneal(start=float(start), end=float(end)):
            return end > start
    return False
