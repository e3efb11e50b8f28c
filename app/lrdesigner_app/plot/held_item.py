"""What can be held with the mouse on the chart, and reached by key, and knows nothing of what it moves."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject, QGraphicsSceneHoverEvent, QGraphicsSceneMouseEvent

from lrdesigner_app.held_keys import AXES, MODIFIERS


class HeldItem(QGraphicsObject):
    """Turns the mouse into pressed, moved, released and cancelled; X and Y while held keep to one axis.

    Another button, any other key and losing the focus end a drag and restore.
    """

    pressed = Signal()
    moved = Signal(QPointF, object)
    """How far the pointer moved since the last one, in scene coordinates; the modifiers that are held."""
    released = Signal(object)
    """Let go of, with these modifiers."""
    cancelled = Signal()
    restricted = Signal(str)
    """While held: keep to this axis ("step" or "value"), or do so no longer."""
    attended = Signal(bool)
    """The pointer or the keyboard is on it, or has left it."""

    quiet_keys: ClassVar[tuple[Qt.Key, ...]] = tuple(MODIFIERS)
    """Keys that end no drag."""

    def __init__(self, parent: QGraphicsItem | None = None) -> None:
        super().__init__(parent)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable)
        self.setAcceptHoverEvents(True)
        self._last: QPointF | None = None
        self._hovered = self._keyed = False
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

    @property
    def hot(self) -> bool:
        """Whether the pointer is on it or holds it."""
        return self._hovered or self.dragging

    def let_go(self) -> None:
        """End a drag without a word; the rest of the mouse's movement means nothing any more."""
        self._last = None
        self.update()

    def on_other_button(self, event: QGraphicsSceneMouseEvent) -> bool:
        """Another button than the left one was pressed while nothing is held; whether that meant something."""
        return False

    def on_held_key(self, key: Qt.Key, event: QKeyEvent) -> None:
        """A key was pressed while it is held."""
        if key in AXES:
            self.restricted.emit(AXES[key])
        elif key not in self.quiet_keys:
            self._cancel()

    def on_key(self, key: Qt.Key, event: QKeyEvent) -> bool:
        """A key was pressed while nothing is held; whether that meant something."""
        return False

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Left takes hold; any other button while held lets go and restores."""
        self.pointer = event.scenePos()
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._keyed = False  # also where the window became active by this press
            self._last = event.scenePos()
            self.update()
            self.pressed.emit()
        elif self.dragging:
            self._cancel()
        elif not self.on_other_button(event):
            event.ignore()

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """A quick second press is a press."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """While held: how far, and how."""
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
            self.released.emit(event.modifiers())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """By whether it is held."""
        key = Qt.Key(event.key())
        if self.dragging:
            self.on_held_key(key, event)
        elif not self.on_key(key, event):
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show what it stands for; reached by the keyboard, also that the keyboard is here."""
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

    def _use_by_key(self) -> None:
        """The keyboard does something with it, so that it is the keyboard's now."""
        self._keyed = True
        self.attended.emit(True)

    def _cancel(self) -> None:
        self.let_go()
        self.cancelled.emit()
