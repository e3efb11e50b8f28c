"""The points that a plot needs: as many as it has columns, whatever the length of the run.

>>> from lrdesigner.document import Plan, Track
>>> from lrdesigner.tracks import Lane
>>> points = plot_points(Lane(Track()), Plan(100_000, 100), 0, 10_000_000)
>>> len(points.steps) < 2100
True
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrdesigner.curves import lane_values, track_breaks
from lrdesigner.document import Plan
from lrdesigner.schedules.breaks import Points, sorted_once
from lrdesigner.tracks import Lane

COLUMNS = 2000
_FULL = 3
"""Points per column, on average, up to which all of them are drawn."""

_CROWDED = 8
"""Points in a column up to which all of them are drawn."""


@dataclass(frozen=True, slots=True)
class PlotPoints:
    """A line through these shows the curve: between two of them it is smooth, or its extremes are among them."""

    steps: Points
    values: NDArray[np.float64]


def plot_points(lane: Lane, plan: Plan, first: int, last: int, columns: int = COLUMNS) -> PlotPoints:
    """The curve between two steps, both included: every breakpoint and both sides of every jump.

    Where more of these fall into a column than pixels can show, its first, lowest, highest and last stay.
    """
    if last - first < 2 * columns:
        steps = np.arange(first, last + 1, dtype=np.int64)
        return PlotPoints(steps, lane_values(lane, plan, steps))
    edges = np.linspace(first, last, columns + 1).astype(np.int64)
    breaks = track_breaks(lane.track, plan)
    extremes = [_extremes(rows, lane, plan) for rows in breaks.looks(edges)]
    corners = np.concatenate([breaks.corners(edges), _turns_of_freezing(lane, first, last)])
    both_sides = [corners, np.maximum(corners - 1, first)]
    steps = sorted_once(np.concatenate([edges, *both_sides, *extremes, breaks.all_of_rough(edges)]))
    values = lane_values(lane, plan, steps)
    kept = _shown(edges, steps, values) if len(steps) > _FULL * columns else slice(None)
    return PlotPoints(steps[kept], values[kept])


def _extremes(rows: Points, lane: Lane, plan: Plan) -> Points:
    """Of each row of steps the one with the lowest value, and the one with the highest."""
    rows = np.sort(rows, axis=1)  # then all of it is in order, and the parts of a sequence are told apart by slices
    values = lane_values(lane, plan, rows.ravel()).reshape(rows.shape)
    unknown = np.isnan(values)
    lowest = np.where(unknown, np.inf, values).argmin(axis=1)
    highest = np.where(unknown, -np.inf, values).argmax(axis=1)
    each = np.arange(len(rows))
    return np.concatenate([rows[each, lowest], rows[each, highest]])


def _turns_of_freezing(lane: Lane, first: int, last: int) -> Points:
    return np.array([step for stretch in lane.frozen for step in stretch if first <= step <= last], dtype=np.int64)


def _shown(edges: Points, steps: Points, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """All of a column that holds few points, else its first, lowest, highest and last one."""
    column = np.searchsorted(edges, steps, side="right")
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    counts = np.diff(starts, append=len(steps))
    kept = np.repeat(counts <= _CROWDED, counts)
    kept[starts] = True
    kept[starts + counts - 1] = True
    for reduce in (np.fmin, np.fmax):
        extreme = np.repeat(reduce.reduceat(values, starts), counts)
        at = np.flatnonzero(values == extreme)
        first_of_column = np.diff(column[at], prepend=-1) > 0
        kept[at[first_of_column]] = True
    return kept
