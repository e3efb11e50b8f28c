"""The curves of all groups: kept from change to change, evaluated again only where something is another."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from lrdesigner.document import Design, Group, Plan
from lrdesigner.membership import membership
from lrdesigner.param_groups import steering
from lrdesigner.schedules import depends_on_base
from lrdesigner_app.charts import AxisMap, ChartSurface, set_line
from lrdesigner_app.charts.fan_item import FanItem
from lrdesigner_app.charts.simplify import kept_points
from lrdesigner_app.plot.lines import Lines, lines_of
from lrdesigner_app.plot.views import Drawn, View
from lrdesigner_app.theme import Theme

POINTS = 1000
_DIM = 0.75

_FAN_TOLERANCE_PX = 0.5

Window = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Near:
    """What passes near the pointer: the curve of a group, or one of its fan, known by the layer: `layer3`."""

    group: int
    part: str = ""


@dataclass(slots=True)
class Curve:
    """One group's curve: its data, and the items that draw it and the fan of its layers."""

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
    lines: Lines | None = None
    fan: FanItem | None = None
    tolerance: float = 0.0

    def evaluate(self, lines: Lines, plan: Plan, window: Window) -> bool:
        """Compute the points anew if they are of another source, plan or detail; True when they were."""
        same_fan, self.lines = lines == self.lines, lines
        if not same_fan:
            self.axis_map = None
        source = lines.source
        if source == self.source and plan is self.plan and window == self.window:
            return False
        whole = source.points(plan, 0, plan.total_steps, POINTS)
        self.steps, self.values = whole.steps, whole.values
        if window is not None:
            self.steps = np.union1d(whole.steps, source.points(plan, *window, POINTS).steps)
            self.values = source.values(plan, self.steps)
        self.source, self.plan, self.window, self.axis_map = source, plan, window, None
        return True

    def draw(self, axis_map: AxisMap, tolerance: float) -> None:
        """Hand the points to the items, if they do not have them yet. `tolerance`: of the fan, in view coordinates."""
        if axis_map == self.axis_map and (self.fan is None or tolerance == self.tolerance):
            return
        if axis_map != self.axis_map:
            self.axis_map, self.xs, self.ys = axis_map, axis_map.xs(self.steps), axis_map.ys(self.values)
            self.drawn = set_line(self.item, self.xs, self.ys)
        self.tolerance = tolerance
        if self.fan is not None and self.lines is not None and self.plan is not None:
            self._draw_fan(self.fan, self.lines, self.plan, axis_map)

    def _draw_fan(self, fan: FanItem, lines: Lines, plan: Plan, axis_map: AxisMap) -> None:
        """The layers have the group's shape, so its values are scaled, unless the shape itself knows the base."""
        if any(depends_on_base(lane.track.schedule) for lane in lines.source.lanes):
            rows = [lines.scaled(scale).values(plan, self.steps) for scale in lines.scales]
            fan.set_lines(self.xs, axis_map.ys(np.array(rows)))
            return
        kept = kept_points(self.xs, self.ys, self.tolerance)
        fan.set_lines(self.xs[kept], axis_map.ys(np.outer(lines.scales, self.values[kept])))

    def lowest_peak(self) -> float:
        """The highest value of the faintest line of the fan; infinite without a fan."""
        if self.lines is None or not self.lines.scales:
            return math.inf
        finite = self.values[np.isfinite(self.values)]
        return float(finite.max()) * min(self.lines.scales) if finite.size else math.inf


class CurveSet:
    """All curves of one view of a design on one chart. `evaluations` counts how often a curve was computed."""

    def __init__(self, chart: ChartSurface, theme: Theme) -> None:
        self._chart, self._theme = chart, theme
        self._curves: dict[int, Curve] = {}
        self.evaluations = 0

    def show(self, design: Design, view: View, axis_map: AxisMap, window: Window) -> None:
        """Bring every curve up to date and drop those of groups that are gone, or have none in this view."""
        drawn = {group.id: lines for group in design.groups if (lines := lines_of(design, group, view))}
        for gone in [group_id for group_id in self._curves if group_id not in drawn]:
            curve = self._curves.pop(gone)
            self._chart.view.removeItem(curve.item)
            self._let_fan(curve, wanted=False)
        tolerance = self._tolerance()
        for group_id, lines in drawn.items():
            found = self._curves.get(group_id)
            if found is None:
                found = self._curves[group_id] = Curve(self._chart.line())
            self.evaluations += found.evaluate(lines, design.plan, window)
            self._let_fan(found, wanted=bool(lines.scales))
            found.draw(axis_map, tolerance)

    def _let_fan(self, curve: Curve, *, wanted: bool) -> None:
        """Give a curve the item of a fan, or take it away."""
        if wanted and curve.fan is None:
            curve.fan, curve.axis_map, curve.look = FanItem(), None, ()
            self._chart.view.addItem(curve.fan, ignoreBounds=True)
        elif not wanted and curve.fan is not None:
            self._chart.view.removeItem(curve.fan)
            curve.fan = None

    def _tolerance(self) -> float:
        """How far a line of a fan may be off, in view coordinates: in powers of two, so that few zooms draw anew."""
        height = self._chart.view.viewPixelSize()[1]
        return float(2.0 ** math.floor(math.log2(_FAN_TOLERANCE_PX * height))) if height > 0 else 0.0

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
            if curve.fan is not None:
                curve.fan.set_look(self._theme.group_colour(group.colour), style)
                curve.fan.setZValue(49 if chosen else 9 + order / 100)

    def values(self) -> list[NDArray[np.float64]]:
        """The values of every curve, for framing."""
        return [curve.values for curve in self._curves.values()]

    def drawn(self, group: int) -> bool:
        """Whether anything of a group's curve can be seen on this axis; True where there is none to see."""
        return group not in self._curves or self._curves[group].drawn

    def lowest_peak(self) -> float:
        """Of all fans the peak of the lowest line, for framing; infinite where there is no fan."""
        return min((curve.lowest_peak() for curve in self._curves.values()), default=math.inf)

    def nearest(self, at: QPointF, pixel: tuple[float, float], reach: float) -> Near | None:
        """What passes within `reach` pixels of a point in view coordinates, the nearest first."""
        best: tuple[float, Near] | None = None
        for group, curve in self._curves.items():
            distance = float(_distances(curve.xs, curve.ys[np.newaxis], at, pixel, reach)[0])
            if distance <= reach and (best is None or distance < best[0]):
                best = distance, Near(group)
            if curve.fan is None or curve.lines is None:
                continue
            found = _distances(curve.fan.xs, curve.fan.ys, at, pixel, reach)
            row = int(found.argmin())
            if found[row] <= reach and (best is None or found[row] < best[0]):
                best = float(found[row]), Near(group, curve.lines.names[row])
        return best[1] if best else None


def trains_nothing(design: Design, group: Group) -> bool:
    """Whether a group of an opened model has no trainable parameter."""
    return bool(design.model.inventory.parameters) and not membership(design).amount(group.id).trainable_tensors


def _distances(
    xs: NDArray[np.float64], ys: NDArray[np.float64], at: QPointF, pixel: tuple[float, float], reach: float
) -> NDArray[np.float64]:
    """Distance in pixels from a point to each line, a row of `ys`, through the points around it."""
    low = max(int(np.searchsorted(xs, at.x() - reach * pixel[0])) - 1, 0)
    high = int(np.searchsorted(xs, at.x() + reach * pixel[0])) + 1
    x = (xs[low : high + 1] - at.x()) / pixel[0]
    y = (ys[:, low : high + 1] - at.y()) / pixel[1]
    if x.size < 2:
        return np.full(len(ys), np.inf)
    dx, dy = np.diff(x), np.diff(y, axis=1)
    along = np.clip(-(x[:-1] * dx + y[:, :-1] * dy) / np.maximum(dx * dx + dy * dy, 1e-300), 0.0, 1.0)
    distances = np.hypot(x[:-1] + along * dx, y[:, :-1] + along * dy)
    nearest: NDArray[np.float64] = np.where(np.isfinite(distances), distances, np.inf).min(axis=1)
    return nearest
