"""What of the selected curve "frame the selection" is about: selected keys, else a segment, else all of the curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrdesigner.schedules import Sequence
from lrdesigner_app.charts import AxisMap
from lrdesigner_app.charts.framing import Range
from lrdesigner_app.plot.seen_keys import taken_points
from lrdesigner_app.plot.views import View, drawn_of, slot_of
from lrdesigner_app.workspace import Workspace

_POINTS = 500
_MARGIN = 0.1
_MOST_DECADES = 4.0
_LEAST_DECADES, _LEAST_SHARE = 0.1, 0.1
_LEAST_STEPS = 4.0


@dataclass(frozen=True, slots=True)
class Framed:
    """A stretch of the run, first and last step, and the values in it."""

    first: float
    last: float
    values: NDArray[np.float64]


def selection_of(workspace: Workspace, view: View) -> Framed | None:
    """What is selected of the selected group in this view; None where the group has no such curve."""
    plan, drawn = workspace.design.plan, drawn_of(workspace.selected_group, view, workspace.design.plan)
    if drawn is None:
        return None
    same_track = slot_of(view) == workspace.selected_slot
    keys = workspace.keys.curve if same_track else None
    if keys is not None and workspace.keys.indices:
        chosen = [point for point in taken_points(workspace, keys) if point.index in workspace.keys.indices]
        if chosen:
            steps = [point.step for point in chosen]
            return Framed(min(steps), max(steps), np.array([point.value for point in chosen]))
    first, last = 0, plan.total_steps
    segments = workspace.segments
    if same_track and isinstance(segments.schedule, Sequence) and not segments.whole:
        first, last = segments.row.stretch(segments.row_index)
    return Framed(first, last, drawn.points(plan, first, max(last, first + 1), _POINTS).values)


def ranges_of(framed: Framed, axis_map: AxisMap) -> tuple[Range, Range | None]:
    """The ranges of view coordinates that show it, with some room around; None: nothing of it can be drawn."""
    width = max(framed.last - framed.first, _LEAST_STEPS)
    middle = (framed.first + framed.last) / 2
    half = width * (0.5 + _MARGIN)
    x = axis_map.x(middle - half), axis_map.x(middle + half)
    ys = axis_map.ys(framed.values)
    ys = ys[np.isfinite(ys)]
    if not ys.size:
        return x, None
    low, high = float(ys.min()), float(ys.max())
    least = _LEAST_DECADES if axis_map.log else _LEAST_SHARE * max(abs(low), abs(high), 1e-12)
    if axis_map.log:
        low = max(low, high - _MOST_DECADES)
    height = max(high - low, least)
    middle = (low + high) / 2
    assert math.isfinite(height)
    return x, (middle - height * (0.5 + _MARGIN), middle + height * (0.5 + _MARGIN))
