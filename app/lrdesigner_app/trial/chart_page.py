"""What the charts of a trial have in common: a caption above a chart, on the time axis of the planned steps."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.charts import ChartSurface
from lrdesigner_app.charts.framing import Range
from lrdesigner_app.theme import Theme
from lrdesigner_app.widgets import ElidedLabel

_ROOM_FOR_LAST_TICK = 18
"""Pixels; half of a tick's text reaches past the end of the axis."""


class ChartPage(QWidget):
    """A chart with a line of secondary text above it."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._framed: tuple[Range, Range] | None = None
        self.caption = ElidedLabel("secondary")
        self.chart = ChartSurface(theme, name)
        self.chart.setMinimumSize(110, 52)
        self.chart.getPlotItem().layout.setContentsMargins(0, 6, _ROOM_FOR_LAST_TICK, 0)
        self.chart.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.caption)
        column.addWidget(self.chart, 1)

    def show_record(self, record: TrialRecord) -> None:
        """Draw what is new in it."""
        raise NotImplementedError

    def frame(self, x: Range, y: Range) -> None:
        """Show these ranges; nothing is laid out anew where they are those that are shown."""
        if self._framed != (x, y):
            self._framed = x, y
            self.chart.set_ranges(x=x, y=y)


def time_window(record: TrialRecord) -> tuple[float, float]:
    """The planned steps of a trial with a little room on both sides."""
    length = max(record.end_step - record.first_step, 1)
    return record.first_step - 0.02 * length, record.end_step + 0.035 * length
