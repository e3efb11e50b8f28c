"""The round handle on a curve: always as large in pixels, reached by mouse and by keyboard."""

from __future__ import annotations

from typing import Literal

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

Kind = Literal["handle", "key", "control"]

RADIUS = 5.0
_SMALL = 3.5
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
_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta)
_AXES: dict[Qt.Key, Axis] = {Qt.Key.Key_X: "step", Qt.Key.Key_Y: "value"}


def precision_of(modifiers: Qt.KeyboardModifier) -> Precision:
    """Of a press of an arrow key: Ctrl snaps, Ctrl+Shift is fine."""
    if not modifiers & Qt.KeyboardModifier.ControlModifier:
        return "normal"
    return "fine" if modifiers & Qt.KeyboardModifier.ShiftModifier else "snap"


def axis_key(key: int) -> Axis | None:
    """X is time, Y is value: to which of them a drag keeps."""
    return _AXES.get(Qt.Key(key))


def is_modifier(key: int) -> bool:
    """Whether a key only changes what others mean."""
    return Qt.Key(key) in _MODIFIERS


class HandleItem(QGraphicsObject):
    """Turns mouse and keys into pressed, moved, released, cancelled and nudged; knows no design."""

    pressed = Signal()
    moved = Signal(QPointF, object)
    """How far the pointer moved since the last one, in scene coordinates; the modifiers that are held."""
    released = Signal(object)
    """Let go of, with these modifiers; also the Enter key."""
    cancelled = Signal()
    restricted = Signal(str)
    """While held: keep to this axis, or do so no longer."""
    nudged = Signal(int, str, str)
    """Up or right (+1), down or left (-1); the precision wanted; the axis."""
    removed = Signal()
    """It shall go: the middle button on a key, or the Delete key."""
    doubled = Signal()
    """Two clicks on a control point."""
    attended = Signal(bool)
    """The pointer or the keyboard is on it, or has left it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable)
        self.setAcceptHoverEvents(True)
        self._axes: Axes | None = None
        self.set_axes("value")
        self.setZValue(100)
        self._last: QPointF | None = None
        self._hovered = self._keyed = self._below = False
        self._kind: Kind = "handle"
        self._marked = self._active = False
        self._line, self._fill, self._ring = QColor(), QColor(), QColor()

    @property
    def dragging(self) -> bool:
        """Whether the left button holds it."""
        return self._last is not None

    @property
    def hovered(self) -> bool:
        """Whether the pointer is on it."""
        return self._hovered

    @property
    def marked(self) -> bool:
        """Whether it looks selected."""
        return self._marked

    @property
    def active(self) -> bool:
        """Whether it looks like the one that was selected last."""
        return self._active

    @property
    def kind(self) -> Kind:
        """What it looks and acts like."""
        return self._kind

    def set_colours(self, line: QColor, fill: QColor, ring: QColor) -> None:
        """Outline in the group's colour, filled with the surface; ring: around it when it has the focus."""
        if (line, fill, ring) != (self._line, self._fill, self._ring):
            self._line, self._fill, self._ring = line, fill, ring
            self.update()

    def set_kind(self, kind: Kind, *, marked: bool = False, active: bool = False) -> None:
        """A handle, a key of a curve, or the control point beside one; `marked` and `active`: selected."""
        if (kind, marked, active) != (self._kind, self._marked, self._active):
            self._kind, self._marked, self._active = kind, marked, active
            self.update()

    def set_axes(self, axes: Axes) -> None:
        """Along which axes it can be dragged: the pointer's shape tells."""
        if axes != self._axes:
            self._axes = axes
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
        """A ring in the group's colour (or a sign that it lies below); filled while held or selected.

        A wider ring is around the key that was selected last, and around what the keyboard is on.
        """
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = _SMALL if self._kind == "control" else RADIUS
        if self._keyed or self._active:
            painter.setPen(QPen(self._ring if self._keyed else self._line, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(), radius + 3, radius + 3)
        painter.setPen(QPen(self._line, 1.5 if self._kind == "control" else 2))
        painter.setBrush(self._line if self.dragging or self._hovered or self._marked else self._fill)
        if self._below:
            painter.drawPolygon(_DOWNWARDS)
        else:
            painter.drawEllipse(QPointF(), radius, radius)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Left takes hold; any other button while held lets go and restores; the middle one removes a key."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._keyed = False  # also where the window became active by this press
            self._last = event.scenePos()
            self.update()
            self.pressed.emit()
        elif self.dragging:
            self._cancel()
        elif event.button() == Qt.MouseButton.MiddleButton and self._kind == "key":
            self.removed.emit()
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """While held: how far, and how."""
        if self._last is None:
            return
        by, self._last = event.scenePos() - self._last, event.scenePos()
        if not by.isNull():
            self.moved.emit(by, event.modifiers())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Letting the left button go ends the drag."""
        if self.dragging and event.button() == Qt.MouseButton.LeftButton:
            self.let_go()
            self.released.emit(event.modifiers())

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """On a control point it means something; elsewhere a quick second press is a press."""
        if self._kind == "control" and event.button() == Qt.MouseButton.LeftButton:
            self.doubled.emit()
        else:
            self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step value and time, Enter is a click, Delete removes; during a drag X and Y keep to an axis.

        Any other key during a drag restores.
        """
        key, axis = Qt.Key(event.key()), axis_key(event.key())
        if self.dragging:
            if axis is not None:
                self.restricted.emit(axis)
            elif not is_modifier(key):
                self._cancel()
        elif key in _ARROWS:
            direction, along = _ARROWS[key]
            self._keyed = True
            self.attended.emit(True)
            self.nudged.emit(direction, precision_of(event.modifiers()), along)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._kind == "key":
            self.released.emit(event.modifiers())
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._kind != "handle":
            (self.removed if self._kind == "key" else self.doubled).emit()
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
