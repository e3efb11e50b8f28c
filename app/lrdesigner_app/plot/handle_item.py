"""The round handle on a curve: always as large in pixels, reached by mouse and by keyboard."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QStyleOptionGraphicsItem, QWidget

from lrdesigner.handles import Axes, Axis, Precision
from lrdesigner_app.held_keys import MODIFIERS
from lrdesigner_app.plot.held_item import HeldItem

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
QUIET_KEYS = (*MODIFIERS, Qt.Key.Key_AltGr)
"""Keys that end no drag of a handle."""


def precision_of(modifiers: Qt.KeyboardModifier) -> Precision:
    """Of a press of an arrow key: Ctrl snaps, Ctrl+Shift is fine."""
    if not modifiers & Qt.KeyboardModifier.ControlModifier:
        return "normal"
    return "fine" if modifiers & Qt.KeyboardModifier.ShiftModifier else "snap"


class HandleItem(HeldItem):
    """Is nudged by the arrows; a key of a curve is removed, and clicked by Enter, too. Knows no design."""

    quiet_keys = QUIET_KEYS

    nudged = Signal(int, str, str)
    """Up or right (+1), down or left (-1); the precision wanted; the axis."""
    removed = Signal()
    """It shall go: the middle button on a key, or the Delete key."""
    doubled = Signal()
    """Two clicks on a control point."""

    def __init__(self) -> None:
        super().__init__()
        self._axes: Axes | None = None
        self.set_axes("value")
        self.setZValue(100)
        self._below = False
        self._kind: Kind = "handle"
        self._marked = self._active = False
        self._line, self._fill, self._ring = QColor(), QColor(), QColor()

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
        painter.setBrush(self._line if self.hot or self._marked else self._fill)
        if self._below:
            painter.drawPolygon(_DOWNWARDS)
        else:
            painter.drawEllipse(QPointF(), radius, radius)

    def on_other_button(self, event: QGraphicsSceneMouseEvent) -> bool:
        """The middle one removes a key."""
        removes = event.button() == Qt.MouseButton.MiddleButton and self._kind == "key"
        if removes:
            self.removed.emit()
        return removes

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """On a control point it means something; elsewhere a quick second press is a press."""
        if self._kind == "control" and event.button() == Qt.MouseButton.LeftButton:
            self.doubled.emit()
        else:
            super().mouseDoubleClickEvent(event)

    def on_key(self, key: Qt.Key, event: QKeyEvent) -> bool:
        """Arrows step value and time, Enter is a click, Delete removes."""
        if key in _ARROWS:
            direction, along = _ARROWS[key]
            self._use_by_key()
            self.nudged.emit(direction, precision_of(event.modifiers()), along)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._kind == "key":
            self.released.emit(event.modifiers())
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._kind != "handle":
            (self.removed if self._kind == "key" else self.doubled).emit()
        else:
            return False
        return True
