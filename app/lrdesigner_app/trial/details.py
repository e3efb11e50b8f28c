"""The line that says how a trial ended, with what lies behind a failure on request."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.theme import GRID, Theme
from lrdesigner_app.trial.words import result_text
from lrdesigner_app.widgets import button, label, restyle


class ResultLine(QWidget):
    """One sentence; a failure can be opened and copied."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.text = label("")
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setAccessibleName("Result of the trial")
        self.toggle = button("Details", tip="What the child process said last")
        self.toggle.setCheckable(True)
        self.copy = button("Copy", tip="Copy the message and the details")
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setFont(theme.mono_font())
        self.details.setAccessibleName("Details of the failure")
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.text, 1)
        row.addWidget(self.copy)
        row.addWidget(self.toggle)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.details, 1)
        self.toggle.toggled.connect(self._on_toggled)
        self.copy.clicked.connect(self._on_copy)
        self.show_record(None)

    def show_record(self, record: TrialRecord | None) -> None:
        """Say how it ended; hidden while there is nothing to say."""
        text = "" if record is None else result_text(record)
        details = "" if record is None else record.details
        bad = record is not None and record.state in ("failed", "diverged")
        self.text.setText(text)
        if bool(self.text.property("role") == "bad") != bad:
            self.text.setProperty("role", "bad" if bad else "")
            restyle(self.text)
        if details != self.details.toPlainText():
            self.details.setPlainText(details)
        self.toggle.setVisible(bool(details))
        if not details:
            self.toggle.setChecked(False)
        self._on_toggled(self.toggle.isChecked())
        self.setVisible(bool(text))

    def _on_toggled(self, shown: bool) -> None:
        self.details.setVisible(shown)
        self.copy.setVisible(shown)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.text.text()}\n\n{self.details.toPlainText()}")
