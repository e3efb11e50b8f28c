"""The name of a number field: dragged sideways, it changes the number."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel

from lrdesigner.stepping import Standing
from lrdesigner_app.schedule_editor.number_field import NumberField

SCRUB_HELP = "Drag it sideways to change the value (Shift: finer, Esc: back)"

PIXELS = 8
"""Of a drag that change the first digit by one."""


class ScrubLabel(QLabel):
    """A drag previews, its end is one edit; Esc, the right button and losing the window put back what was there.

    A click goes into the field.
    """

    _from: Standing | None = None  # events come while Qt is still making the label

    def __init__(self, text: str, field: NumberField) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self._field = field
        self._pressed = False
        self._origin = 0.0
        self._fine = False

    @property
    def scrubbing(self) -> bool:
        """Whether a drag goes on."""
        return self._from is not None

    def event(self, event: QEvent) -> bool:
        if self.scrubbing and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # no undo, no other action in the middle of a drag
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._origin = True, event.globalPosition().x()
            event.accept()
        elif self.scrubbing and event.button() == Qt.MouseButton.RightButton:
            self._cancel()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pointer = event.globalPosition().x()
        if self._pressed and not self.scrubbing and abs(pointer - self._origin) >= QApplication.startDragDistance():
            self._begin(pointer)
        if self._from is None:
            return
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if fine != self._fine:  # goes on from here, at the other speed
            self._fine, self._from, self._origin = fine, self._field.standing(), pointer
        notches = int((pointer - self._origin) / PIXELS)
        if not self._field.show_steps(self._from, "tenth" if fine else "digit", notches > 0, abs(notches)):
            self._field.show_steps(self._from, "digit", True, 0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._pressed:
            super().mouseReleaseEvent(event)
        elif self.scrubbing:
            self._field.settle()
            self._end()
        else:
            self._pressed = False
            self._go_into_field()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.scrubbing and event.key() == Qt.Key.Key_Escape:
            self._cancel()
        elif not self.scrubbing:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._cancel()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._cancel()
        super().hideEvent(event)

    def _begin(self, pointer: float) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)  # the keys, of which Esc is one, are its own while it is dragged
        self._field.finish()
        self._from = self._field.standing_at_rest()
        self._origin, self._fine = pointer, False

    def _end(self) -> None:
        self._pressed, self._from = False, None
        if self.hasFocus():
            self._go_into_field()

    def _cancel(self) -> None:
        self._pressed = False
        if self.scrubbing:
            self._field.restore()
            self._end()

    def _go_into_field(self) -> None:
        self._field.setFocus(Qt.FocusReason.MouseFocusReason)
        self._field.selectAll()
