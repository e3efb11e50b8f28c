"""What stands in the tree's place when there are no rows: why, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label


class EmptyPage(QWidget):
    """A sentence, and two buttons where no model is open."""

    model_requested = Signal()
    demo_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message = label("", "secondary")
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.open = button("Open model…", tip="Open a model: code, a checkpoint, or a library's (Ctrl+M)")
        self.demo = button("Open the demo", "quiet", "A small network with two groups, to try things out")
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, 3 * GRID, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(self.message)
        column.addSpacing(GRID)
        for made in (self.open, self.demo):
            column.addWidget(made, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.open.clicked.connect(lambda: self.model_requested.emit())
        self.demo.clicked.connect(lambda: self.demo_requested.emit())

    def say(self, text: str, offering: bool) -> None:
        """Show a sentence; `offering`: and the buttons."""
        self.message.setText(text)
        self.open.setVisible(offering)
        self.demo.setVisible(offering)
