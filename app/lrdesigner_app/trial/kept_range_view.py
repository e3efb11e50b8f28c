"""A range test of the history: its curves and what they suggest."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from lrdesigner.trials.range_result import suggestion_text
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.history_work import KeptRange
from lrdesigner_app.trial.range_chart import RangeChart
from lrdesigner_app.widgets import ElidedLabel


class KeptRangeView(QWidget):
    """Hidden while there is none to show."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.chart = RangeChart(theme)
        self.words = ElidedLabel("secondary")  # one line: the chart needs the height
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setAccessibleName("Result of the kept range test")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.chart, 1)
        column.addWidget(self.words)
        self.setVisible(False)

    def show_range(self, kept: KeptRange) -> None:
        """Draw it."""
        self.chart.show_curves(kept.curves, kept.found)
        self.words.setText("It has too few points for a curve." if kept.found is None else suggestion_text(kept.found))
        self.setVisible(True)
