"""One editor per kind of field: they show a value, preview it while it is typed, and commit it when done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit

from lrdesigner.checked import check_bounds
from lrdesigner.errors import UserError
from lrdesigner.expressions import parse
from lrdesigner.numbers import exact, parse_number
from lrdesigner.schedules import Field, parse_length
from lrdesigner.schedules.expression import NAMES
from lrdesigner_app.widgets import restyle

NARROWEST = 60
"""Pixels; a form must fit beside its scroll bar."""


def _length_list(text: str) -> tuple[Any, ...]:
    return tuple(parse_length(part) for part in text.split(",") if part.strip())


def _whole(text: str) -> int:
    value = parse_number(text)
    if value != int(value):
        raise UserError(f"{text.strip()} is not a whole number.")
    return int(value)


def _formula(text: str) -> str:
    parse(text, NAMES)
    return text.strip()


_READ: dict[str, Callable[[str], Any]] = {
    "number": parse_number,
    "integer": _whole,
    "length": parse_length,
    "lengths": _length_list,
    "formula": _formula,
}
_WRITE: dict[str, Callable[[Any], str]] = {
    "number": exact,
    "integer": str,
    "length": str,
    "lengths": lambda lengths: ", ".join(str(length) for length in lengths),
    "formula": str,
}


class TextField(QLineEdit):
    """A typed value. Enter or leaving commits, Esc restores; what cannot be read is marked and explained."""

    previewed = Signal(object)
    committed = Signal(object)
    cancelled = Signal()
    explained = Signal(str)

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field
        self._value: Any = None
        self.setAccessibleName(field.title)
        self.setToolTip(field.help)
        self.setMinimumWidth(NARROWEST)
        self.setProperty("invalid", "false")
        self.textEdited.connect(self._on_typed)
        self.editingFinished.connect(self._finish)

    def show_value(self, value: Any) -> None:
        """Show a value that came from the design; what is being typed is left alone."""
        self._value = value
        if not self.isModified():
            self.setText(_WRITE[self._field.kind](value))
            self._explain("")

    def read(self) -> Any:
        """The value of what is typed; raises `UserError`."""
        value = _READ[self._field.kind](self.text())
        check_bounds(self._field, value)
        return value

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self._restore()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._field.kind in ("number", "integer"):
            self._step(event.key() == Qt.Key.Key_Up)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.property("invalid") == "true":  # left with something unreadable in it
            self._restore()

    def _on_typed(self) -> None:
        try:
            value = self.read()
        except UserError as error:
            self._explain(str(error))
            self.cancelled.emit()  # what was readable before this character was not meant
            return
        self._explain("")
        self.previewed.emit(value)

    def _finish(self) -> None:
        if not self.isModified():
            return
        try:
            value = self.read()
        except UserError as error:
            self._explain(str(error))
            return
        self.setModified(False)
        self.committed.emit(value)
        if self._value is not None:
            self.setText(_WRITE[self._field.kind](self._value))

    def _restore(self) -> None:
        self.setModified(False)
        self.setText(_WRITE[self._field.kind](self._value))
        self._explain("")
        self.cancelled.emit()

    def _step(self, up: bool) -> None:
        """Up and down change the first digit: 5e-4 -> 6e-4, 1e-3 -> 9e-4."""
        try:
            value = self.read()
        except UserError:
            return
        stepped = value + (1 if up else -1) if self._field.kind == "integer" else _next_digit(value, up)
        try:
            check_bounds(self._field, stepped)
        except UserError as error:
            self._explain(str(error))
            return
        self.setModified(False)
        self.committed.emit(stepped)

    def _explain(self, text: str) -> None:
        invalid = "true" if text else "false"
        if self.property("invalid") != invalid:
            self.setProperty("invalid", invalid)
            restyle(self)
        self.explained.emit(text)


class SwitchField(QCheckBox):
    """A yes or no."""

    committed = Signal(object)

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.setAccessibleName(field.title)
        self.setToolTip(field.help)
        self.clicked.connect(self._commit)

    def show_value(self, value: Any) -> None:
        """Show a value that came from the design."""
        self.setChecked(bool(value))

    def _commit(self) -> None:
        self.committed.emit(self.isChecked())


def field_editor(field: Field) -> TextField | SwitchField | None:
    """The editor for a field's kind; None for what is edited elsewhere."""
    if field.kind == "switch":
        return SwitchField(field)
    return TextField(field) if field.kind in _READ else None


def _next_digit(value: float, up: bool) -> float:
    if value == 0:
        return 0.01 if up else 0.0
    exponent = int(f"{abs(value):e}".split("e")[1])
    unit = 10.0**exponent
    digit = round(value / unit, 6)
    if not up and digit <= 1:
        unit, digit = unit / 10, digit * 10
    return float(f"{(digit + (1 if up else -1)) * unit:.6g}")
