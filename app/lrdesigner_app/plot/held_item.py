"""What can be held with the mouse on the chart and knows nothing of what it moves: grips, and the edge of a box."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject, QGraphicsSceneHoverEvent, QGraphicsSceneMouseEvent

_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
_AXES = {Qt.Key.Key_X: "step", Qt.Key.Key_Y: "value"}


class HeldItem(QGraphicsObject):
    """Turns the mouse into pressed, moved, released and cancelled; X and Y while held narrow to one axis."""

    pressed = Signal()
    moved = Signal(QPointF, QPointF, object)
    """How far the pointer moved since the last one, and where it is, in scene coordinates; the modifier keys."""
    released = Signal()
    cancelled = Signal()
    narrowed = Signal(str)
    """"step" or "value": along which axis alone it shall be moved from here on."""
    hovered = Signal(int)
    """The pointer has come (1) or gone (0)."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable)
        self.setAcceptHoverEvents(True)
        self._last: QPointF | None = None
        self._hot = False

    @property
    def dragging(self) -> bool:
        """Whether the left button holds it."""
        return self._last is not None

    @property
    def hot(self) -> bool:
        """Whether the pointer is on it or holds it."""
        return self._hot or self.dragging

    def let_go(self) -> None:
        """End a drag without a word; the rest of the mouse's movement means nothing any more."""
        self._last = None
        self.update()

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Left takes hold; any other button while held lets go and restores."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
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
        """While held: how far, and where."""
        if self._last is None:
            return
        by, self._last = event.scenePos() - self._last, event.scenePos()
        if not by.isNull():
            self.moved.emit(by, event.scenePos(), event.modifiers())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Letting the left button go ends the drag."""
        if self.dragging and event.button() == Qt.MouseButton.LeftButton:
            self.let_go()
            self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """While held: X and Y narrow, Esc and any other key restore."""
        key = Qt.Key(event.key())
        if not self.dragging:
            event.ignore()
        elif key in _AXES:
            self.narrowed.emit(_AXES[key])
        elif key not in _MODIFIERS:
            self._cancel()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Losing the focus during a drag restores."""
        super().focusOutEvent(event)
        if self.dragging:
            self._cancel()

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Show that it can be held."""
        self._hot = True
        self.update()
        self.hovered.emit(1)

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """As before."""
        self._hot = False
        self.update()
        self.hovered.emit(0)

    def _cancel(self) -> None:
        self.let_go()
        self.cancelled.emit()
