"""The line of a boundary between two segments: as high as the plot, dragged anywhere along it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lrdesigner_app.held_keys import AXES, MODIFIERS
from lrdesigner_app.plot.held_item import HeldItem

REACH = 4.0

_ARROWS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}


class BoundaryItem(HeldItem):
    """Moves in time alone; modifiers act at once. Handles lie above it."""

    nudged = Signal(int, object)
    """Later (+1) or earlier (-1); the modifier keys."""

    def __init__(self, parent: QGraphicsItem) -> None:
        self._height = 0.0  # asked for by the scene as soon as there is a parent
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setZValue(50)
        self._line, self._accent = QColor(), QColor()

    def set_look(self, height: float, line: QColor, accent: QColor) -> None:
        """How high the plot is, and the colours: at rest, and while it is meant."""
        if height != self._height:
            self.prepareGeometryChange()
            self._height = height
        self._line, self._accent = line, accent
        self.update()

    def boundingRect(self) -> QRectF:
        """As wide as it can be hit."""
        return QRectF(-REACH, 0, 2 * REACH, self._height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A quiet dotted line; a firm one while it is meant."""
        meant = self.hot or self._keyed
        pen = QPen(self._accent, 2) if meant else QPen(self._line, 1, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawLine(QPointF(0, 0), QPointF(0, self._height))

    def on_held_key(self, key: Qt.Key, event: QKeyEvent) -> None:
        """Modifiers act at once; the keys of axes mean nothing, since there is but one; any other key restores."""
        if key in MODIFIERS:
            self.moved.emit(QPointF(), event.modifiers() | MODIFIERS[key])
        elif key not in AXES:
            self._cancel()

    def on_key(self, key: Qt.Key, event: QKeyEvent) -> bool:
        """The arrows move it."""
        if key not in _ARROWS:
            return False
        self._use_by_key()
        self.nudged.emit(_ARROWS[key], event.modifiers())
        return True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A modifier that is let go acts at once too."""
        key = Qt.Key(event.key())
        if self.dragging and key in MODIFIERS:
            self.moved.emit(QPointF(), event.modifiers() & ~MODIFIERS[key])
        else:
            event.ignore()
