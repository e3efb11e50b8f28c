"""The losses of several trials over each other."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Protocol

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from lrdesigner.trials.growing import Growing
from lrdesigner_app.charts import AxisMap, ChartSurface, set_line
from lrdesigner_app.charts.framing import time_range, value_range
from lrdesigner_app.charts.simplify import extreme_points
from lrdesigner_app.theme import Theme
from lrdesigner_app.widgets import label, plain_tip

_LEAST = (160, 60)
_POINTS = 2000
"""Of each line: more than a chart has pixels across."""
_MOST_CHARACTERS = 26
"""Of a name in the legend; the tooltip has all of it."""


class Compared(Protocol):
    """A trial of this window, or one that was read."""

    @property
    def steps(self) -> Growing: ...

    @property
    def smoothed(self) -> Growing: ...

    @property
    def end_step(self) -> int: ...


class ComparedLosses(QWidget):
    """Smoothed losses, each in a colour that its name has too; hidden for fewer than two trials."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.chart = ChartSurface(theme, "Losses of the selected trials")
        self.chart.setMinimumSize(*_LEAST)
        self.chart.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.legend = label("", "secondary")
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self._lines: list[pg.PlotDataItem] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.legend)
        column.addWidget(self.chart, 1)
        self.setVisible(False)

    def show_records(self, records: Sequence[Compared], names: Sequence[str] = (), colours: Sequence[int] = ()) -> None:
        """Draw these, called by their names; the colours are theirs whatever their order is."""
        self.setVisible(len(records) > 1)
        for line in self._lines:
            self.chart.view.removeItem(line)
        self._lines = []
        if len(records) < 2:
            return
        linear = AxisMap()
        told = []
        for number, record in enumerate(records):
            colour = self._theme.group_colour((colours[number] if colours else number) % 12)
            line = self.chart.line(1)
            line.setPen(pg.mkPen(colour, width=1.5))
            drawn = extreme_points(record.smoothed.array, _POINTS)
            set_line(line, linear.xs(record.steps.array[drawn]), linear.ys(record.smoothed.array[drawn]))
            self._lines.append(line)
            last = f"{record.smoothed.array[-1]:.3g}" if len(record.smoothed) else "…"
            name = escape(_shortened(names[number])).replace(" ", "&nbsp;")
            told.append(f'<span style="color:{colour.name()}">●</span>&nbsp;{name}:&nbsp;{last}')
        self.legend.setText(" &nbsp; ".join(told))
        self.legend.setToolTip(plain_tip("\n".join(names)))
        end = max(record.end_step for record in records)
        tops = [float(np.nanmax(r.smoothed.array)) for r in records if np.isfinite(r.smoothed.array).any()]
        self.chart.set_ranges(x=time_range(linear, end), y=value_range(linear, [np.array(tops or [1.0])]))


def _shortened(name: str) -> str:
    return name if len(name) <= _MOST_CHARACTERS else f"{name[: _MOST_CHARACTERS - 1]}…"
