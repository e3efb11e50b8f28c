"""On what a trial or a range test trains: data of the program, or a function of the person's own."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from lrdesigner_app.theme import GRID
from lrdesigner_app.trial.fields import checked, combo, line
from lrdesigner_app.trial.typed import function_typed
from lrdesigner_app.trial.words import NO_EVIDENCE

_OWN = ""
_DATA = (
    ("Handwritten digits", "demo"),
    ("Text", "text"),
    ("Synthetic batches", "synthetic"),
    ("Function of mine…", _OWN),
)
_OWN_PX = 170


class DataField(QWidget):
    """A list, and beside it the line for a function where that is chosen."""

    chosen = Signal()
    """Another kind of data was chosen."""
    entered = Signal()
    """Return was pressed in the line for the function."""

    def __init__(self) -> None:
        super().__init__()
        self.combo = combo("Data", _DATA)
        self.combo.setItemData(2, NO_EVIDENCE.capitalize(), Qt.ItemDataRole.ToolTipRole)
        self.own = line("Data function", "FILE.py:FUNCTION that gives a dataset, a loader or batches", _OWN_PX)
        self.own.setPlaceholderText("FILE.py:FUNCTION")
        self.own.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.combo)
        row.addWidget(self.own)
        self.combo.currentIndexChanged.connect(self._on_chosen)
        self.own.returnPressed.connect(self.entered)

    def typed(self) -> str:
        """As in `TrialOptions.data`; raises `UserError` after marking the line when it names no function."""
        return str(self.combo.currentData()) or checked(self.own, function_typed)

    def _on_chosen(self) -> None:
        self.own.setVisible(self.combo.currentData() == _OWN)
        self.chosen.emit()
