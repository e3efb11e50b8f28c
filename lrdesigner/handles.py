"""Draggable handles: what a point on the plot drives. Two pure maps each: design -> point, point -> edit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, Protocol

import numpy as np

from lrdesigner import edits
from lrdesigner.document import Design, Group, Plan, Track
from lrdesigner.numbers import rate
from lrdesigner.plot_points import plot_points
from lrdesigner.schedules import Field, fields_of
from lrdesigner.tracks import Lane

Precision = Literal["normal", "fine", "snap"]

_DIGITS: dict[Precision, int] = {"normal": 3, "fine": 5}
_LOWEST = 1e-12
_SAMPLES = 1000


@dataclass(frozen=True, slots=True)
class HandleEdit:
    """An edit as the store takes it: `store.commit(label, edit, *arguments)`."""

    label: str
    edit: Callable[..., Design]
    arguments: tuple[Any, ...]


class Handle(Protocol):
    """One handle of one group, at the place that the group's values give it."""

    @property
    def name(self) -> str:
        """What it drives, the same for the same handle of a changed design: "base_lr"."""

    @property
    def group(self) -> int:
        """Id of the group."""

    @property
    def step(self) -> int:
        """Where it sits on the time axis."""

    @property
    def value(self) -> float:
        """Where it sits on the value axis."""

    @property
    def text(self) -> str:
        """What it says beside the pointer: "base lr 5e-4 · step 120"."""

    def moved(self, step: float, value: float, precision: Precision = "normal") -> HandleEdit:
        """The edit that puts it at (or as near as may be to) this step and value."""

    def nudged(self, direction: int, precision: Precision = "normal") -> HandleEdit:
        """The edit of one press of the arrow key up (+1) or down (-1)."""


@dataclass(frozen=True, slots=True)
class BaseLrHandle:
    """Sits on the curve where the factor is largest; dragging it up or down scales the whole curve."""

    group: int
    group_name: str
    step: int
    factor: float
    base: float
    name: str = "base_lr"

    @property
    def value(self) -> float:
        """The rate at its step."""
        return self.base * self.factor

    @property
    def text(self) -> str:
        """Base lr and step."""
        return f"base lr {rate(self.base)} · step {self.step:,}"

    def moved(self, step: float, value: float, precision: Precision = "normal") -> HandleEdit:
        """Base lr = value / factor(its step), rounded and within the bounds of the field; the step is not looked at."""
        return self._set(settled(value / self.factor, precision))

    def nudged(self, direction: int, precision: Precision = "normal") -> HandleEdit:
        """Base lr one notch up or down."""
        return self._set(notch(self.base, direction, precision))

    def _set(self, base: float) -> HandleEdit:
        return HandleEdit(f"Base lr of {self.group_name}", edits.set_base_lr, (self.group, within(_BASE, base)))


_BASE = next(field for field in fields_of(Track) if field.name == "base")


def base_lr_handle(group: Group, plan: Plan) -> BaseLrHandle | None:
    """At the first step with the largest factor, of a constant in the middle; None when no factor is positive."""
    points = plot_points(Lane(group.lr), plan, 0, plan.total_steps, _SAMPLES)
    steps, factors = points.steps, points.values / group.lr.base
    usable = np.where(np.isfinite(factors), factors, -np.inf)
    largest = float(usable.max())
    if largest <= 0:
        return None
    if float(usable.min()) >= largest * (1 - 1e-12):
        place = int(np.searchsorted(steps, plan.total_steps // 2))
    else:
        place = int(np.argmax(usable >= largest * (1 - 1e-12)))
    return BaseLrHandle(group.id, group.name, int(steps[place]), float(factors[place]), group.lr.base)


Place = Callable[[Group, Plan], Handle | None]
_PLACES: tuple[Place, ...] = (base_lr_handle,)


def handles_of(group: Group, plan: Plan) -> tuple[Handle, ...]:
    """Every handle of a group's lr track, in the order in which the Tab key visits them."""
    return tuple(handle for place in _PLACES if (handle := place(group, plan)) is not None)


def settled(value: float, precision: Precision) -> float:
    """What a hand that let go here meant: three significant digits, five when fine, or the nearest of 1-2-5.

    >>> settled(0.00051234, "normal"), settled(0.00051234, "fine"), settled(0.00034, "snap")
    (0.000512, 0.00051234, 0.0005)
    """
    if not math.isfinite(value) or value <= 0:
        return value if value > 0 else _LOWEST
    if precision == "snap":
        return min(_one_two_five(value), key=lambda candidate: abs(math.log(candidate / value)))
    return float(f"{value:.{_DIGITS[precision] - 1}e}")


def notch(value: float, direction: int, precision: Precision) -> float:
    """The next value up (+1) or down (-1): by the second digit, by the third when fine, or along 1-2-5.

    >>> notch(0.0005, 1, "normal"), notch(0.001, -1, "normal"), notch(0.001, 1, "snap")
    (0.00051, 0.00099, 0.002)
    """
    if precision == "snap":
        beyond = [c for c in _one_two_five(value) if (c - value) * direction > 1e-9 * value]
        return min(beyond, key=lambda candidate: abs(candidate - value))
    exponent = math.floor(math.log10(value) + 1e-12)
    if direction < 0 and value <= 10.0**exponent * (1 + 1e-9):
        exponent -= 1
    digits = 1 if precision == "normal" else 2
    unit = float(f"1e{exponent - digits}")
    whole = value / unit
    near = round(whole)
    start = near if abs(whole - near) < 1e-6 else (math.floor(whole) if direction > 0 else math.ceil(whole))
    return float(f"{(start + direction) * unit:.9e}")


def within(field: Field, value: float) -> float:
    """The nearest value that the field may hold."""
    low = max((bound for bound in (field.minimum, field.above) if bound is not None), default=-math.inf)
    high = min((bound for bound in (field.maximum, field.below) if bound is not None), default=math.inf)
    if field.above is not None and value <= field.above:
        return max(low, _LOWEST) if low <= 0 else math.nextafter(low, math.inf)
    if field.below is not None and value >= field.below:
        return math.nextafter(high, -math.inf)
    return min(max(value, low), high)


def _one_two_five(value: float) -> list[float]:
    exponent = math.floor(math.log10(value))
    decades = range(exponent - 1, exponent + 3)
    return list(chain.from_iterable((float(f"{mantissa}e{decade}") for mantissa in (1, 2, 5)) for decade in decades))
