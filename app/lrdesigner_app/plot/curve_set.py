"""The curves of all groups: kept from change to change, evaluated again only where something is another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from lrdesigner.document import Design, Group, Plan
from lrdesigner.membership import membership
from lrdesigner.param_groups import steering
from lrdesigner_app.charts import AxisMap, ChartSurface, set_line
from lrdesigner_app.plot.views import Drawn, View, drawn_of
from lrdesigner_app.theme import Theme

POINTS = 1000
_DIM = 0.75

Window = tuple[int, int] | None


@dataclass(slots=True)
class Curve:
    """One group's curve: its data, and the item that draws it."""

    item: Any
    source: Drawn | None = None
    plan: Plan | None = None
    window: Window = None
    axis_map: AxisMap | None = None
    steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    xs: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    ys: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    drawn: bool = False
    look: tuple[object, ...] = ()

    def evaluate(self, source: Drawn, plan: Plan, window: Window) -> bool:
        """Compute the points anew if they are of another source, plan or detail; True when they were."""
        if source == self.source and plan is self.plan and window == self.window:
            return False
        whole = source.points(plan, 0, plan.total_steps, POINTS)
        self.steps, self.values = whole.steps, whole.values
        if window is not None:
            self.steps = np.union1d(whole.steps, source.points(plan, *window, POINTS).steps)
            self.values = source.values(plan, self.steps)
        self.source, self.plan, self.window, self.axis_map = source, plan, window, None
        return True

    def draw(self, axis_map: AxisMap) -> None:
        """Hand the points to the item, if it does not have them yet."""
        if axis_map == self.axis_map:
            return
        self.axis_map, self.xs, self.ys = axis_map, axis_map.xs(self.steps), axis_map.ys(self.values)
        self.drawn = set_line(self.item, self.xs, self.ys)


class CurveSet:
    """All curves of one view of a design on one chart. `evaluations` counts how often a curve was computed."""

    def __init__(self, chart: ChartSurface, theme: Theme) -> None:
        self._chart, self._theme = chart, theme
        self._curves: dict[int, Curve] = {}
        self.evaluations = 0

    def show(self, design: Design, view: View, axis_map: AxisMap, window: Window) -> None:
        """Bring every curve up to date and drop those of groups that are gone, or have none in this view."""
        drawn = {group.id: source for group in design.groups if (source := drawn_of(group, view, design.plan))}
        for gone in [group_id for group_id in self._curves if group_id not in drawn]:
            self._chart.view.removeItem(self._curves.pop(gone).item)
        for group_id, source in drawn.items():
            curve = self._curves.get(group_id)
            if curve is None:
                curve = self._curves[group_id] = Curve(self._chart.line())
            self.evaluations += curve.evaluate(source, design.plan, window)
            curve.draw(axis_map)

    def style(self, design: Design, selected: int, view: View, dragging: bool) -> None:
        """Colours and widths: the selected one thick and on top; dashed what a metric steers.

        Groups that train nothing are dashed and dim.
        """
        for order, group in enumerate(design.groups):
            if group.id not in self._curves:
                continue
            curve, chosen = self._curves[group.id], group.id == selected
            idle = trains_nothing(design, group)
            dashed = idle or (view in ("lr", "lr_wd") and steering(group) is not None)
            width = 2 if chosen and not dragging else 1
            colour = self._theme.group_colour(group.colour)
            look = (colour.name(), width, idle, dashed, chosen, order)
            if look == curve.look:
                continue
            curve.look = look
            colour.setAlphaF(_DIM if idle and not chosen else 1.0)
            style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
            curve.item.setPen(pg.mkPen(colour, width=width, style=style))
            curve.item.setZValue(50 if chosen else 10 + order / 100)

    def values(self) -> list[NDArray[np.float64]]:
        """The values of every curve, for framing."""
        return [curve.values for curve in self._curves.values()]

    def drawn(self, group: int) -> bool:
        """Whether anything of a group's curve can be seen on this axis; True where there is none to see."""
        return group not in self._curves or self._curves[group].drawn

    def nearest(self, at: QPointF, pixel: tuple[float, float], reach: float) -> int | None:
        """The group whose curve passes within `reach` pixels of a point in view coordinates."""
        best: tuple[float, int] | None = None
        for group, curve in self._curves.items():
            distance = _distance(curve, at, pixel, reach)
            if distance <= reach and (best is None or distance < best[0]):
                best = distance, group
        return best[1] if best else None


def trains_nothing(design: Design, group: Group) -> bool:
    """Whether a group of an opened model has no trainable parameter."""
    return bool(design.model.inventory.parameters) and not membership(design).trainable(group.id)


def _distance(curve: Curve, at: QPointF, pixel: tuple[float, float], reach: float) -> float:
    """Distance in pixels from a point to the line through the points around it."""
    low = max(int(np.searchsorted(curve.xs, at.x() - reach * pixel[0])) - 1, 0)
    high = int(np.searchsorted(curve.xs, at.x() + reach * pixel[0])) + 1
    x = (curve.xs[low : high + 1] - at.x()) / pixel[0]
    y = (curve.ys[low : high + 1] - at.y()) / pixel[1]
    if x.size < 2:
        return float("inf")
    dx, dy = np.diff(x), np.diff(y)
    along = np.clip(-(x[:-1] * dx + y[:-1] * dy) / np.maximum(dx * dx + dy * dy, 1e-300), 0.0, 1.0)
    distances = np.hypot(x[:-1] + along * dx, y[:-1] + along * dy)
    finite = distances[np.isfinite(distances)]
    return float(finite.min()) if finite.size else float("inf")
