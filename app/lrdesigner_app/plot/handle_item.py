"""The round handle on a curve: always five pixels in radius, reached by mouse and by keyboard."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsObject,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from lrdesigner.handles import Axes, Axis, Precision

RADIUS = 5.0
_REACH = 9.0
_DOWNWARDS = QPolygonF([QPointF(-RADIUS, -RADIUS + 1), QPointF(RADIUS, -RADIUS + 1), QPointF(0, RADIUS - 1)])
_CURSORS: dict[Axes, Qt.CursorShape] = {
    "value": Qt.CursorShape.SizeVerCursor,
    "step": Qt.CursorShape.SizeHorCursor,
    "both": Qt.CursorShape.SizeAllCursor,
}
_ARROWS: dict[Qt.Key, tuple[int, Axis]] = {
    Qt.Key.Key_Up: (1, "value"),
    Qt.Key.Key_Down: (-1, "value"),
    Qt.Key.Key_Right: (1, "step"),
    Qt.Key.Key_Left: (-1, "step"),
}
_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta)


def precision_of(modifiers: Qt.KeyboardModifier) -> Precision:
    """Ctrl snaps, Ctrl+Shift is fine."""
    if not modifiers & Qt.KeyboardModifier.ControlModifier:
        return "normal"
    return "fine" if modifiers & Qt.KeyboardModifier.ShiftModifier else "snap"


class HandleItem(QGraphicsObject):
    """Turns mouse and keys into pressed, moved, released, cancelled and nudged; knows no design."""

    pressed = Signal()
    moved = Signal(QPointF, str, bool)
    """How far the pointer moved since the last one, in scene coordinates; the precision wanted; one axis only."""
    released = Signal()
    cancelled = Signal()
    nudged = Signal(int, str, str)
    """Up or right (+1), down or left (-1); the precision wanted; the axis."""
    attended = Signal(bool)
    """The pointer or the keyboard is on it, or has left it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable)
        self.setAcceptHoverEvents(True)
        self.set_axes("value")
        self.setZValue(100)
        self._last: QPointF | None = None
        self._hovered = self._keyed = self._below = False
        self._line, self._fill, self._ring = QColor(), QColor(), QColor()

    @property
    def dragging(self) -> bool:
        """Whether the left button holds it."""
        return self._last is not None

    @property
    def hovered(self) -> bool:
        """Whether the pointer is on it."""
        return self._hovered

    def set_colours(self, line: QColor, fill: QColor, ring: QColor) -> None:
        """Outline in the group's colour, filled with the surface; ring: around it when it has the focus."""
        self._line, self._fill, self._ring = line, fill, ring
        self.update()

    def set_axes(self, axes: Axes) -> None:
        """Along which axes it can be dragged: the pointer's shape tells."""
        self.setCursor(_CURSORS[axes])

    def set_below(self, below: bool) -> None:
        """Whether its value lies below what is in view; then it points there from the lower edge."""
        if below != self._below:
            self._below = below
            self.update()

    def let_go(self) -> None:
        """End a drag without a word; the rest of the mouse's movement means nothing any more."""
        self._last = None
        self.update()

    def boundingRect(self) -> QRectF:
        """Large enough to be hit."""
        return QRectF(-_REACH, -_REACH, 2 * _REACH, 2 * _REACH)

    def shape(self) -> QPainterPath:
        """A circle around the circle."""
        path = QPainterPath()
        path.addEllipse(self.boundingRect())
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A ring in the group's colour (or a sign that it lies below); filled while held; ringed for the keyboard."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._keyed:
            painter.setPen(QPen(self._ring, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(), RADIUS + 3, RADIUS + 3)
        painter.setPen(QPen(self._line, 2))
        painter.setBrush(self._line if self.dragging or self._hovered else self._fill)
        if self._below:
            painter.drawPolygon(_DOWNWARDS)
        else:
            painter.drawEllipse(QPointF(), RADIUS, RADIUS)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Left takes hold; any other button while held lets go and restores."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._keyed = False  # also where the window became active by this press
            self._last = event.scenePos()
            self.update()
            self.pressed.emit()
        elif self.dragging:
            self._cancel()
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """While held: how far, and how precisely."""
        if self._last is None:
            return
        by, self._last = event.scenePos() - self._last, event.scenePos()
        if not by.isNull():
            shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
            self.moved.emit(by, precision_of(event.modifiers()), shift)

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Letting the left button go ends the drag."""
        if self.dragging and event.button() == Qt.MouseButton.LeftButton:
            self.let_go()
            self.released.emit()

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """A quick second press is a press."""
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc restores; the arrows step value and time; any other key during a drag restores too."""
        key = Qt.Key(event.key())
        if self.dragging:
            if key not in _MODIFIERS:
                self._cancel()
        elif key in _ARROWS:
            direction, axis = _ARROWS[key]
            self._keyed = True
            self.attended.emit(True)
            self.nudged.emit(direction, precision_of(event.modifiers()), axis)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show what it drives; reached by the keyboard, also the ring."""
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
        """Fill it."""
        self._hovered = True
        self.update()
        self.attended.emit(True)

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Empty it."""
        self._hovered = False
        self.update()
        self.attended.emit(self._keyed)

    def _cancel(self) -> None:
        self.let_go()
        self.cancelled.emit()
