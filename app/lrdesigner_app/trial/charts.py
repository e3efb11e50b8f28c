"""The two charts of a trial, side by side on one time axis: loss, and the measured lr on the planned one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from lrdesigner.curves import lanes_values
from lrdesigner.document import Group
from lrdesigner.plot_points import plot_points
from lrdesigner.tracks import lane_of
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.charts import AxisMap, ChartSurface, set_line
from lrdesigner_app.charts.fan_item import FanItem
from lrdesigner_app.charts.framing import time_range, value_range
from lrdesigner_app.theme import GRID, Theme
from lrdesigner_app.trial.words import deviation_details, deviation_text, off_plan
from lrdesigner_app.widgets import label, plain_tip, restyle

_DOTS = 48
_LOSS_POINTS = 4000
_DOT_PX = 5
_RAW_ALPHA = 70
_SPREAD_FOR_LOG = 20.0


@dataclass(frozen=True, slots=True)
class _Planned:
    """Names of the param groups of a group, and the planned rates at some steps, the highest first."""

    names: tuple[str, ...]
    steps: Any
    values: Any


@dataclass(frozen=True, slots=True)
class _Shown:
    """The items of one group."""

    names: tuple[str, ...]
    line: Any
    fan: FanItem | None
    dots: Any

    @property
    def items(self) -> tuple[Any, ...]:
        return (self.line, self.dots) if self.fan is None else (self.line, self.fan, self.dots)


_ROOM_FOR_LAST_TICK = 18
"""Pixels; half of a tick's text reaches past the end of the axis."""


class TrialCharts(QWidget):
    """Shows one record; told again after each change of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._record: TrialRecord | None = None
        self._shown: list[_Shown] = []
        self._map = AxisMap()
        self.loss_chart = ChartSurface(theme, "Loss of the trial")
        self.lr_chart = ChartSurface(theme, "Measured learning rate over the planned one")
        self.lr_chart.view.setXLink(self.loss_chart.view)
        self._raw, self._smooth = self.loss_chart.line(1), self.loss_chart.line(2)
        self.deviation = label("", "secondary")
        self.deviation.setAccessibleName("Largest difference from the plan")
        self._arrange()
        theme.changed.connect(self._on_theme_changed)

    def show_record(self, record: TrialRecord) -> None:
        """Draw what is new in it."""
        if record is not self._record:
            self._begin(record)
        self._show_loss(record)
        for shown in self._shown:
            shown.dots.setData(*self._dots(record, shown.names))
        self.deviation.setText(deviation_text(record))
        self.deviation.setToolTip(plain_tip(deviation_details(record)))
        role = "bad" if off_plan(record) else "secondary"
        if self.deviation.property("role") != role:
            self.deviation.setProperty("role", role)
            restyle(self.deviation)

    def _arrange(self) -> None:
        self.deviation.setAlignment(Qt.AlignmentFlag.AlignRight)
        caption = QHBoxLayout()
        caption.setSpacing(2 * GRID)
        caption.addWidget(label("Measured lr", "secondary"))
        caption.addWidget(self.deviation, 1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(2)
        grid.addWidget(label("Loss", "secondary"), 0, 0)
        grid.addLayout(caption, 0, 1)
        for column, chart in enumerate((self.loss_chart, self.lr_chart)):
            chart.setMinimumSize(120, 70)
            chart.getPlotItem().layout.setContentsMargins(0, 6, _ROOM_FOR_LAST_TICK, 0)
            chart.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
            grid.addWidget(chart, 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)

    def _begin(self, record: TrialRecord) -> None:
        """Draw the plan of another trial."""
        self._record = record
        for shown in self._shown:
            for item in shown.items:
                self.lr_chart.view.removeItem(item)
        plans = [_planned(record, group) for group in record.design.groups]
        peaks = [plan.values[[0, -1]] for plan in plans]
        self._map = AxisMap(log=_far_apart([row for rows in peaks for row in rows]))
        self.lr_chart.set_map(self._map)
        self._shown = [self._show_plan(plan) for plan in plans]
        x = time_range(self._map, record.end_step)
        self.loss_chart.set_ranges(x=x)
        self.lr_chart.set_ranges(x=x, y=value_range(self._map, [row for rows in peaks for row in rows]))
        self._paint(record)

    def _show_plan(self, plan: _Planned) -> _Shown:
        """Items for a group: the line of its highest rate, a fan for the others, dots for what is measured."""
        line, fan, dots = self.lr_chart.line(1), None, pg.ScatterPlotItem(size=_DOT_PX, pxMode=True)
        xs = self._map.xs(plan.steps)
        set_line(line, xs, self._map.ys(plan.values[0]))
        if len(plan.values) > 1:
            fan = FanItem()
            fan.set_lines(xs, self._map.ys(plan.values[1:]))
            self.lr_chart.view.addItem(fan, ignoreBounds=True)
        dots.setZValue(2)
        self.lr_chart.view.addItem(dots, ignoreBounds=True)
        return _Shown(plan.names, line, fan, dots)

    def _paint(self, record: TrialRecord) -> None:
        """Pens and brushes in the theme's colours."""
        text = self._theme.colour("accent")
        faint = self._theme.colour("accent")
        faint.setAlpha(_RAW_ALPHA)
        self._raw.setPen(pg.mkPen(faint, width=1))
        self._smooth.setPen(pg.mkPen(text, width=1.5))
        for shown, group in zip(self._shown, record.design.groups, strict=True):
            colour = self._theme.group_colour(group.colour)
            shown.line.setPen(pg.mkPen(colour, width=1))
            if shown.fan is not None:
                shown.fan.set_look(colour, Qt.PenStyle.SolidLine)
            shown.dots.setPen(pg.mkPen(self._theme.colour("surface"), width=1))
            shown.dots.setBrush(pg.mkBrush(colour))

    def _on_theme_changed(self) -> None:
        if self._record is not None:
            self._paint(self._record)
            self.show_record(self._record)

    def _show_loss(self, record: TrialRecord) -> None:
        steps, losses, smoothed = record.steps.array, record.losses.array, record.smoothed.array
        finite = losses[np.isfinite(losses)]
        every = max(len(steps) // _LOSS_POINTS, 1)
        linear = AxisMap()
        set_line(self._raw, steps[::every], linear.ys(losses[::every]))
        set_line(self._smooth, steps[::every], linear.ys(smoothed[::every]))
        if finite.size:
            top = float(np.percentile(finite, 99)) * 1.1 + 1e-12
            self.loss_chart.set_ranges(y=value_range(linear, [np.array([top])]))

    def _dots(self, record: TrialRecord, names: tuple[str, ...]) -> tuple[Any, Any]:
        """A steady choice of the measured points: doubling the distance as they grow, so that none jumps about.

        Of many param groups fewer points each.
        """
        columns = [record.rates[name] for name in names if name in record.rates]
        most, every = max(_DOTS // (1 + len(columns) // 4), 6), 1
        while len(record.steps) > most * every:
            every *= 2
        xs, ys = [np.empty(0)], [np.empty(0)]
        for column in columns:
            xs.append(self._map.xs(record.steps.array[::every]))
            ys.append(self._map.ys(column.array[::every]))
        all_xs, all_ys = np.concatenate(xs), np.concatenate(ys)
        seen = np.isfinite(all_ys)
        return all_xs[seen], all_ys[seen]


def _planned(record: TrialRecord, group: Group) -> _Planned:
    """The plan of a group: a row for each rate that its param groups have, the highest first."""
    plan, parts = record.design.plan, record.parts_of(group.id)
    lanes = sorted({lane_of(part.group, "lr", plan) for part in parts}, key=lambda lane: -lane.track.base)
    lanes = lanes or [lane_of(group, "lr", plan)]
    steps = plot_points(lanes[0], plan, record.first_step, record.end_step, 500).steps
    return _Planned(tuple(part.name for part in parts), steps, lanes_values(lanes, plan, steps))


def _far_apart(values: list[Any]) -> bool:
    """Whether the peaks of the groups are too different for one linear axis."""
    peaks = [float(found.max()) for curve in values if (found := curve[np.isfinite(curve) & (curve > 0)]).size]
    return bool(peaks) and max(peaks) > _SPREAD_FOR_LOG * min(peaks)
