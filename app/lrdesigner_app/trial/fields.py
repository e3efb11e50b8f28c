"""The fields that the pages of the Trial tab are built of: combos, typed lines that can be marked, cells with names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtWidgets import QHBoxLayout, QWidget

from lrdesigner.errors import UserError
from lrdesigner_app.choice import BESIDE_TEXT_PX
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import LineEdit, NarrowCombo, label, restyle

_T = TypeVar("_T")


def combo(name: str, entries: Sequence[tuple[str, str]], width: int = 0) -> NarrowCombo:
    """A list of texts with their values, as wide as this or as the longest text; opened, it shows all of them."""
    made = NarrowCombo(name)
    for text, value in entries:
        made.addItem(text, value)
    made.setToolTip(name)
    longest = max((made.fontMetrics().horizontalAdvance(text) for text, _ in entries), default=0)
    made.setFixedWidth(width or longest + BESIDE_TEXT_PX)
    made.view().setMinimumWidth(longest + 4 * GRID)
    return made


def line(name: str, tip: str, width: int, text: str = "") -> LineEdit:
    """A typed field, which is not marked any more when something else is typed."""
    field = LineEdit()
    field.setText(text)
    field.setAccessibleName(name)
    field.setToolTip(tip)
    field.setFixedWidth(width)
    field.textEdited.connect(lambda: mark(field, invalid=False))
    return field


def checked(field: LineEdit, read: Callable[[str], _T]) -> _T:
    """What a field says; one that cannot be read is marked, and gets the focus."""
    try:
        value = read(field.text())
    except UserError:
        mark(field, invalid=True)
        field.setFocus()
        raise
    mark(field, invalid=False)
    return value


def mark(field: LineEdit, invalid: bool) -> None:
    """Show whether what stands in a field cannot be used."""
    wanted = "true" if invalid else "false"
    if field.property("invalid") != wanted:
        field.setProperty("invalid", wanted)
        restyle(field)


def named(name: str, *fields: QWidget) -> QWidget:
    """Fields with their name before them, which is the same for those who hear it."""
    cell = QWidget()
    row = QHBoxLayout(cell)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID // 2)
    row.addWidget(label(name, "secondary"))
    for field in fields:
        row.addWidget(field)
    return cell
