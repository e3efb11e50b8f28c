"""What a handle catches on while it is dragged: round values, epochs, corners, the playhead, other keys and curves."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lrdesigner.curves import breakpoints, lane_values
from lrdesigner.document import Group
from lrdesigner.handles import settled
from lrdesigner.numbers import rate
from lrdesigner.track_keys import KeyPoint
from lrdesigner.tracks import Lane, Slot, lane_of, moves, slots_of, track_of
from lrdesigner_app.charts import AxisMap
from lrdesigner_app.workspace import Workspace

REACH_PX = 8.0


@dataclass(frozen=True, slots=True)
class Caught:
    """A step or a value that holds the handle, and what it is."""

    at: float
    what: str


class Snapping:
    """Of one drag: what lies where as it begins. `held` and `at` are the keys and the steps that the hand moves."""

    def __init__(
        self,
        workspace: Workspace,
        slot: Slot,
        axis_map: AxisMap,
        pixel: tuple[float, float],
        points: Iterable[KeyPoint] = (),
        held: Collection[int] = (),
        at: Collection[float] = (),
    ) -> None:
        self._design, self._look = workspace.design, workspace.display.look
        self._group, self._slot = workspace.selected_group, slot
        self._map, self._pixel = axis_map, pixel
        self._keys = [point for point in points if point.index not in held]
        self._at = [round(step) for step in at]

    def step(self, x: float) -> Caught | None:
        """The line nearest to a place on the time axis, in view coordinates, if one is near."""
        return self._nearest(x, self._pixel[0], ((self._map.x(at.at), at) for at in self._lines_beside(x)))

    def value(self, y: float, step: float) -> Caught | None:
        """The value nearest to a place on the value axis, at a step, if one is near."""
        found = self._values_beside(self._map.value(y), step)
        return self._nearest(y, self._pixel[1], ((self._map.y(at.at), at) for at in found))

    def _nearest(self, place: float, pixel: float, found: Iterable[tuple[float, Caught]]) -> Caught | None:
        """Of two as near, the first."""
        near = [(abs(at - place), caught) for at, caught in found if abs(at - place) <= REACH_PX * pixel]
        return min(near, key=lambda pair: pair[0])[1] if near else None

    def _lines_beside(self, x: float) -> Iterator[Caught]:
        plan, step = self._design.plan, self._map.step(x)
        if self._look.playhead is not None:
            yield Caught(self._look.playhead, "playhead")
        for point in self._keys:
            yield Caught(point.step, f"step of key {point.index + 1}")
        epoch = min(max(math.floor(step / plan.steps_per_epoch + 0.5), 0), plan.total_steps // plan.steps_per_epoch)
        yield Caught(epoch * plan.steps_per_epoch, f"epoch {epoch:,}")
        yield Caught(plan.total_steps, "end of the run")
        for steps, name in self._corners:
            place = int(np.searchsorted(steps, step))
            for corner in steps[max(place - 1, 0) : place + 1].tolist():
                yield Caught(corner, f"corner of {name}")

    def _values_beside(self, value: float, step: float) -> Iterator[Caught]:
        yield Caught(track_of(self._group, self._slot).base, "base value")
        for point in self._keys:
            if math.isfinite(point.value):
                yield Caught(point.value, f"value of key {point.index + 1}")
        whole = np.array([round(step)])
        for name, lane in self._lanes:
            yield Caught(float(lane_values(lane, self._design.plan, whole)[0]), name)
        if value > 0:
            near = settled(value, "snap")
            yield Caught(near, rate(near))

    @cached_property
    def _shown(self) -> list[Group]:
        return [group for group in self._design.groups if self._look.shows(group.id)]

    @cached_property
    def _lanes(self) -> list[tuple[str, Lane]]:
        """The other curves in sight; none where each is on a scale of its own."""
        plan, slot = self._design.plan, self._slot
        if self._look.normalised:
            return []
        others = (group for group in self._shown if group.id != self._group.id and slot in slots_of(group))
        return [(group.name, lane_of(group, slot, plan)) for group in others]

    @cached_property
    def _corners(self) -> list[tuple[np.ndarray[tuple[int], np.dtype[np.int64]], str]]:
        """Of every curve in sight, and of the own group's other tracks, but for what is held."""
        found = []
        for group in self._shown:
            every = slots_of(group) if group.id == self._group.id else (self._slot,)
            for slot in every:
                if slot in slots_of(group) and moves(group, slot):
                    steps = breakpoints(track_of(group, slot), self._design.plan)
                    steps = steps[np.diff(steps, prepend=-2) > 1]
                    found.append((steps[~np.isin(steps, self._at)], group.name))
        return found
