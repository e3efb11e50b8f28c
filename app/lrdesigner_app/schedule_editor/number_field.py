"""The field of a number, or of what has one in it: stepped by keys and the wheel, digit by digit, as well as typed."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Literal

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from lrdesigner.errors import UserError
from lrdesigner.schedules import Field
from lrdesigner.stepping import Move, Standing
from lrdesigner_app.schedule_editor.outlet import Outlet
from lrdesigner_app.schedule_editor.texts import bounds_text, next_standing, read, rules_of, written
from lrdesigner_app.schedule_editor.value_fields import TextField

KEYS_HELP = (
    "Up, Down: the digit at the caret, with Shift ten times as much\n"
    "Alt+Up, Alt+Down: twice, half. Page Up, Page Down: ten times, a tenth"
)

_NOTCH = 120
"""Eighths of a degree of one click of a wheel."""

_WHEEL_MS = 600
"""Silence after which the wheel is taken to have come to rest: what it turned is one edit."""

_KEYS: MappingProxyType[int, tuple[Literal["digit", "decade"], bool]] = MappingProxyType(
    {
        Qt.Key.Key_Up: ("digit", True),
        Qt.Key.Key_Down: ("digit", False),
        Qt.Key.Key_PageUp: ("decade", True),
        Qt.Key.Key_PageDown: ("decade", False),
    }
)


class NumberField(TextField):
    """Up and Down change the digit left of the caret; what a key, the wheel or a drag does at a stretch is one edit."""

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__(field, outlet)
        self._rules = rules_of(field)
        self._held: Standing | None = None
        self._stepping = False
        self._turned = 0
        self._aimed: QPoint | None = None
        self._rest = QTimer(self, singleShot=True, interval=_WHEEL_MS)
        self._rest.timeout.connect(self.settle)
        self._tip = "\n".join(part for part in (field.help, bounds_text(field), KEYS_HELP) if part)
        self.setToolTip(self._tip)
        self.textEdited.connect(self._on_edited)
        self.editingFinished.connect(self._on_finished)

    @property
    def stepping(self) -> bool:
        """Whether a key, the wheel or a drag is changing it, which is previewed and not yet an edit."""
        return self._stepping and self.isModified()

    def standing(self) -> Standing:
        """The text, and which digit of it is to change: the first one at rest and where all is selected."""
        held = self._held
        text = self.text() if self.isModified() or not self._shortened else written(self._field, self._value)
        at_caret = self.hasFocus() and not self._all_selected() and self.cursorPosition() > 0
        found = Standing(text, self.cursorPosition() if at_caret else None)
        same = held is not None and (held.text, held.caret) == (found.text, found.caret)
        return held if same and held is not None else found

    def standing_at_rest(self) -> Standing:
        """The text of the value, of which the first digit is to change."""
        return Standing(written(self._field, self._value))

    def step(self, move: Move, up: bool) -> bool:
        """Preview one step; False where there is none, which is explained."""
        return self.show_steps(self.standing(), move, up, 1)

    def show_steps(self, start: Standing, move: Move, up: bool, times: int) -> bool:
        """Preview so many steps from a standing on, or as many as can be; False, and explained, where none can be."""
        whole = self._all_selected()
        while True:
            try:
                standing, value = self._after(start, move, up, times)
                if standing == start and times:
                    return False
                self._outlet.send(value, False)
                break
            except UserError as error:
                times -= 1
                if times < 1:
                    self._explain(str(error))
                    return False
        self._show(standing, whole)
        self.setModified(True)
        self._stepping = True
        self._explain("")
        return True

    def finish(self) -> None:
        """Commit what is being typed, or give it up where it cannot be."""
        self._finish()
        if self.isModified():
            self.restore()

    def settle(self) -> None:
        """Make what was stepped one edit; the caret stays at its digit."""
        self._rest.stop()
        if not self.stepping:
            return
        self._stepping = False
        held, whole = self._held, self._all_selected()
        try:
            value = self.read()
        except UserError as error:
            self._explain(str(error))
            return
        self.commit(value)
        if held is not None and not self.isModified() and value is not None and self._value == value:
            self._show(held, whole)
            self._at_rest = True

    def restore(self) -> None:
        self._rest.stop()
        self._stepping = False
        super().restore()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _move_of(event):
            event.accept()  # these keys are the field's, whatever else they are elsewhere
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _move_of(event)
        if move is None:
            super().keyPressEvent(event)
        else:
            self.step(*move)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in _KEYS and not event.isAutoRepeat():
            self.settle()
        super().keyReleaseEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._aimed = self.mapToGlobal(QPoint())
        super().mouseMoveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only of the field that has the focus, and that was pointed at: not of one that scrolls past below."""
        if not self.hasFocus() or self._aimed != self.mapToGlobal(QPoint()):
            event.ignore()
            return
        event.accept()
        delta = event.angleDelta()
        self._turned += delta.y() or delta.x()  # Alt makes some desktops turn it
        notches = int(self._turned / _NOTCH)
        self._turned -= notches * _NOTCH
        if notches:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.show_steps(self.standing(), "ten digits" if shift else "digit", notches > 0, abs(notches))
            self._rest.start()

    def _all_selected(self) -> bool:
        return self.hasSelectedText() and self.selectedText() == self.text()

    def _after(self, start: Standing, move: Move, up: bool, times: int) -> tuple[Standing, Any]:
        """As many of these steps as can be; raises `UserError` where not one can."""
        standing, value = start, read(self._field, start.text)
        for done in range(times):
            try:
                standing, value = next_standing(self._field, standing, move, up, self._rules)
            except UserError:
                if not done:
                    raise
                break
        return standing, value

    def _show(self, standing: Standing, whole: bool) -> None:
        self._held = standing
        if standing.text != self.text():
            self.setText(standing.text)
        if standing.caret is not None:
            self.setCursorPosition(standing.caret)
        elif whole:
            self.selectAll()
        else:
            self.setCursorPosition(0)

    def _on_edited(self) -> None:
        self._stepping = False

    def _on_finished(self) -> None:
        """After Enter all is selected, to be typed over, and stepped from the first digit on."""
        if self.hasFocus() and not self.isModified():
            self.selectAll()


def _move_of(event: QKeyEvent) -> tuple[Move, bool] | None:
    """What a key does to a number, and whether upwards."""
    found = _KEYS.get(event.key())
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if found is None:
        return None
    if found[0] == "decade":
        return ("decade", found[1]) if modifiers == Qt.KeyboardModifier.NoModifier else None
    moves: dict[Qt.KeyboardModifier, Move] = {
        Qt.KeyboardModifier.NoModifier: "digit",
        Qt.KeyboardModifier.ShiftModifier: "ten digits",
        Qt.KeyboardModifier.AltModifier: "double",
    }
    move = moves.get(modifiers)
    return None if move is None else (move, found[1])
