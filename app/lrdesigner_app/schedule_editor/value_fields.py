"""Editors of single values: typed, switched, chosen. They show a value, preview it while typed, commit it when done."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontDatabase, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox

from lrdesigner.errors import UserError
from lrdesigner.numbers import rate
from lrdesigner.schedules import Absolute, Field
from lrdesigner_app.schedule_editor.outlet import Outlet
from lrdesigner_app.schedule_editor.texts import read, written
from lrdesigner_app.theme import SECONDARY_PX
from lrdesigner_app.widgets import LineEdit, NarrowCombo, label, restyle

NARROWEST = 60
"""Pixels; a form must fit beside its scroll bar."""

MOST_DIGITS = 10
"""Characters of a number that are shown at rest; a longer one would lose its exponent at the edge."""

_UNIT_ROOM = 10


class TextField(LineEdit):
    """A typed value. Enter or leaving commits, Esc restores; what cannot be is marked and explained."""

    explained = Signal(str)

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__()
        self._field = field
        self._outlet = outlet
        self._value: Any = None
        self._at_rest = False
        self._shortened = False
        self._unit = label("", "secondary")
        self._unit.setParent(self)
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._tip = field.help
        self.setAccessibleName(field.title)
        self.setToolTip(self._tip)
        self.setMinimumWidth(NARROWEST)
        self.setProperty("invalid", "false")
        if field.optional:
            self.setPlaceholderText("automatic")
        self.textEdited.connect(self._on_typed)
        self.textChanged.connect(self._on_changed)
        self.editingFinished.connect(self._finish)

    @property
    def value(self) -> Any:
        """The value that the design has, previews included."""
        return self._value

    def show_value(self, value: Any) -> None:
        """Show a value that came from the design; what is being typed is left alone."""
        known = value is self._value or (type(value) is type(self._value) and value == self._value)
        self._value = value
        if self.isModified() or (known and self._at_rest):
            return
        self._show_written(whole=self.hasFocus())
        if not self.hasFocus():
            self.setCursorPosition(0)  # of a long number, the first digits are those that count
        self._show_unit()
        self._explain("")
        self._at_rest = True

    def _show_written(self, *, whole: bool) -> None:
        """The value as text; of a long number only the digits for which there is room, while nobody edits it."""
        text = written(self._field, self._value)
        self._shortened = not whole and self._field.kind == "number" and len(text) > MOST_DIGITS
        shown = rate(self._value) if self._shortened else text
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(f"{text}\n{self._tip}" if self._shortened else self._tip)

    def read(self) -> Any:
        """The value of what is typed; raises `UserError`."""
        if self._shortened and not self.isModified():
            return self._value
        return read(self._field, self.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        if self._shortened and not self.isModified():
            self._show_written(whole=True)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.restore()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.property("invalid") == "true":  # left with something unreadable in it
            self.restore()
        elif not self.isModified():
            self._show_written(whole=False)
        self.setCursorPosition(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_unit()

    def commit(self, value: Any) -> None:
        """Send a value for good; one that cannot be is explained and left to be mended."""
        typed, modified = self.text(), self.isModified()
        self.setModified(False)
        try:
            self._outlet.send(value, True)
        except UserError as error:
            self.setText(typed)
            self.setModified(modified)
            self._explain(str(error))
            return
        self.show_value(self._value)

    def _on_changed(self) -> None:
        self._at_rest = False
        self._place_unit()

    def _on_typed(self) -> None:
        if not self.isModified():  # undone, character by character, to what it was
            self.restore()
            return
        self._unit.hide()
        try:
            self._outlet.send(self.read(), False)
        except UserError as error:
            self._explain(str(error))
            self._outlet.cancel()  # what was readable before this character was not meant
            return
        self._explain("")

    def _finish(self) -> None:
        if not self.isModified():
            return
        try:
            value = self.read()
        except UserError as error:
            self._explain(str(error))
            self._point_at(error)
            return
        self.commit(value)

    def _point_at(self, error: UserError) -> None:
        """Help to find the fault; a formula puts the cursor there."""

    def restore(self) -> None:
        """Forget what was typed, and its preview."""
        self.setModified(False)
        self._outlet.cancel()
        self.show_value(self._value)

    def _show_unit(self) -> None:
        text = self._unit_text()
        if text != self._unit.text():
            self._unit.setText(text)
            self._unit.adjustSize()
        self._place_unit()

    def _unit_text(self) -> str:
        """The unit of the shown value, where it is not part of the text."""
        if self._field.kind == "level":
            return "" if isinstance(self._value, Absolute) else "× base"
        return self._field.unit if self._field.kind in ("number", "integer") else ""

    def _place_unit(self) -> None:
        """At the right end, while there is room."""
        size = self._unit.sizeHint()
        room = self.width() - 2 * _UNIT_ROOM - self.fontMetrics().horizontalAdvance(self.text())
        self._unit.setVisible(bool(self._unit.text()) and not self.isModified() and size.width() + _UNIT_ROOM < room)
        self._unit.move(self.width() - size.width() - _UNIT_ROOM, (self.height() - size.height()) // 2)

    def _explain(self, text: str) -> None:
        self._at_rest = False
        invalid = "true" if text else "false"
        if self.property("invalid") != invalid:
            self.setProperty("invalid", invalid)
            restyle(self)
        self.explained.emit(text)


class MonospaceField(TextField):
    """A text that is code, or near to it."""

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__(field, outlet)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(SECONDARY_PX)
        self.setFont(font)


class FormulaField(MonospaceField):
    """A person's formula; the cursor goes to the character that is wrong."""

    def _point_at(self, error: UserError) -> None:
        offset = getattr(error, "offset", None)
        if offset is not None:
            self.setCursorPosition(offset)


class SwitchField(QCheckBox):
    """A yes or no."""

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__()
        self._value = False
        self._outlet = outlet
        self.setAccessibleName(field.title)
        self.setToolTip(field.help)
        self.clicked.connect(self._commit)

    def show_value(self, value: Any) -> None:
        """Show a value that came from the design."""
        self._value = bool(value)
        self.setChecked(self._value)

    def _commit(self) -> None:
        if not self._outlet.keep(self.isChecked()):
            self.setChecked(self._value)  # a refused switch must not stay flipped


class ChoiceField(NarrowCombo):
    """One of a few words."""

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__(field.title)
        self._value = ""
        self._outlet = outlet
        self.setToolTip(field.help)
        for choice in field.choices:
            self.addItem(choice_words(choice), choice)
        self.activated.connect(self._commit)

    def show_value(self, value: Any) -> None:
        """Show a value that came from the design."""
        self._value = value
        self.setCurrentIndex(self.findData(value))

    def _commit(self) -> None:
        if not self._outlet.keep(self.currentData()):
            self.setCurrentIndex(self.findData(self._value))


_WORDS = {
    "min": "lower",
    "max": "higher",
    "rel": "relative",
    "abs": "absolute",
    "triangular2": "halving",
    "exp_range": "by gamma",
    "log": "logarithmic",
    "slope": "go on straight",
    "ping-pong": "there and back",
}


def choice_words(choice: str) -> str:
    """A choice as it is shown."""
    words = _WORDS.get(choice, choice)
    return words[:1].upper() + words[1:]
