"""The line of a boundary between two segments: as high as the plot, dragged anywhere along it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsObject,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

REACH = 4.0
_AXES = (Qt.Key.Key_X, Qt.Key.Key_Y)
"""Keys that narrow the drag of a handle to one axis; a boundary has but one."""

_ARROWS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
_MODIFIERS = {
    Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
    Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
    Qt.Key.Key_Alt: Qt.KeyboardModifier.AltModifier,
    Qt.Key.Key_Meta: Qt.KeyboardModifier.MetaModifier,
}


class BoundaryItem(QGraphicsObject):
    """Turns mouse and keys into pressed, moved, released, cancelled and nudged. Handles lie above it."""

    pressed = Signal()
    moved = Signal(QPointF, object)
    """How far the pointer moved since the last one, in scene coordinates; the modifier keys that are held."""
    released = Signal()
    cancelled = Signal()
    nudged = Signal(int, object)
    """Later (+1) or earlier (-1); the modifier keys."""
    attended = Signal(bool)
    """The pointer or the keyboard is on it, or has left it."""

    def __init__(self, parent: QGraphicsItem) -> None:
        self._height = 0.0  # asked for by the scene as soon as there is a parent
        super().__init__(parent)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable)
        self.setAcceptHoverEvents(True)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setZValue(50)
        self._last: QPointF | None = None
        self._hovered = self._keyed = False
        self._line, self._accent = QColor(), QColor()
        self.pointer = QPointF()
        """Where the pointer was last, in scene coordinates."""

    @property
    def dragging(self) -> bool:
        """Whether the left button holds it."""
        return self._last is not None

    @property
    def hovered(self) -> bool:
        """Whether the pointer is on it."""
        return self._hovered

    def set_look(self, height: float, line: QColor, accent: QColor) -> None:
        """How high the plot is, and the colours: at rest, and while it is meant."""
        if height != self._height:
            self.prepareGeometryChange()
            self._height = height
        self._line, self._accent = line, accent
        self.update()

    def let_go(self) -> None:
        """End a drag without a word; the rest of the mouse's movement means nothing any more."""
        self._last = None
        self.update()

    def boundingRect(self) -> QRectF:
        """As wide as it can be hit."""
        return QRectF(-REACH, 0, 2 * REACH, self._height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A quiet dotted line; a firm one while it is meant."""
        meant = self.dragging or self._hovered or self._keyed
        pen = QPen(self._accent, 2) if meant else QPen(self._line, 1, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawLine(QPointF(0, 0), QPointF(0, self._height))

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Left takes hold; any other button while held lets go and restores."""
        self.pointer = event.scenePos()
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._keyed = False
            self._last = event.scenePos()
            self.update()
            self.pressed.emit()
        elif self.dragging:
            self._cancel()
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """A quick second press is a press."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """While held: how far."""
        if self._last is None:
            return
        by, self._last = event.scenePos() - self._last, event.scenePos()
        self.pointer = event.scenePos()
        if not by.isNull():
            self.moved.emit(by, event.modifiers())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Letting the left button go ends the drag."""
        if self.dragging and event.button() == Qt.MouseButton.LeftButton:
            self.let_go()
            self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows move it; while held, modifiers act at once and any other key restores."""
        key = Qt.Key(event.key())
        if self.dragging:
            if key in _MODIFIERS:
                self.moved.emit(QPointF(), event.modifiers() | _MODIFIERS[key])
            elif key not in _AXES:
                self._cancel()
        elif key in _ARROWS:
            self._keyed = True
            self.attended.emit(True)
            self.nudged.emit(_ARROWS[key], event.modifiers())
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A modifier that is let go acts at once too."""
        key = Qt.Key(event.key())
        if self.dragging and key in _MODIFIERS:
            self.moved.emit(QPointF(), event.modifiers() & ~_MODIFIERS[key])
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard is here."""
        super().focusInEvent(event)
        self._keyed = event.reason() != Qt.FocusReason.MouseFocusReason
        self.update()
        self.attended.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Losing the focus during a drag restores."""
        super().focusOutEvent(event)
        self._keyed = False
        if self.dragging:
            self._cancel()
        self.update()
        self.attended.emit(self._hovered)

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Stand out."""
        self._hovered = True
        self.pointer = event.scenePos()
        self.update()
        self.attended.emit(True)

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Step back."""
        self._hovered = False
        self.update()
        self.attended.emit(self._keyed)

    def _cancel(self) -> None:
        self.let_go()
        self.cancelled.emit()
