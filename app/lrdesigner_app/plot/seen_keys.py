"""The keys of the shown track as they lie on the chart: which can be taken, and at which pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QPointF

from lrdesigner.schedule_edits import Path
from lrdesigner.schedules import Keyframes, children_of
from lrdesigner.track_keys import KeyPoint, TrackKeys
from lrdesigner.tracks import Slot, frozen_stretches, slots_of
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.workspace import Workspace

_ABOVE_EDGE_PX = 7.0
"""Where a handle is drawn whose value lies below what is in view."""


def key_curves(workspace: Workspace, slot: Slot | None) -> list[TrackKeys]:
    """Every curve drawn by hand of the selected group's track, the edited one first; none where it cannot be taken."""
    group = workspace.selected_group
    if slot != workspace.selected_slot or slot not in slots_of(group) or not workspace.display.look.takes(group.id):
        return []
    edited = workspace.keys.path
    paths = sorted(_paths(workspace.segments.schedule, ()), key=lambda path: path != edited)
    return [workspace.segments.keys_at(path) for path in paths]


def taken_points(workspace: Workspace, keys: TrackKeys) -> list[KeyPoint]:
    """The keys that can be taken with the mouse: within the run, and not while their group is frozen."""
    frozen = frozen_stretches(keys.group.freeze, keys.plan) if keys.slot == "lr" else ()
    return [
        point
        for point in keys.points
        if 0 <= point.step <= keys.plan.total_steps and not any(a <= point.step < b for a, b in frozen)
    ]


def pixel_of(point: KeyPoint, axis_map: AxisMap, chart: ChartSurface) -> QPointF | None:
    """Where a key is drawn, in pixels of the view; on its lower edge what a log axis cannot show; else None."""
    bottom = chart.view.viewRange()[1][0]
    y = axis_map.y(point.value)
    below = axis_map.log and math.isfinite(point.value) and not y >= bottom
    if not below and not math.isfinite(y):
        return None
    at: QPointF = chart.view.mapFromView(QPointF(axis_map.x(point.step), bottom if below else y))
    return at - QPointF(0, _ABOVE_EDGE_PX) if below else at


def _paths(node: Any, path: Path) -> Iterator[Path]:
    if isinstance(node, Keyframes):
        yield path
    for index, child in enumerate(children_of(node)):
        yield from _paths(child, (*path, index))
