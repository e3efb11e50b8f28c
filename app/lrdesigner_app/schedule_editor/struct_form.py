"""A form for any struct of the core, derived from its declared fields."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Protocol, cast

from msgspec import Struct
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from lrdesigner.schedules import Field, Span, fields_of
from lrdesigner_app.schedule_editor.length_field import LengthField
from lrdesigner_app.schedule_editor.number_field import NumberField
from lrdesigner_app.schedule_editor.optional_fields import choice_editor, switch_editor
from lrdesigner_app.schedule_editor.outlet import FormOutlet, Outlet
from lrdesigner_app.schedule_editor.scrub_label import SCRUB_HELP, ScrubLabel
from lrdesigner_app.schedule_editor.value_fields import FormulaField, MonospaceField, TextField
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label

LABEL_WIDTH = 114

Maker = Callable[[Field, Outlet], QWidget]

MAKERS: MappingProxyType[str, Maker] = MappingProxyType(
    {
        "number": NumberField,
        "integer": NumberField,
        "level": NumberField,
        "lengths": NumberField,
        "length": LengthField,
        "formula": FormulaField,
        "text": TextField,
        "query": TextField,
        "options": MonospaceField,
        "switch": switch_editor,
        "choice": choice_editor,
    }
)
"""The editor of each kind of field that has one value; what is made of several gets its maker from who uses it."""

WIDE = frozenset({"formula", "keys", "trace", "text", "options"})
"""Kinds that need the whole width, below their title."""


class Editor(Protocol):
    """What every editor can: show a value of the design."""

    def show_value(self, value: Any) -> None:
        """Show a value; what is being typed is left alone."""


class StructForm(QWidget):
    """Shows the fields of a struct, and sends what is entered into them to its outlet."""

    def __init__(
        self,
        outlet: FormOutlet,
        *,
        without: tuple[str, ...] = (),
        only: tuple[str, ...] | None = None,
        makers: MappingProxyType[str, Maker] = MAKERS,
    ) -> None:
        super().__init__()
        self._outlet = outlet
        self._without, self._only, self._makers = without, only, makers
        self._type: type[Struct] | None = None
        self._span: Span | None = None
        self._editors: dict[str, QWidget] = {}
        self._titles: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(GRID - 2)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)

    def show_struct(self, struct: Struct, span: Span | None = None) -> None:
        """Show these values, whose lengths refer to `span`; the editors are kept while the type stays."""
        if type(struct) is not self._type:
            self._rebuild(type(struct))
        for name, editor in self._editors.items():
            if span is not None and hasattr(editor, "show_span"):
                editor.show_span(span)
            if hasattr(editor, "show_whole"):
                editor.show_whole(struct)
            cast("Editor", editor).show_value(getattr(struct, name))

    def editor(self, name: str) -> QWidget:
        """The editor of one field."""
        return self._editors[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that have an editor here."""
        return tuple(self._editors)

    def show_field(self, name: str, on: bool) -> None:
        """Show or hide one field with its title."""
        self._editors[name].setVisible(on)
        self._titles[name].setVisible(on)

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
            maker = self._makers.get(field.kind)
            wanted = field.name not in self._without and (self._only is None or field.name in self._only)
            if maker is not None and wanted:
                row = self._add(row, field, maker(field, self._outlet.of(field.name)))

    def _add(self, row: int, field: Field, editor: QWidget) -> int:
        title = ScrubLabel(field.title, editor) if isinstance(editor, NumberField) else label(field.title)
        title.setBuddy(editor)
        title.setToolTip(f"{field.help}\n{SCRUB_HELP}" if isinstance(title, ScrubLabel) else field.help)
        wide = field.kind in WIDE
        if not wide:
            title.setFixedWidth(LABEL_WIDTH)
            title.setWordWrap(True)
        self._grid.addWidget(title, row, 0, 1, 2 if wide else 1)
        row += 1 if wide else 0
        self._grid.addWidget(editor, row, 0 if wide else 1, 1, 2 if wide else 1)
        if isinstance(editor, TextField):
            explanation = _explanation()
            row += 1
            self._grid.addWidget(explanation, row, 0, 1, 2)
            editor.explained.connect(lambda text: _explain(explanation, text))
        self._editors[field.name] = editor
        self._titles[field.name] = title
        return row + 1


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
