"""Which handles are shown where: two of one place that differ in their axes share it, others give way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF

from lrdesigner.control_handles import ControlHandle
from lrdesigner.handles import Axes, Handle
from lrdesigner_app.charts import AxisMap, ChartSurface

NEAR_PX = 10.0
NEAR_KEYS_PX = 7.0
_ABOVE_EDGE_PX = 7.0


@dataclass(frozen=True, slots=True)
class Stack:
    """One or two handles at one place, in pixels of the view; `below`: their value lies beneath what is in view."""

    handles: tuple[Handle, ...]
    at: QPointF
    below: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of its handles."""
        return tuple(handle.name for handle in self.handles)

    @property
    def axes(self) -> Axes:
        """Along which axes something of it can be dragged."""
        found = {handle.axes for handle in self.handles}
        return found.pop() if len(found) == 1 else "both"

    def along(self, axis: str) -> Handle | None:
        """The handle that can be dragged along an axis."""
        return next((handle for handle in self.handles if handle.axes in (axis, "both")), None)


def stacked(
    handles: tuple[Handle, ...],
    axis_map: AxisMap,
    chart: ChartSurface,
    first: str = "",
    rank: Callable[[Handle], int] = lambda handle: 0,
) -> list[Stack]:
    """The stacks in the order in which handles give way: the one named `first` to no other, then by rank and place."""
    order = sorted(handles, key=lambda handle: (handle.name != first, rank(handle)))
    found: list[Stack] = []
    cells: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    for handle in order:
        place = _place(handle, axis_map, chart)
        if place is None:
            continue
        small = handle.key is not None or isinstance(handle, ControlHandle)
        column, row = int(place.at.x() // NEAR_PX), int(place.at.y() // NEAR_PX)
        around = [cells.get((column + i, row + j), ()) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        beside = (pair for cell in around for pair in cell)
        near = min((index for index, other in beside if _near(found[index], place, small and other)), default=None)
        if near is None:
            cells.setdefault((column, row), []).append((len(found), small))
            found.append(place)
        elif handle.name != first and _complements(found[near], handle):
            found[near] = Stack((*found[near].handles, handle), found[near].at, found[near].below)
    return found


def _place(handle: Handle, axis_map: AxisMap, chart: ChartSurface) -> Stack | None:
    """At its point; what a log axis cannot show, or shows further down, sits on the lower edge of the view."""
    (left, right), (bottom, _) = chart.view.viewRange()
    x, y = axis_map.x(handle.step), axis_map.y(handle.value)
    below = axis_map.log and math.isfinite(handle.value) and handle.value >= 0 and not y >= bottom
    if not below and not math.isfinite(y):
        return None
    at = chart.view.mapFromView(QPointF(x, bottom if below else y))
    if below and not left <= x <= right:
        return None
    return Stack((handle,), at - QPointF(0, _ABOVE_EDGE_PX) if below else at, below)


def _complements(stack: Stack, handle: Handle) -> bool:
    return len(stack.handles) == 1 and {stack.axes, handle.axes} == {"step", "value"}


def _near(a: Stack, b: Stack, small: bool) -> bool:
    """Of a curve's keys and control points, which are `small`, more find room."""
    away = a.at - b.at
    return math.hypot(away.x(), away.y()) < (NEAR_KEYS_PX if small else NEAR_PX)
