"""The list of kept trials with the filter above it, and what stands in its place when there is nothing to list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from lrdesigner.trials.history.entries import KeptTrial
from lrdesigner.trials.history.matching import matches
from lrdesigner_app.debounce import Debounce
from lrdesigner_app.theme import GRID
from lrdesigner_app.trial.history_rows import HistoryRows
from lrdesigner_app.widgets import LineEdit, label

NOTHING_KEPT = "No trial was kept yet: run one, and it is here."
NOTHING_OF_IT = "No trial of this design was kept yet: run one, and it is here. “All designs” lists those of others."
_MOST = 300
_FILTER_MS = 120


class FilterLine(LineEdit):
    """Esc clears it; Enter, ↓ and Esc when it is empty lead to the list."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Filter: title, variant, outcome, design")
        self.setAccessibleName("Filter the kept trials")
        self.setToolTip("Each word must be in the title, variant, outcome, kind or design's name; Esc clears")
        self.setClearButtonEnabled(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape if self.text():
                self.clear()
            case Qt.Key.Key_Escape | Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.left.emit()
            case _:
                super().keyPressEvent(event)


class HistoryList(QWidget):
    """Shows of the trials those that fit what is typed."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = FilterLine()
        self.rows = HistoryRows()
        self.empty = label("", "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.more = label("", "secondary")
        self._trials: Sequence[KeptTrial] = ()
        self._nothing = ""
        self._stack = QStackedWidget()
        for made in (self.rows, self.empty):
            self._stack.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for widget in (self.filter, self._stack, self.more):
            column.addWidget(widget)
        self.more.hide()
        self._debounce = Debounce(_FILTER_MS, self._show, self)
        self.filter.textChanged.connect(self._on_typed)
        self.filter.left.connect(self.rows.setFocus)

    def show_trials(self, trials: Sequence[KeptTrial], nothing: str) -> None:
        """List these, the newest first; `nothing` is what is said where there are none."""
        self._trials, self._nothing = trials, nothing
        self._show()

    def _on_typed(self, text: str) -> None:
        if text:
            self._debounce.request()
        else:
            self._show()

    def _show(self) -> None:
        self._debounce.forget()
        text = self.filter.text().strip()
        found = [trial for trial in self._trials if matches(trial, text)]
        self.rows.show_trials(found[:_MOST])
        self.more.setText(f"{len(found) - _MOST:,} older ones are not listed." if len(found) > _MOST else "")
        self.more.setVisible(bool(self.more.text()))
        self.empty.setText(f"Nothing matches “{text}”; Esc in the filter clears it." if self._trials else self._nothing)
        self._stack.setCurrentWidget(self.rows if found else self.empty)
