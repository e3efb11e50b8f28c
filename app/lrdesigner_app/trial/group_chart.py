"""A chart of something measured for each group now and then: one line per group, in its colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QFont, QGuiApplication

from lrdesigner.document import Group
from lrdesigner.numbers import rate
from lrdesigner.trials.diagnostics_columns import DiagnosticsColumns
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.charts import AxisMap, set_line
from lrdesigner_app.charts.framing import value_range
from lrdesigner_app.theme import SECONDARY_PX, Theme
from lrdesigner_app.trial.chart_page import ChartPage, time_window
from lrdesigner_app.widgets import plain_tip

_POINTS = 20_000
"""Of all lines together."""
_BAND_ALPHA = 26
_ABOVE_BAND = 3.0
_NAMED = 3
"""So many groups are named with their latest value above the chart; of more the tooltip tells."""
_RULE = "usual: 3e-4 to 3e-3, a rule of thumb"
_SHARE_RANGE = (-0.03, 1.06)

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """What such a chart shows: read from the diagnostics for the param groups of a group."""

    title: str
    name: str
    read: Callable[[DiagnosticsColumns, Sequence[str]], Values]
    log: bool = True
    band: tuple[float, float] | None = None


GRADIENT_NORM = Measure(
    "Gradient norm", "Gradient norm by group", lambda found, names: found.norm(names, "gradient_norm")
)
UPDATE_RATIO = Measure(
    "Update / weight",
    "Size of an update over the size of the weights by group",
    DiagnosticsColumns.update_ratio,
    band=(3e-4, 3e-3),
)
NO_GRADIENT = Measure(
    "No gradient",
    "Share of the parameters of each group that get no gradient",
    DiagnosticsColumns.without_gradient,
    log=False,
)


class GroupChart(ChartPage):
    """Shows a measure of one record; told again after each change of it."""

    def __init__(self, theme: Theme, measure: Measure) -> None:
        super().__init__(theme, measure.name)
        self._measure = measure
        self._map = AxisMap(log=measure.log)
        self._lines: list[tuple[Group, Any]] = []
        self._groups: tuple[Group, ...] = ()
        self._band: Any = None
        self._word = pg.TextItem(_RULE, anchor=(1, 1))
        self._word.setFont(_small_font())
        self.chart.set_map(self._map)
        self.chart.show_shares(not measure.log)
        if measure.band:
            low, high = measure.band
            self._band = pg.LinearRegionItem((self._map.y(low), self._map.y(high)), "horizontal", movable=False)
            self._band.setZValue(-10)
            self.chart.view.addItem(self._band, ignoreBounds=True)
            self._word.setZValue(3)
            self.chart.view.addItem(self._word, ignoreBounds=True)
        self._paint()
        theme.changed.connect(self._paint)

    def show_record(self, record: TrialRecord) -> None:
        """Draw what is new in it."""
        if record.design.groups is not self._groups:
            self._begin(record.design.groups)
        found = record.diagnostics
        every = max(len(found.steps) * len(self._lines) // _POINTS, 1)
        curves = [
            self._measure.read(found, [part.name for part in record.parts_of(group.id)]) for group, _ in self._lines
        ]
        for (_, line), values in zip(self._lines, curves, strict=True):
            set_line(line, found.steps.array[::every], self._map.ys(values[::every]))
        self.frame(x=time_window(record), y=self._range(curves))
        if self._measure.band:
            self._word.setPos(time_window(record)[1], self._map.y(self._measure.band[1]))
        self._tell(record, curves)

    def _begin(self, groups: tuple[Group, ...]) -> None:
        for _, line in self._lines:
            self.chart.view.removeItem(line)
        self._groups = groups
        self._lines = [(group, self.chart.line(1)) for group in groups]
        self._paint()

    def _range(self, curves: list[Values]) -> tuple[float, float]:
        if not self._measure.log:
            return _SHARE_RANGE
        room_for_word = [
            np.array([low, _ABOVE_BAND * high]) for low, high in [self._measure.band or (math.nan, math.nan)]
        ]
        return value_range(self._map, [*curves, *room_for_word])

    def _tell(self, record: TrialRecord, curves: list[Values]) -> None:
        """The latest values in words: of a few groups above the chart, of all in the tooltip."""
        latest = [f"{group.name} {self._text(curve)}" for (group, _), curve in zip(self._lines, curves, strict=True)]
        if not len(record.diagnostics.steps):
            told = f"{self._measure.title}: {_nothing_yet(record)}"
        elif len(latest) <= _NAMED:
            told = " · ".join(latest)
        else:
            told = f"{self._measure.title} · {len(latest)} groups"
        self.caption.setText(told)
        self.setToolTip(plain_tip("\n".join([self._measure.name, *latest])))
        self.chart.setAccessibleDescription(", ".join(latest))

    def _text(self, curve: Values) -> str:
        if not curve.size or not np.isfinite(curve[-1]):
            return "?"
        return rate(float(f"{curve[-1]:.2g}")) if self._measure.log else f"{100 * curve[-1]:.3g} %"

    def _paint(self) -> None:
        for group, line in self._lines:
            line.setPen(pg.mkPen(self._theme.group_colour(group.colour), width=1))
        if self._band is not None:
            colour = self._theme.colour("good")
            colour.setAlpha(_BAND_ALPHA)
            self._band.setBrush(pg.mkBrush(colour))
            self._word.setColor(self._theme.colour("secondary"))
            for edge in self._band.lines:
                edge.setPen(pg.mkPen(self._theme.colour("line"), width=1))


def _small_font() -> QFont:
    """The window's font in the size of secondary text."""
    font = QFont(QGuiApplication.font())
    font.setPixelSize(SECONDARY_PX)
    return font


def _nothing_yet(record: TrialRecord) -> str:
    if not record.options.diagnose_every:
        return "this trial measures no groups (Diagnose every is 0)"
    return "comes with the first measurement" if record.running else "this trial has measured none"
