"""The bar at the bottom that shows notices, and what is going on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QSizePolicy, QVBoxLayout

from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label, restyle

STAYS_MS = 8000
SHOWN_AFTER_MS = 300


class NoticeBar(QFrame):
    """One notice at a time; it goes by itself, unless it is to stay until dismissed or replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.text = label("")
        self.action = button("")
        self.more = button("Details", "quiet")
        self.dismiss = button("Dismiss", "quiet")
        self.details = QPlainTextEdit(readOnly=True)
        self._act: Callable[[], object] | None = None
        self._timer = QTimer(self, singleShot=True, interval=STAYS_MS)
        self._build()
        self._timer.timeout.connect(self.hide)
        self.action.clicked.connect(self._do_action)
        self.more.clicked.connect(lambda: self.details.setVisible(not self.details.isVisible()))
        self.dismiss.clicked.connect(self.hide)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        """Replace what is shown."""
        self.text.setText(notice.text)
        self.text.setProperty("role", "" if notice.tone == "plain" else notice.tone)
        restyle(self.text)
        self._act = notice.action[1] if notice.action else None
        self.action.setText(notice.action[0] if notice.action else "")
        self.action.setVisible(notice.action is not None)
        self.details.setPlainText(notice.details)
        self.details.hide()
        self.more.setVisible(bool(notice.details))
        self.show()
        self._timer.stop()
        if notice.tone != "bad" and not notice.stays:
            self._timer.start()

    def _do_action(self) -> None:
        act, self._act = self._act, None
        self.hide()
        if act is not None:
            act()

    def _build(self) -> None:
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.details.setMaximumHeight(180)
        self.details.setAccessibleName("Details of the notice")
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for widget in (self.text, self.action, self.more, self.dismiss):
            row.addWidget(widget, 1 if widget is self.text else 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID + 4, GRID // 2, GRID, GRID // 2)
        column.addLayout(row)
        column.addWidget(self.details)


class BusyBar(QFrame):
    """Says what is being done, once it takes longer than a moment, with a way to cancel it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._text: QLabel = label("")
        self._bar = QProgressBar(maximum=0)
        self._bar.setFixedWidth(120)
        self.cancel = button("Cancel")
        self._cancel: Callable[[], object] | None = None
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._timer.timeout.connect(self.show)
        self.cancel.clicked.connect(self._do_cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID + 4, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self._text, 1)
        row.addWidget(self._bar)
        row.addWidget(self.cancel)
        self.hide()

    def begin(self, text: str, cancel: Callable[[], object]) -> None:
        """Show this soon, unless `end` comes first."""
        self._text.setText(text)
        self._cancel = cancel
        self.cancel.show()
        self._timer.start()

    def show_now(self, text: str) -> None:
        """Show this at once, for what keeps the window from painting until it is done and so cannot be cancelled."""
        self._timer.stop()
        self._text.setText(text)
        self.cancel.hide()
        self.show()
        self.window().repaint()

    def end(self) -> None:
        """It is done."""
        self._timer.stop()
        self._cancel = None
        self.hide()

    def _do_cancel(self) -> None:
        if self._cancel is not None:
            self._cancel()
