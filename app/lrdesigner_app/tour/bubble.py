"""The box that tells a hint, and the ring around what it is about."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner_app.theme import GRID, RADIUS, Theme
from lrdesigner_app.widgets import button, label

WIDTH = 300
_GAP = 12


class Ring(QWidget):
    """A line around a part of the window; the mouse goes through it."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("accent"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)


class Bubble(QFrame):
    """Title, text, how far one is, and two buttons; Esc is the first of them, Enter the second."""

    skipped = Signal()
    advanced = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("bubble")
        self.title = label("", "title")
        self.text = label("")
        self.count = label("", "secondary")
        self.skip = button("Skip", "quiet", "End the tour (Esc)")
        self.advance = button("Next", "primary", "The next hint (Enter)")
        self.title.setWordWrap(True)
        self.text.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.count, 1)
        row.addWidget(self.skip)
        row.addWidget(self.advance)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID + 4, 2 * GRID, GRID + 4)
        column.setSpacing(GRID)
        for widget in (self.title, self.text):
            column.addWidget(widget)
        column.addLayout(row)
        self.setFixedWidth(WIDTH)
        self.skip.clicked.connect(lambda: self.skipped.emit())
        self.advance.clicked.connect(lambda: self.advanced.emit())
        self.hide()

    def say(self, title: str, text: str, place: int, number: int) -> None:
        """Another hint: the one at `place`, from 1, of so many."""
        self.title.setText(title)
        self.text.setText(text)
        self.count.setText(f"{place} of {number}")
        self.setAccessibleName(f"Hint {place} of {number}: {title}")
        self.setAccessibleDescription(text)
        self.skip.setVisible(place < number)
        self.advance.setText("Next" if place < number else "Done")
        layout = self.layout()
        assert layout is not None
        self.resize(WIDTH, layout.totalHeightForWidth(WIDTH))

    def put_beside(self, target: QRect, room: QSize) -> None:
        """Right of `target`, or left, below or above it, whichever has room; inside of `room` in any case."""
        width, height = self.width(), self.height()
        middle = target.center().y() - height // 2
        tried = (
            QPoint(target.right() + _GAP, middle),
            QPoint(target.left() - _GAP - width, middle),
            QPoint(target.right() - width, target.bottom() + _GAP),
            QPoint(target.right() - width, target.top() - _GAP - height),
        )
        inside = QRect(0, 0, room.width() - width, room.height() - height).adjusted(GRID, GRID, -GRID, -GRID)
        place = next((at for at in tried if inside.left() <= at.x() <= inside.right()), target.center())
        self.move(
            min(max(place.x(), inside.left()), inside.right()), min(max(place.y(), inside.top()), inside.bottom())
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.skipped.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.advanced.emit()
        else:
            super().keyPressEvent(event)
