"""A choice of one among a few things that are shown: a button each where there is room, else one box."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import NarrowCombo, button, calling, exclusive

BESIDE_TEXT_PX = 44
"""Of a box: its padding and its arrow."""


class Choice(QWidget):
    """Tells what the person chooses; `show_chosen` is silent. Whoever lays it out says how much room there is."""

    chosen = Signal(int)

    def __init__(self, name: str, titles: Sequence[str], tips: Sequence[str] = ()) -> None:
        super().__init__()
        told = tips or ("",) * len(titles)
        self.buttons = [button(title, "tab", tip) for title, tip in zip(titles, told, strict=True)]
        self.combo = NarrowCombo(name)
        self.combo.addItems(list(titles))
        self.combo.setFixedWidth(max(map(self.combo.fontMetrics().horizontalAdvance, titles)) + BESIDE_TEXT_PX)
        self.combo.setToolTip(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        for index, made in enumerate(self.buttons):
            row.addWidget(made)
            made.clicked.connect(calling(self._on_chosen, index))
        row.addWidget(self.combo)
        exclusive(self, *self.buttons)
        self.combo.activated.connect(self._on_chosen)
        self.combo.hide()

    def show_chosen(self, index: int) -> None:
        """Mark what is shown now."""
        self.buttons[index].setChecked(True)
        self.combo.setCurrentIndex(index)

    def fit(self, room: int) -> None:
        """Be no wider than so many pixels, as far as that is possible."""
        needed = sum(made.sizeHint().width() + GRID // 2 for made in self.buttons)
        narrow = needed > room
        self.combo.setVisible(narrow)
        for made in self.buttons:
            made.setVisible(not narrow)

    def minimumSizeHint(self) -> QSize:
        """As narrow as it is with the box."""
        return self.combo.minimumSize().expandedTo(self.combo.minimumSizeHint())

    def _on_chosen(self, index: int) -> None:
        self.show_chosen(index)
        self.chosen.emit(index)
