"""The two charts of a trial, side by side on one time axis: loss, and the measured lr on the planned one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from lrdesigner.plot_points import plot_points
from lrdesigner.tracks import lane_of
from lrdesigner_app.charts import AxisMap, ChartSurface, set_line
from lrdesigner_app.charts.framing import time_range, value_range
from lrdesigner_app.theme import GRID, Theme
from lrdesigner_app.trial.record import TrialRecord
from lrdesigner_app.trial.words import deviation_details, deviation_text, off_plan
from lrdesigner_app.widgets import label, plain_tip, restyle

_DOTS = 48
_LOSS_POINTS = 4000
_DOT_PX = 5
_RAW_ALPHA = 70
_SPREAD_FOR_LOG = 20.0


class TrialCharts(QWidget):
    """Shows one record; told again after each change of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._record: TrialRecord | None = None
        self._planned: list[Any] = []
        self._measured: dict[str, Any] = {}
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
        for name, dots in self._measured.items():
            dots.setData(*self._dots(record, name))
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
            chart.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
            grid.addWidget(chart, 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)

    def _begin(self, record: TrialRecord) -> None:
        """Draw the plan of another trial."""
        self._record = record
        for item in (*self._planned, *self._measured.values()):
            self.lr_chart.view.removeItem(item)
        self._planned, self._measured = [], {}
        plan = record.design.plan
        points = {
            g.id: plot_points(lane_of(g, "lr", plan), plan, 0, record.total_steps, 500) for g in record.design.groups
        }
        values = [curve.values for curve in points.values()]
        self._map = AxisMap(log=_far_apart(values))
        self.lr_chart.set_map(self._map)
        for group in record.design.groups:
            line = self.lr_chart.line(1)
            set_line(line, self._map.xs(points[group.id].steps), self._map.ys(points[group.id].values))
            self._planned.append(line)
            dots = pg.ScatterPlotItem(size=_DOT_PX, pxMode=True)
            dots.setZValue(2)
            self.lr_chart.view.addItem(dots, ignoreBounds=True)
            self._measured[group.name] = dots
        x = time_range(self._map, record.total_steps)
        self.loss_chart.set_ranges(x=x)
        self.lr_chart.set_ranges(x=x, y=value_range(self._map, values))
        self._paint(record)

    def _paint(self, record: TrialRecord) -> None:
        """Pens and brushes in the theme's colours."""
        text = self._theme.colour("accent")
        faint = self._theme.colour("accent")
        faint.setAlpha(_RAW_ALPHA)
        self._raw.setPen(pg.mkPen(faint, width=1))
        self._smooth.setPen(pg.mkPen(text, width=1.5))
        for line, group in zip(self._planned, record.design.groups, strict=True):
            colour = self._theme.group_colour(group.colour)
            line.setPen(pg.mkPen(colour, width=1))
            dots = self._measured[group.name]
            dots.setPen(pg.mkPen(self._theme.colour("surface"), width=1))
            dots.setBrush(pg.mkBrush(colour))

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

    def _dots(self, record: TrialRecord, name: str) -> tuple[Any, Any]:
        """A steady choice of the measured points: doubling the distance as they grow, so that none jumps about."""
        column = record.rates.get(name)
        if column is None or not len(column):
            return [], []
        every = 1
        while len(column) > _DOTS * every:
            every *= 2
        xs, ys = self._map.xs(record.steps.array[::every]), self._map.ys(column.array[::every])
        seen = np.isfinite(ys)
        return xs[seen], ys[seen]


def _far_apart(values: list[Any]) -> bool:
    """Whether the peaks of the groups are too different for one linear axis."""
    peaks = [float(found.max()) for curve in values if (found := curve[np.isfinite(curve) & (curve > 0)]).size]
    return bool(peaks) and max(peaks) > _SPREAD_FOR_LOG * min(peaks)
