"""The panel under the plot: its tabs, and in their row what they need to say which page is shown and how high."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QWidget

from lrdesigner_app.icons import icon
from lrdesigner_app.theme import GRID
from lrdesigner_app.trial import TrialTab
from lrdesigner_app.widgets import Panel, small_button

_RAISE, _LOWER = "Give the tabs most of the height (Ctrl+4)", "Give the plot its height back (Ctrl+4)"
_HIGH = 0.5
"""From this share of the height on the tabs count as raised."""


class LowerPanel(Panel):
    """Holds the tabs. The pages of the Trial tab are chosen beside the tabs, and a double click raises them all."""

    def __init__(self, tabs: QTabWidget, trial: TrialTab) -> None:
        super().__init__()
        self.body.setContentsMargins(GRID, 2, GRID, GRID)
        self.body.addWidget(tabs)
        self._tabs, self._trial = tabs, trial
        self._before: list[int] = []
        self.height_button = small_button("chevron-up", _RAISE)
        self._corner = QWidget()
        row = QHBoxLayout(self._corner)
        row.setContentsMargins(0, 0, 0, 2)
        row.setSpacing(GRID)
        row.addWidget(trial.choice)
        row.addWidget(self.height_button)
        tabs.setCornerWidget(self._corner, Qt.Corner.TopRightCorner)
        tabs.currentChanged.connect(self._fit)
        tabs.tabBarDoubleClicked.connect(self.raise_or_lower)
        self.height_button.clicked.connect(self.raise_or_lower)
        self._fit()

    def follow(self, splitter: QSplitter) -> None:
        """Tell by the button what dragging the line above the panel does."""
        splitter.splitterMoved.connect(self._show_height)
        QTimer.singleShot(0, self, self._show_height)

    @property
    def raised(self) -> bool:
        """Whether the panel has more than half of the height that it shares with the plot."""
        sizes = self._splitter.sizes()
        return sizes[1] > _HIGH * sum(sizes)

    def raise_or_lower(self) -> None:
        """Take all the height that the plot can spare, or give it back."""
        splitter = self._splitter
        if self.raised:
            whole = sum(splitter.sizes())
            splitter.setSizes(self._before or [round(0.65 * whole), round(0.35 * whole)])
        else:
            self._before = splitter.sizes()
            splitter.setSizes([1, 1_000_000])  # the plot keeps what it needs at least
        self._show_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @property
    def _splitter(self) -> QSplitter:
        splitter = self.parentWidget()
        assert isinstance(splitter, QSplitter)
        return splitter

    def _fit(self) -> None:
        self._trial.choice.setVisible(self._tabs.currentWidget() is self._trial)
        tabs = self._tabs.tabBar().sizeHint().width() + self.height_button.sizeHint().width()
        self._trial.choice.fit(self._tabs.width() - tabs - 3 * GRID)
        self._corner.adjustSize()

    def _show_height(self) -> None:
        raised = self.raised
        self.height_button.setIcon(icon("chevron-down" if raised else "chevron-up", "secondary"))
        self.height_button.setToolTip(_LOWER if raised else _RAISE)
        self.height_button.setAccessibleName(self.height_button.toolTip().partition(" (")[0])
