"""Editors of switches and choices that may be left to torch: automatic, or one of their values."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from lrdesigner.schedules import Field
from lrdesigner_app.schedule_editor.outlet import Outlet
from lrdesigner_app.schedule_editor.value_fields import ChoiceField, SwitchField, choice_words
from lrdesigner_app.widgets import NarrowCombo


class OptionalField(NarrowCombo):
    """Automatic, or one of a few values."""

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__(field.title)
        self._outlet = outlet
        self._values: tuple[Any, ...] = (None, True, False) if field.kind == "switch" else (None, *field.choices)
        self._shown = 0
        self.setToolTip(field.help)
        names = {None: "Automatic", True: "On", False: "Off"}
        self.addItems([names[value] if value in names else choice_words(value) for value in self._values])
        self.activated.connect(self._commit)

    def show_value(self, value: Any) -> None:
        """Show a value that came from the design."""
        self._shown = self._values.index(value)
        self.setCurrentIndex(self._shown)

    def _commit(self) -> None:
        if not self._outlet.keep(self._values[self.currentIndex()]):
            self.setCurrentIndex(self._shown)


def switch_editor(field: Field, outlet: Outlet) -> QWidget:
    """The editor of a yes or no, which may be automatic."""
    return OptionalField(field, outlet) if field.optional else SwitchField(field, outlet)


def choice_editor(field: Field, outlet: Outlet) -> QWidget:
    """The editor of one of a few words, which may be automatic."""
    return OptionalField(field, outlet) if field.optional else ChoiceField(field, outlet)
