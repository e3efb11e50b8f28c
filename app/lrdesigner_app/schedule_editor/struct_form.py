"""A form for any struct of the core, derived from its declared fields."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from lrdesigner.schedules import Field, fields_of
from lrdesigner_app.schedule_editor.value_fields import SwitchField, TextField, field_editor
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label

LABEL_WIDTH = 100


class StructForm(QWidget):
    """Shows the fields of a struct; tells which one is previewed or committed with which value."""

    previewed = Signal(str, object)
    committed = Signal(str, object)
    cancelled = Signal()

    def __init__(self, without: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._without = without
        self._type: type[Struct] | None = None
        self._editors: dict[str, TextField | SwitchField] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(GRID - 2)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)

    def show_struct(self, struct: Struct) -> None:
        """Show these values; the editors are kept while the type stays."""
        if type(struct) is not self._type:
            self._rebuild(type(struct))
        for name, editor in self._editors.items():
            editor.show_value(getattr(struct, name))

    def editor(self, name: str) -> TextField | SwitchField:
        """The editor of one field."""
        return self._editors[name]

    def _rebuild(self, struct_type: type[Struct]) -> None:
        self._type = struct_type
        self._editors = {}
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.blockSignals(True)  # hiding a field ends its editing, which must not commit into the new type
                widget.hide()
                widget.deleteLater()
        row = 0
        for field in fields_of(struct_type):
            editor = field_editor(field)
            if editor is not None and field.name not in self._without:
                self._add(row, field, editor)
                row += 2

    def _add(self, row: int, field: Field, editor: TextField | SwitchField) -> None:
        title = label(field.title)
        title.setBuddy(editor)
        title.setToolTip(field.help)
        self._grid.addWidget(title, row, 0)
        self._grid.addWidget(editor, row, 1)
        editor.committed.connect(lambda value: self._emit_committed(field.name, value))
        if isinstance(editor, TextField):
            editor.previewed.connect(lambda value: self.previewed.emit(field.name, value))
            editor.cancelled.connect(self.cancelled)
            explanation = _explanation()
            self._grid.addWidget(explanation, row + 1, 0, 1, 2)
            editor.explained.connect(lambda text: _explain(explanation, text))
        self._editors[field.name] = editor

    def _emit_committed(self, name: str, value: Any) -> None:
        self.committed.emit(name, value)


def labelled(text: str, widget: QWidget) -> QHBoxLayout:
    """A row like those of a form, for a widget that stands between forms."""
    row = QHBoxLayout()
    row.setSpacing(GRID)
    title = label(text)
    title.setFixedWidth(LABEL_WIDTH)
    title.setBuddy(widget)
    row.addWidget(title)
    row.addWidget(widget, 1)
    return row


def _explanation() -> QLabel:
    made = label("", "bad")
    made.setWordWrap(True)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    made.hide()
    return made


def _explain(target: QLabel, text: str) -> None:
    target.setText(text)
    target.setVisible(bool(text))
