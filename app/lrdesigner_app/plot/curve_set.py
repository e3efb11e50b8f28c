"""The curves of all groups: kept from change to change, evaluated again only where something is another."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF

from lrdesigner.document import Design
from lrdesigner.membership import membership
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.charts.curve_layer import CurveLayer
from lrdesigner_app.charts.framing import Extremes
from lrdesigner_app.curve_display import Look
from lrdesigner_app.plot.curve import POINTS as POINTS
from lrdesigner_app.plot.curve import Curve
from lrdesigner_app.plot.curve import Window as Window
from lrdesigner_app.plot.curve_pens import Role, idle_groups, use_ghost_pen, use_pen
from lrdesigner_app.plot.lines import Lines, lines_of
from lrdesigner_app.plot.near import Near as Near
from lrdesigner_app.plot.near import distances
from lrdesigner_app.plot.views import View
from lrdesigner_app.theme import Theme

_FAN_TOLERANCE_PX = 0.5
_EVERYTHING = Look()


class CurveSet:
    """All curves of one view of a design on one chart. `evaluations` counts how often a curve was computed.

    What changes while something is only tried out is drawn in every frame, above a picture of all others.
    """

    def __init__(self, chart: ChartSurface, theme: Theme) -> None:
        self._chart, self._theme = chart, theme
        self._curves: dict[int, Curve] = {}
        self._ghosts: dict[int, Curve] = {}
        self._peaks: dict[int, float] = {}
        self._moving: set[int] = set()
        self._look, self._map = _EVERYTHING, AxisMap()
        self.layer = CurveLayer(chart.view)
        self.layer.setZValue(10)
        chart.view.addItem(self.layer, ignoreBounds=True)
        self.evaluations = 0

    def show(
        self,
        design: Design,
        view: View,
        axis_map: AxisMap,
        window: Window,
        look: Look = _EVERYTHING,
        settled: bool = True,
    ) -> None:
        """Bring every curve up to date and drop those of groups that are gone, or have none in this view.

        `settled`: nothing is only tried out. Until it is, each curve stays on the scale that it has.
        """
        self._look, self._map = look, axis_map
        changed = self._evaluate(design, view, window)
        self._moving = set() if settled else self._moving | changed
        if settled or not look.normalised:
            self._peaks.clear()
        tolerance = self._tolerance()
        for group, curve in self._curves.items():
            if look.shows(group):
                curve.draw(self.map_of(group), tolerance)
        self._show_ghosts(view, tolerance)

    def map_of(self, group: int) -> AxisMap:
        """Where the values of a group are drawn: each in its own scale while they are normalised."""
        if not self._look.normalised:
            return self._map
        return replace(self._map, peak=self._peak(group))

    def style(self, design: Design, selected: int, view: View, dragging: bool) -> None:
        """Colours and widths, the selected one on top; then everything is on the chart as it should be."""
        order, idle = [group.id for group in design.groups], idle_groups(design)
        for group in design.groups:
            curve = self._curves.get(group.id)
            if curve is not None and self._look.shows(group.id):
                chosen = group.id == selected
                role = Role(view, chosen, chosen and not dragging, group.id in self._look.locked)
                use_pen(curve, group, group.id in idle, self._theme, role)
        shown = [group for group in order if group in self._curves and self._look.shows(group)]
        above = [group for group in shown if group in self._moving and group != selected]
        above += [selected] if selected in shown else []
        resting = [*self._ghosts.values(), *(self._curves[group] for group in shown if group not in above)]
        self.layer.show_curves(
            [drawable for curve in resting for drawable in curve.drawables],
            [drawable for group in above for drawable in self._curves[group].drawables],
        )

    def extremes(self) -> list[Extremes | None]:
        """The extremes of every curve that is shown, for framing; shares of the peak while they are normalised."""
        shown = [group for group in self._curves if self._look.shows(group)]
        if not self._look.normalised:
            return [self._curves[group].extremes for group in shown]
        found = [(self._curves[group].extremes, self._peak(group)) for group in shown]
        return [None if curve is None else curve.over(peak) for curve, peak in found]

    def drawn(self, group: int) -> bool:
        """Whether anything of a group's curve can be seen on this axis; True where there is none to see."""
        return group not in self._curves or not self._look.shows(group) or self._curves[group].drawn

    def lowest_peak(self) -> float:
        """Of all fans the peak of the lowest line, for framing; infinite where there is no fan."""
        found = [(group, curve) for group, curve in self._curves.items() if self._look.shows(group)]
        scales = ((self._peak(group) if self._look.normalised else 1.0, curve) for group, curve in found)
        return min((curve.lowest_peak() / scale for scale, curve in scales), default=math.inf)

    def nearest(self, at: QPointF, pixel: tuple[float, float], reach: float) -> Near | None:
        """What passes within `reach` pixels of a point in view coordinates, the nearest first, and can be taken."""
        best: tuple[float, Near] | None = None
        for group, curve in self._curves.items():
            if not self._look.takes(group):
                continue
            distance = float(distances(curve.xs, curve.ys[np.newaxis], at, pixel, reach)[0])
            if distance <= reach and (best is None or distance < best[0]):
                best = distance, Near(group)
            if curve.fan is None or curve.lines is None:
                continue
            found = distances(curve.fan.xs, curve.fan.ys, at, pixel, reach)
            row = int(found.argmin())
            if found[row] <= reach and (best is None or found[row] < best[0]):
                best = float(found[row]), Near(group, curve.lines.names[row])
        return best[1] if best else None

    def _evaluate(self, design: Design, view: View, window: Window) -> set[int]:
        """The groups whose curve is another now."""
        members, changed = membership(design), set()
        for gone in self._curves.keys() - {group.id for group in design.groups}:
            del self._curves[gone]
        for group in design.groups:
            curve = self._curves.get(group.id)
            known = (group, design.plan, view, members)
            if curve is not None and curve.window == window and _same(curve.known, known):
                continue
            lines = lines_of(design, group, view)
            if lines is None:
                self._curves.pop(group.id, None)
                continue
            curve = self._curves.setdefault(group.id, Curve())
            before, curve.known = curve.lines, known
            if curve.evaluate(lines, design.plan, window):
                self.evaluations += 1
                changed.add(group.id)
            elif lines != before:
                changed.add(group.id)
        return changed

    def _show_ghosts(self, view: View, tolerance: float) -> None:
        """The curves of the earlier state, apart from those that lie beneath a present one."""
        ghost, kept = self._look.ghost, self._ghosts
        self._ghosts = {}
        for group in ghost.groups if ghost is not None else ():
            lines = lines_of(ghost, group, view) if ghost is not None and self._look.shows(group.id) else None
            now = self._curves.get(group.id)
            if ghost is None or lines is None or (now and now.source == lines.source and now.plan == ghost.plan):
                continue
            curve = self._ghosts[group.id] = kept.get(group.id, Curve())
            self.evaluations += curve.evaluate(Lines(lines.source), ghost.plan, now.window if now else None)
            curve.draw(self.map_of(group.id), tolerance)
            use_ghost_pen(curve, group, self._theme)

    def _peak(self, group: int) -> float:
        """What a group's values are shares of: its highest value when nothing was tried out; 1 where it has none."""
        if group not in self._peaks:
            curve = self._curves.get(group)
            peak = curve.peak if curve is not None else math.nan
            self._peaks[group] = peak if peak > 0 else 1.0
        return self._peaks[group]

    def _tolerance(self) -> float:
        """How far a line of a fan may be off, in view coordinates: in powers of two, so that few zooms draw anew."""
        height = self._chart.view.viewPixelSize()[1]
        return float(2.0 ** math.floor(math.log2(_FAN_TOLERANCE_PX * height))) if height > 0 else 0.0


def _same(known: tuple[object, ...], now: tuple[object, ...]) -> bool:
    return len(known) == len(now) and all(before is after for before, after in zip(known, now, strict=True))
