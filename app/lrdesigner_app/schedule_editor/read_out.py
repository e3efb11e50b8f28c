"""The box that says what a drag on the strip or the lane has come to; it stands over the window, beside the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

_GAP = 8


class ReadOut(QLabel):
    """Above the pointer, inside of the window of its owner; lets the mouse through."""

    def __init__(self, owner: QWidget, name: str) -> None:
        super().__init__(owner)
        self._owner = owner
        self.setObjectName("readout")
        self.setAccessibleName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_over(self, at: QPoint, text: str) -> None:
        """Say something beside a point of the owner."""
        window = self._owner.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self.setText(text)
        self.adjustSize()
        point = self._owner.mapTo(window, QPoint(at.x(), 0)) if window is not self._owner else at
        left = min(max(point.x() - self.width() // 2, 2), max(window.width() - self.width() - 2, 2))
        self.move(left, max(point.y() - self.height() - _GAP, 2))
        self.show()
        self.raise_()
