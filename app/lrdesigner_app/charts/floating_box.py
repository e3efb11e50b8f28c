"""A small box over a chart, such as the values under the pointer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLabel, QWidget

_GAP = 14


class FloatingBox(QLabel):
    """A box that stays inside its parent and lets the mouse through."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self._chart = parent
        self.setObjectName("readout")
        self.setAccessibleName(name)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_beside(self, point: QPoint, text: str, above: bool = False) -> None:
        """Right of the point (and above it), or left of it where there is no room."""
        if text != self.text():
            self.setText(text)
        self.adjustSize()
        room = self._chart.size()
        left = point.x() + _GAP
        if left + self.width() > room.width() - 2:
            left = point.x() - _GAP - self.width()
        top = point.y() - (self.height() + _GAP // 2 if above else self.height() // 2)
        top = min(max(top, 2), room.height() - self.height() - 2)
        self.move(max(left, 2), max(top, 2))
        self.show()
        self.raise_()

    def show_at(self, text: str, place: Callable[[QRect], QPoint]) -> None:
        """Where `place` puts its upper left corner, which is told how large the box is."""
        if text != self.text():
            self.setText(text)
        self.adjustSize()
        self.move(place(self.rect()))
        self.show()
