"""The values of a design over time: the one function that plot, command line, export and verification share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdesigner.document import Plan, Track
from lrdesigner.expansion import ParamGroup
from lrdesigner.schedules import depends_on_base, factors, has_formula, shape_of
from lrdesigner.schedules.breaks import Breaks, sorted_once
from lrdesigner.tracks import Lane, lane_of, option_of, slots_of

MOST_BREAKPOINTS = 4000
CHECKED_VALUES = 200_000
LOOKS = 2000
"""Even looks at a curve whose breaks are known."""

EVERY_STEP = 3_000_000
_IN_CACHE = 32_768
TOLERANCE = 1e-12
"""Largest allowed `relative_difference` between our own forms of a value."""


def track_factors(track: Track, plan: Plan, steps: Any) -> NDArray[np.float64]:
    """Factor at each step. Before 0 and past the end of the run the nearest value is held (the end: index T)."""
    index, span, last = np.asarray(steps, dtype=np.int64), plan.span_for(track.base), plan.total_steps
    if index.size and (int(index.min()) < 0 or int(index.max()) > last):
        index = np.clip(index, 0, last)
    if index.size <= _IN_CACHE or index.ndim != 1:
        return factors(track.schedule, index, span)
    found = np.empty(index.shape, dtype=np.float64)
    for start in range(0, index.size, _IN_CACHE):  # a long array at once would wait for memory at every operation
        part = slice(start, start + _IN_CACHE)
        found[part] = factors(track.schedule, index[part], span)
    return found


def track_values(track: Track, plan: Plan, steps: Any) -> NDArray[np.float64]:
    """Value at each step: the value at index t is used by update number t + 1."""
    return track.base * track_factors(track, plan, steps)


def lane_factors(lane: Lane, plan: Plan, steps: Any) -> NDArray[np.float64]:
    """Factor at each step; 0 while frozen, whatever the schedule says."""
    index = np.asarray(steps, dtype=np.int64)
    return _at_rest(lane, index, track_factors(lane.track, plan, index))


def lane_values(lane: Lane, plan: Plan, steps: Any) -> NDArray[np.float64]:
    """Value at each step, as the optimizer will hold it."""
    return lane.track.base * lane_factors(lane, plan, steps)


def lanes_values(lanes: Sequence[Lane], plan: Plan, steps: Any) -> NDArray[np.float64]:
    """The values of many lanes, one row each; those that follow the same shape are computed once.

    Groups often differ in their base value alone, as all groups of one torch scheduler do.
    """
    index = np.asarray(steps, dtype=np.int64)
    rows = np.empty((len(lanes), *index.shape), dtype=np.float64)
    known: dict[Any, NDArray[np.float64]] = {}
    for number, lane in enumerate(lanes):
        track = lane.track
        key = (track.schedule, track.base if depends_on_base(track.schedule) else None)
        if key not in known:
            known[key] = track_factors(track, plan, index)
        rows[number] = _at_rest(lane, index, track.base * known[key])
    return rows


def _at_rest(lane: Lane, index: NDArray[np.int64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factors or values of a lane with 0 where it is frozen."""
    for start, end in lane.frozen:
        found = np.where((index >= start) & (index < end), 0.0, found)
    return found


def values_at(param_group: ParamGroup, plan: Plan, steps: Any) -> dict[str, NDArray[np.float64]]:
    """Every hyperparameter that can move, by name, at each step: lr, weight_decay, momentum or beta1 and beta2."""
    group, index = param_group.group, np.asarray(steps, dtype=np.int64)
    names = [option_of(group, slot) or slot for slot in slots_of(group)]
    lanes = [lane_of(group, slot, plan) for slot in slots_of(group)]
    return dict(zip(names, lanes_values(lanes, plan, index), strict=True))


def track_breaks(track: Track, plan: Plan) -> Breaks:
    """Corners and jumps of the curve, as far as the run goes."""
    schedule = track.schedule
    return shape_of(schedule).breaks(schedule, plan.span_for(track.base)).moved(0, 0, plan.total_steps + 1)


def breakpoints(track: Track, plan: Plan) -> NDArray[np.int64]:
    """Steps, inside the run, at which the curve has a corner or jumps; sorted, of endless patterns the first ones."""
    return track_breaks(track, plan).listed(1, plan.total_steps, MOST_BREAKPOINTS)


def checked_steps(track: Track, plan: Plan) -> NDArray[np.int64]:
    """Every step up to one past the end; of longer runs `CHECKED_VALUES`, with both sides of every breakpoint."""
    last = plan.total_steps + 1
    if last < CHECKED_VALUES:
        return np.arange(last + 1, dtype=np.int64)
    corners = breakpoints(track, plan)
    even = np.linspace(0, last, CHECKED_VALUES).astype(np.int64)
    return sorted_once(np.concatenate([even, corners, np.maximum(corners - 1, 0)]))


@lru_cache(maxsize=1024)
def first_impossible(track: Track, plan: Plan, below: float | None = None) -> tuple[int, float] | None:
    """The first step whose value is negative, not a finite number, or not below `below`; and its factor.

    Formulas are looked at on every step of runs up to `EVERY_STEP`; the other shapes hold no surprises between the
    looks that a plot takes at them.
    """
    for steps in _looks(track, plan):
        found = _impossible_among(track, plan, steps, below)
        if found is not None:
            before = int(steps[found - 1]) if found else int(steps[0])
            between = _evenly(before, int(steps[found]), CHECKED_VALUES)
            first = _impossible_among(track, plan, between, below) or 0
            return int(between[first]), float(track_factors(track, plan, between[first]))
    return None


def _looks(track: Track, plan: Plan) -> Iterable[NDArray[np.int64]]:
    last = plan.total_steps + 1
    if looks_at_every_step(track, plan):
        starts = range(0, last + 1, CHECKED_VALUES)
        return (np.arange(start, min(start + CHECKED_VALUES, last + 1)) for start in starts)
    if has_formula(track.schedule):
        return (checked_steps(track, plan),)
    edges = _evenly(0, last, LOOKS)
    breaks = track_breaks(track, plan)
    corners, looks = breaks.corners(edges), [rows.ravel() for rows in breaks.looks(edges)]
    return (sorted_once(np.concatenate([edges, corners, np.maximum(corners - 1, 0), *looks])),)


def _impossible_among(track: Track, plan: Plan, steps: NDArray[np.int64], below: float | None) -> int | None:
    """The place of the first impossible value among these steps."""
    found = track_factors(track, plan, steps)
    wrong = ~np.isfinite(found) | (found < 0)
    if below is not None:
        wrong |= track.base * found >= below
    return int(wrong.argmax()) if wrong.any() else None


def _evenly(first: int, last: int, most: int) -> NDArray[np.int64]:
    """All steps from `first` to `last`, or about `most` of them."""
    if last - first < 2 * most:
        return np.arange(first, last + 1, dtype=np.int64)
    return np.linspace(first, last, most + 1).astype(np.int64)


def looks_at_every_step(track: Track, plan: Plan) -> bool:
    """Whether `first_impossible` passes over no step that could matter."""
    return plan.total_steps < EVERY_STEP and has_formula(track.schedule)


def relative_difference(real: Any, planned: Any, base: float) -> NDArray[np.float64]:
    """|real - planned| over the track's base value; infinite where one of them is not a number.

    Where a value is above its base, it counts over the value: no float can be nearer than its own last digit.
    """
    difference = np.abs(np.asarray(real, np.float64) - planned) / np.maximum(base, np.abs(planned))
    return np.where(np.isfinite(difference), difference, np.inf)
