"""The charts of a trial on one time axis: the loss, and beside it what the person chooses."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QStackedWidget, QWidget

from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.choice import Choice
from lrdesigner_app.theme import GRID, Theme
from lrdesigner_app.trial.chart_page import ChartPage
from lrdesigner_app.trial.group_chart import GRADIENT_NORM, NO_GRADIENT, UPDATE_RATIO, GroupChart
from lrdesigner_app.trial.headroom import Headroom
from lrdesigner_app.trial.loss_chart import LossChart
from lrdesigner_app.trial.rate_chart import RateChart

_CHARTS: tuple[tuple[str, str, Callable[[Theme], ChartPage | Headroom]], ...] = (
    ("Learning rate", "What the optimizer used, on the planned curve", RateChart),
    ("Gradient norm", "How large each group's gradient is", lambda theme: GroupChart(theme, GRADIENT_NORM)),
    (
        "Update / weight",
        "How large an update is, compared with the weights; about 1e-3 is usual",
        lambda theme: GroupChart(theme, UPDATE_RATIO),
    ),
    ("No gradient", "The share of each group that gets no gradient", lambda theme: GroupChart(theme, NO_GRADIENT)),
    ("Headroom", "How much each group's rate may grow before it raises the loss", Headroom),
)

_CAPTION_PX, _LEAST_CAPTION_PX = 150, 110
"""Room that the caption of a chart keeps beside the choice of charts; with less it says nothing that can be read."""


class TrialCharts(QWidget):
    """Shows one record; told again after each change of it. Only what can be seen is drawn."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._record: TrialRecord | None = None
        self.loss, self.rates = LossChart(theme), RateChart(theme)
        self.deviation = self.rates.caption
        self._pages: dict[int, ChartPage | Headroom] = {0: self.rates}
        self._stack = QStackedWidget()
        self._stack.addWidget(self.rates)
        self._captions = QStackedWidget()
        self._captions.addWidget(self.rates.caption)
        self.choice = Choice("Chart beside the loss", [row[0] for row in _CHARTS], [row[1] for row in _CHARTS])
        self.choice.chosen.connect(self.choose)
        self._arrange()

    def show_record(self, record: TrialRecord) -> None:
        """Draw what is new in it."""
        self._record = record
        self.loss.show_record(record)
        self.page.show_record(record)

    def choose(self, index: int) -> None:
        """Show another chart beside the loss, which is built when it is first wanted."""
        if index not in self._pages:
            self._pages[index] = _CHARTS[index][2](self._theme)
            self._stack.addWidget(self._pages[index])
            self._captions.addWidget(self._pages[index].caption)
        self.choice.show_chosen(index)
        self._stack.setCurrentWidget(self._pages[index])
        self._captions.setCurrentWidget(self._pages[index].caption)
        if self._record is not None:
            self.page.show_record(self._record)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        column = (self.width() - 2 * GRID) // 2
        self.choice.fit(column - _CAPTION_PX)
        self._captions.setVisible(column - self.choice.minimumSizeHint().width() > _LEAST_CAPTION_PX)

    @property
    def page(self) -> ChartPage | Headroom:
        """The chart beside the loss."""
        return next(page for page in self._pages.values() if page is self._stack.currentWidget())

    def _arrange(self) -> None:
        heading = QHBoxLayout()
        heading.setSpacing(GRID)
        heading.addWidget(self.choice)
        heading.addWidget(self._captions, 1)
        self._captions.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.loss.caption, 0, 0)
        grid.addLayout(heading, 0, 1)
        for column, chart in enumerate((self.loss, self._stack)):
            grid.addWidget(chart, 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)
