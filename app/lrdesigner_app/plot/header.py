"""The row above the plot: what is drawn at the left, how the axes count at the right."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button


class PlotHeader(QWidget):
    """Exclusive buttons. Only what the person clicks is told; `show_log` and `show_epochs` are silent."""

    log_chosen = Signal(bool)
    epochs_chosen = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.track = button("Learning rate", tip="The learning rate of every group over time")
        self.linear = button("Linear", tip="Values on a linear axis")
        self.log = button("Log", tip="Values on a logarithmic axis")
        self.steps = button("Steps", tip="Time in optimizer steps")
        self.epochs = button("Epochs", tip="Time in passes over the data")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID - 2)
        row.addWidget(self.track)
        row.addStretch(1)
        for made in (self.linear, self.log):
            row.addWidget(made)
        row.addSpacing(GRID)
        for made in (self.steps, self.epochs):
            row.addWidget(made)
        self._exclusive(self.track)
        self._exclusive(self.linear, self.log)
        self._exclusive(self.steps, self.epochs)
        self.linear.clicked.connect(lambda: self.log_chosen.emit(False))
        self.log.clicked.connect(lambda: self.log_chosen.emit(True))
        self.steps.clicked.connect(lambda: self.epochs_chosen.emit(False))
        self.epochs.clicked.connect(lambda: self.epochs_chosen.emit(True))

    def show_log(self, log: bool) -> None:
        """Check the button of this axis."""
        (self.log if log else self.linear).setChecked(True)

    def show_epochs(self, epochs: bool) -> None:
        """Check the button of this axis."""
        (self.epochs if epochs else self.steps).setChecked(True)

    def _exclusive(self, *buttons: QPushButton) -> None:
        group = QButtonGroup(self)
        for made in buttons:
            made.setCheckable(True)
            group.addButton(made)
        buttons[0].setChecked(True)
