"""The measured learning rates of a trial, as dots on the planned curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from lrdesigner.curves import lanes_values
from lrdesigner.document import Group
from lrdesigner.plot_points import plot_points
from lrdesigner.tracks import lane_of
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.charts import AxisMap, set_line
from lrdesigner_app.charts.fan_item import FanItem
from lrdesigner_app.charts.framing import value_range
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.chart_page import ChartPage, time_window
from lrdesigner_app.trial.words import deviation_details, deviation_text, off_plan
from lrdesigner_app.widgets import plain_tip, restyle

_DOTS = 48
_DOT_PX = 5
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


class RateChart(ChartPage):
    """Shows one record; told again after each change of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Measured learning rate over the planned one")
        self._drawn: tuple[TrialRecord, int] | None = None
        self._shown: list[_Shown] = []
        self._map = AxisMap()
        self.caption.setAccessibleName("Largest difference from the plan")
        theme.changed.connect(self._on_theme_changed)

    def show_record(self, record: TrialRecord) -> None:
        """Draw what is new in it."""
        if self._drawn is None or self._drawn[0] is not record or self._drawn[1] != record.end_step:
            self._begin(record)
        for shown in self._shown:
            shown.dots.setData(*self._dots(record, shown.names))
        self.caption.setText(deviation_text(record))
        self.setToolTip(plain_tip(deviation_details(record)))
        role = "bad" if off_plan(record) else "secondary"
        if self.caption.property("role") != role:
            self.caption.setProperty("role", role)
            restyle(self.caption)

    def _begin(self, record: TrialRecord) -> None:
        """Draw the plan of another trial."""
        self._drawn = record, record.end_step
        for shown in self._shown:
            for item in shown.items:
                self.chart.view.removeItem(item)
        plans = [_planned(record, group) for group in record.design.groups]
        peaks = [plan.values[[0, -1]] for plan in plans]
        self._map = AxisMap(log=_far_apart([row for rows in peaks for row in rows]))
        self.chart.set_map(self._map)
        self._shown = [self._show_plan(plan) for plan in plans]
        y = value_range(self._map, [row for rows in peaks for row in rows])
        self.frame(x=time_window(record), y=y)
        self._paint(record)

    def _show_plan(self, plan: _Planned) -> _Shown:
        """Items for a group: the line of its highest rate, a fan for the others, dots for what is measured."""
        line, fan, dots = self.chart.line(1), None, pg.ScatterPlotItem(size=_DOT_PX, pxMode=True)
        xs = self._map.xs(plan.steps)
        set_line(line, xs, self._map.ys(plan.values[0]))
        if len(plan.values) > 1:
            fan = FanItem()
            fan.set_lines(xs, self._map.ys(plan.values[1:]))
            self.chart.view.addItem(fan, ignoreBounds=True)
        dots.setZValue(2)
        self.chart.view.addItem(dots, ignoreBounds=True)
        return _Shown(plan.names, line, fan, dots)

    def _paint(self, record: TrialRecord) -> None:
        """Pens and brushes in the colours of the groups."""
        for shown, group in zip(self._shown, record.design.groups, strict=True):
            colour = self._theme.group_colour(group.colour)
            shown.line.setPen(pg.mkPen(colour, width=1))
            if shown.fan is not None:
                shown.fan.set_look(colour, Qt.PenStyle.SolidLine)
            shown.dots.setPen(pg.mkPen(self._theme.colour("surface"), width=1))
            shown.dots.setBrush(pg.mkBrush(colour))

    def _on_theme_changed(self) -> None:
        if self._drawn is not None:
            self._paint(self._drawn[0])

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
