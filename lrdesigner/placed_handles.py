"""The handles of a schedule's nodes, at any depth, as points of the whole track's curve."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lrdesigner.document import Plan, Track
from lrdesigner.schedules import Span, factors, shape_of
from lrdesigner.schedules.shape import Part, ShapeHandle
from lrdesigner.tracks import Stretch

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class PlacedHandle:
    """A node's handle, and the parts that lead to the node from the track's schedule: `chain`, outermost first.

    `at` is its local step. Its place on the track is `step`, `factor`.
    """

    handle: ShapeHandle
    node: Any
    span: Span
    chain: tuple[Part, ...]
    at: int
    step: int
    factor: float

    @property
    def path(self) -> tuple[int, ...]:
        """Of the node, for `schedule_edits`."""
        return tuple(part.index for part in self.chain)

    @property
    def name(self) -> str:
        """The same for the same handle of a changed schedule: "0.2.floor"."""
        return ".".join([*(str(index) for index in self.path), self.handle.name])

    def local_step(self, step: int) -> int:
        """The node's own step at a step of the track, as near to it as the parts act."""
        for part in self.chain:
            step = min(max(step, part.first), part.end) - part.origin
        return step

    def local_factor(self, step: int, factor: float) -> float:
        """The factor that the node must have where the track shall have this one; NaN where none would do."""
        for part in self.chain:
            factor = part.child_factor(step, factor)
            step -= part.origin
        return factor


@lru_cache(maxsize=64)
def placed_handles(track: Track, plan: Plan, frozen: tuple[Stretch, ...] = ()) -> tuple[PlacedHandle, ...]:
    """Those that lie on the curve inside the run, where the group trains; a node's own come before its children's."""
    span = plan.span_for(track.base)
    inside = [
        placed
        for placed in _placed(track.schedule, span, (), track.base != 0)
        if 0 <= placed.step <= plan.total_steps and not any(a <= placed.step < b for a, b in frozen)
    ]
    if not inside:
        return ()
    drawn = factors(track.schedule, np.array([placed.step for placed in inside]), span)
    return tuple(placed for placed, factor in zip(inside, drawn, strict=True) if _close(placed.factor, float(factor)))


def _placed(node: Any, span: Span, chain: tuple[Part, ...], tall: bool) -> Iterator[PlacedHandle]:
    shape = shape_of(node)
    places = [
        (handle, at)
        for handle in shape.handles(node)
        if (tall or handle.step) and (at := _local(handle, node, span, chain)) is not None
    ]
    if places:
        own = factors(node, np.array([at for _, at in places]), span)  # of many milestones in one go
        for (handle, at), factor in zip(places, own, strict=True):
            found = _place(PlacedHandle(handle, node, span, chain, at, at, float(factor)))
            if found is not None:
                yield found
    for part in shape.parts(node, span):
        yield from _placed(part.schedule, part.span, (*chain, part), tall)


def _local(handle: ShapeHandle, node: Any, span: Span, chain: tuple[Part, ...]) -> int | None:
    at = handle.at(node, span)
    if at is not None and handle.step is None and at == _end(chain):
        at -= 1  # the next segment begins here; its last own step shows what the node leads to
    return at if at is None or at >= 0 else None


def _place(local: PlacedHandle) -> PlacedHandle | None:
    """The same handle at its place on the track; None where the parts that lead to it do not act."""
    step, factor = local.at, local.factor
    for part in reversed(local.chain):
        step += part.origin
        if not part.first <= step < part.end:
            return None
        factor = part.factor(step, factor)
    return dataclasses.replace(local, step=step, factor=factor) if math.isfinite(factor) else None


def _end(chain: tuple[Part, ...]) -> int:
    """The node's own step at which one of its parts ends."""
    if not chain:
        return -1
    ends, origin = [], 0
    for part in chain:
        origin += part.origin
        ends.append(origin - part.origin + part.end)
    return min(ends) - origin


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= _SAME * max(abs(a), abs(b), 1.0)
