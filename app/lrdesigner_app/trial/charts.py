"""The charts of a trial on one time axis: the loss, and beside it what the person chooses."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QStackedWidget, QWidget

from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.theme import GRID, Theme
from lrdesigner_app.trial.chart_page import ChartPage
from lrdesigner_app.trial.group_chart import GRADIENT_NORM, NO_GRADIENT, UPDATE_RATIO, GroupChart
from lrdesigner_app.trial.headroom import Headroom
from lrdesigner_app.trial.loss_chart import LossChart
from lrdesigner_app.trial.rate_chart import RateChart
from lrdesigner_app.widgets import NarrowCombo, button, calling, exclusive

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
        self.buttons = [button(title, "tab", tip) for title, tip, _ in _CHARTS]
        self.combo = NarrowCombo("Chart beside the loss")
        exclusive(self, *self.buttons)
        for index, made in enumerate(self.buttons):
            made.clicked.connect(calling(self.choose, index))
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
        self.buttons[index].setChecked(True)
        self.combo.setCurrentIndex(index)
        self._stack.setCurrentWidget(self._pages[index])
        if self._record is not None:
            self.page.show_record(self._record)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_choice()

    def _show_choice(self) -> None:
        """As buttons, or where they have no room as one list."""
        narrow = self.width() < self._row.sizeHint().width()
        self._row.setVisible(not narrow)
        self.combo.setVisible(narrow)

    @property
    def page(self) -> ChartPage | Headroom:
        """The chart beside the loss."""
        return next(page for page in self._pages.values() if page is self._stack.currentWidget())

    def _arrange(self) -> None:
        for title, _, _ in _CHARTS:
            self.combo.addItem(title)
        self.combo.activated.connect(self.choose)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        for made in self.buttons:
            row.addWidget(made)
        row.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(4)
        grid.addWidget(self._row, 0, 0, 1, 2)
        grid.addWidget(self.combo, 0, 1)
        for column, chart in enumerate((self.loss, self._stack)):
            grid.addWidget(chart, 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)
        self._row.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._show_choice()
