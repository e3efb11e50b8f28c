"""The values of a design over time: the one function that plot, command line, export and verification share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdesigner.document import Design, Group, Plan, Track
from lrdesigner.inventory import ParameterInfo
from lrdesigner.membership import membership
from lrdesigner.optimizers import optimizer_of, torch_options
from lrdesigner.schedules import factors, has_formula, shape_of

PLOT_POINTS = 2000
CHECKED_VALUES = 200_000
EVERY_STEP = 3_000_000
TOLERANCE = 1e-12
"""Largest allowed `relative_difference` between our own forms of a value."""


@dataclass(frozen=True, slots=True)
class ParamGroup:
    """What torch will see of a group: its trainable parameters. `name` is the group's."""

    name: str
    group: Group
    parameters: tuple[ParameterInfo, ...]

    @property
    def numel(self) -> int:
        """Scalars in it."""
        return sum(parameter.numel for parameter in self.parameters)


def param_groups(design: Design) -> tuple[tuple[ParamGroup, ...], ...]:
    """For each optimizer, in design order, its param groups in order; without groups that hold nothing trainable."""
    members = membership(design)
    by_optimizer: dict[str, list[ParamGroup]] = {}
    for group in design.groups:
        parameters = members.trainable(group.id)
        if parameters:
            found = by_optimizer.setdefault(optimizer_of(group.options).name, [])
            found.append(ParamGroup(name=group.name, group=group, parameters=parameters))
    return tuple(tuple(found) for found in by_optimizer.values())


def track_factors(track: Track, plan: Plan, steps: Any) -> NDArray[np.float64]:
    """Factor at each step. Before 0 and past the end of the run the nearest value is held (the end: index T)."""
    clipped = np.clip(np.asarray(steps, dtype=np.int64), 0, plan.total_steps)
    return factors(track.schedule, clipped, plan.span)


def track_values(track: Track, plan: Plan, steps: Any) -> NDArray[np.float64]:
    """Value at each step: the value at index t is used by update number t + 1."""
    return track.base * track_factors(track, plan, steps)


def values_at(param_group: ParamGroup, plan: Plan, steps: Any) -> dict[str, NDArray[np.float64]]:
    """Every hyperparameter that can move, by name, at each step: lr, weight_decay, momentum or beta1 and beta2."""
    index = np.asarray(steps, dtype=np.int64)
    values = {"lr": track_values(param_group.group.lr, plan, index)}
    for name, value in torch_options(param_group.group.options).items():
        if name == "betas":
            values["beta1"], values["beta2"] = np.full(index.shape, value[0]), np.full(index.shape, value[1])
        elif name in ("weight_decay", "momentum"):
            values[name] = np.full(index.shape, float(value))
    return values


def breakpoints(track: Track, plan: Plan) -> NDArray[np.int64]:
    """Steps, inside the run, at which the curve has a corner or jumps; sorted, without repetition."""
    points = np.asarray(list(shape_of(track.schedule).breakpoints(track.schedule, plan.span)), dtype=np.int64)
    return _sorted_once(points[(points > 0) & (points <= plan.total_steps)])


def checked_steps(track: Track, plan: Plan) -> NDArray[np.int64]:
    """Every step up to one past the end; of longer runs `CHECKED_VALUES`, with both sides of every breakpoint."""
    last = plan.total_steps + 1
    if last < CHECKED_VALUES:
        return np.arange(last + 1, dtype=np.int64)
    corners = breakpoints(track, plan)
    even = np.linspace(0, last, CHECKED_VALUES).astype(np.int64)
    return _sorted_once(np.concatenate([even, corners, np.maximum(corners - 1, 0)]))


@lru_cache(maxsize=256)
def first_impossible(track: Track, plan: Plan) -> tuple[int, float] | None:
    """The first step whose factor is negative or not a finite number, and the factor.

    Formulas are looked at on every step of runs up to `EVERY_STEP`; the other shapes hold no surprises between the
    steps of `checked_steps`.
    """
    last = plan.total_steps + 1
    parts: Iterable[NDArray[np.int64]] = (checked_steps(track, plan),)
    if looks_at_every_step(track, plan):
        starts = range(0, last + 1, CHECKED_VALUES)
        parts = (np.arange(start, min(start + CHECKED_VALUES, last + 1)) for start in starts)
    for steps in parts:
        found = track_factors(track, plan, steps)
        wrong = ~np.isfinite(found) | (found < 0)
        if wrong.any():
            return int(steps[wrong][0]), float(found[wrong][0])
    return None


def looks_at_every_step(track: Track, plan: Plan) -> bool:
    """Whether `first_impossible` passes over no step that could matter."""
    return plan.total_steps < EVERY_STEP and has_formula(track.schedule)


def plot_steps(track: Track, plan: Plan, first: int, last: int, points: int = PLOT_POINTS) -> NDArray[np.int64]:
    """The steps to draw between `first` and `last`: about `points`, and both sides of every breakpoint.

    Of more than `points` breakpoints, which lie closer together than pixels, as many are taken, evenly.
    """
    if last - first < 2 * points:
        return np.arange(first, last + 1, dtype=np.int64)
    even = np.linspace(first, last, points).astype(np.int64)
    corners = breakpoints(track, plan)
    corners = corners[(corners >= first) & (corners <= last)]
    corners = corners[:: len(corners) // points + 1]
    return _sorted_once(np.concatenate([even, corners, np.maximum(corners - 1, first)]))


def relative_difference(real: Any, planned: Any, base: float) -> NDArray[np.float64]:
    """|real - planned| over the track's base value; infinite where one of them is not a number.

    Where a value is above its base, it counts over the value: no float can be nearer than its own last digit.
    """
    difference = np.abs(np.asarray(real, np.float64) - planned) / np.maximum(base, np.abs(planned))
    return np.where(np.isfinite(difference), difference, np.inf)


def _sorted_once(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """`np.unique`, thirty times faster on a few hundred thousand integers."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-1) > 0]
