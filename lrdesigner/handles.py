"""Draggable handles: what a point on the plot drives. Two pure maps each: design -> point, point -> edit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np

from lrdesigner import edits
from lrdesigner.curve_handles import Axis as Axis
from lrdesigner.curve_handles import CurveHandle, HandleEdit, KeyRef, Scene
from lrdesigner.curves import track_factors
from lrdesigner.document import Design, Group, Plan, Track
from lrdesigner.handle_values import Precision as Precision
from lrdesigner.handle_values import notch as notch
from lrdesigner.handle_values import notched_in, settled_in
from lrdesigner.handle_values import settled as settled
from lrdesigner.handle_values import within as within
from lrdesigner.numbers import rate
from lrdesigner.placed_handles import placed_handles
from lrdesigner.plot_points import plot_points
from lrdesigner.schedules import Field, depends_on_base, fields_of
from lrdesigner.tracks import Lane, Slot, frozen_stretches, lane_of, option_of, slots_of, track_of

Axes = Literal["step", "value", "both"]

_SAMPLES = 1000


class Handle(Protocol):
    """One handle of one group, at the place that the group's values give it."""

    @property
    def name(self) -> str:
        """What it drives, the same for the same handle of a changed design: "base_lr", "0.floor"."""

    @property
    def group(self) -> int:
        """Id of the group."""

    @property
    def axes(self) -> Axes:
        """Along which axes it can be dragged."""

    @property
    def step(self) -> float:
        """Where it sits on the time axis: a step, or for a control point of a curve between two."""

    @property
    def value(self) -> float:
        """Where it sits on the value axis."""

    @property
    def key(self) -> KeyRef | None:
        """The key of a curve drawn by hand that it stands for, if it does."""

    @property
    def may_be_zero(self) -> bool:
        """Whether a drag to the bottom of a linear axis means 0."""

    @property
    def title(self) -> str:
        """What it is: "warm-up ends"."""

    @property
    def amount(self) -> str:
        """What it has on the value axis: "lr 5e-4"."""

    @property
    def text(self) -> str:
        """What it says beside the pointer: "warm-up ends · epoch 1.2 · step 540 · lr 5e-4"."""

    def moved(self, step: float, value: float, precision: Precision = "normal") -> HandleEdit:
        """The edit that puts it at (or as near as may be to) this step and value; none where it is already."""

    def nudged(self, direction: int, precision: Precision = "normal", axis: Axis = "value") -> HandleEdit:
        """The edit of one press of an arrow key: up or right (+1), down or left (-1)."""


@dataclass(frozen=True, slots=True)
class BaseHandle:
    """Sits on the curve where the factor is largest; dragging it up or down scales the whole curve."""

    group: int
    group_name: str
    step: int
    factor: float
    base: float
    field: Field
    edit: Callable[..., Design] = edits.set_base_lr
    option: str | None = None

    @property
    def name(self) -> str:
        """The option's, or "base_lr"."""
        return self.option or "base_lr"

    @property
    def axes(self) -> Axes:
        """Up and down only: its step follows from the shape."""
        return "value"

    @property
    def value(self) -> float:
        """The track's value at its step."""
        return self.base * self.factor

    @property
    def may_be_zero(self) -> bool:
        """A weight decay may be, a learning rate may not."""
        return self.field.minimum == 0

    @property
    def key(self) -> None:
        """None: it is no key."""

    @property
    def title(self) -> str:
        """Where it is."""
        return "highest"

    @property
    def amount(self) -> str:
        """The base value."""
        return f"{self.field.title[0].lower()}{self.field.title[1:]} {rate(self.base)}"

    @property
    def text(self) -> str:
        """Base value and step."""
        return f"{self.amount} · step {self.step:,}"

    def moved(self, step: float, value: float, precision: Precision = "normal") -> HandleEdit:
        """Base = value / factor(its step), rounded and within the bounds of the field; the step is not looked at."""
        if math.isclose(value, self.value, rel_tol=1e-12):
            return self._set(self.base)
        return self._set(settled_in(self.field, value / self.factor, precision))

    def nudged(self, direction: int, precision: Precision = "normal", axis: Axis = "value") -> HandleEdit:
        """Base value one notch up or down; sideways nothing."""
        return self._set(self.base if axis == "step" else notched_in(self.field, self.base, direction, precision))

    def _set(self, base: float) -> HandleEdit:
        named = () if self.option is None else (self.option,)
        return HandleEdit(f"{self.field.title} of {self.group_name}", self.edit, (self.group, *named, base))


_BASE = next(field for field in fields_of(Track) if field.name == "base")


def base_handle(group: Group, slot: Slot, plan: Plan) -> BaseHandle | None:
    """At the first step that trains with the largest factor, of a constant in the middle; None without a positive one.

    Raises KeyError where the optimizer has no such track.
    """
    track, option = track_of(group, slot), option_of(group, slot)
    shape = track if depends_on_base(track.schedule) else Track(1.0, track.schedule)
    place = _highest(shape, plan, frozen_stretches(group.freeze, plan) if slot == "lr" else ())
    if place is None:
        return None
    if slot == "lr":
        return BaseHandle(group.id, group.name, *place, track.base, _BASE)
    field = next(field for field in fields_of(type(group.options)) if field.name == option)
    return BaseHandle(group.id, group.name, *place, track.base, field, edits.set_option, option)


@lru_cache(maxsize=64)
def _highest(track: Track, plan: Plan, frozen: tuple[tuple[int, int], ...]) -> tuple[int, float] | None:
    steps = plot_points(Lane(track), plan, 0, plan.total_steps, _SAMPLES).steps
    factors = track_factors(track, plan, steps)
    usable = np.where(np.isfinite(factors), factors, -np.inf)
    for start, end in frozen:
        usable = np.where((steps >= start) & (steps < end), -np.inf, usable)
    if frozen and not (usable > 0).any():
        return _highest(track, plan, ())
    largest = float(usable.max())
    if largest <= 0:
        return None
    if float(usable.min()) >= largest * (1 - 1e-12):
        place = int(np.searchsorted(steps, plan.total_steps // 2))
    else:
        place = int(np.argmax(usable >= largest * (1 - 1e-12)))
    return int(steps[place]), float(factors[place])


def handles_of(group: Group, slot: Slot, plan: Plan) -> tuple[Handle, ...]:
    """Every handle of a track, in the order in which the Tab key visits them; none where the group has no such track.

    The first one drives the base value. The others belong to the nodes of the track's schedule.
    """
    if slot not in slots_of(group):
        return ()
    base = base_handle(group, slot, plan)
    lane = lane_of(group, slot, plan)
    if base is None:
        return ()
    scene = Scene(group, slot, plan)
    placed = placed_handles(lane.track, plan, lane.frozen)
    return (base, *(CurveHandle(scene, found) for found in sorted(placed, key=lambda found: found.step)))


def handle_text(handles: tuple[Handle, ...]) -> str:
    """What handles at one place say together: "warm-up ends · epoch 1.2 · step 540 · base lr 5e-4"."""
    if len(handles) == 1:
        return handles[0].text
    timed = next((handle for handle in handles if handle.axes != "value"), handles[0])
    tall = next((handle for handle in handles if handle.axes != "step"), handles[0])
    where = timed.text.split(" · ")[1:-1]
    return " · ".join([timed.title, *where, tall.amount])
