"""The form of several keys: their times and values are set, offset or scaled at once, and their way on chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from PySide6.QtWidgets import QGridLayout, QWidget

from lrdesigner.key_transforms import Amount, Mode, read_time, read_value
from lrdesigner.numbers import exact
from lrdesigner.schedules import Field, Keyframe, Span, fields_of, resolve
from lrdesigner_app.schedule_editor.amount_field import AmountField
from lrdesigner_app.schedule_editor.number_field import KEYS_HELP
from lrdesigner_app.schedule_editor.outlet import Outlet
from lrdesigner_app.schedule_editor.scrub_label import SCRUB_HELP, ScrubLabel
from lrdesigner_app.schedule_editor.value_fields import choice_words
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import NarrowCombo, label

_MODES: tuple[Mode, ...] = ("set", "offset", "scale")
_WORDS: MappingProxyType[Mode, str] = MappingProxyType({"set": "Set to", "offset": "Offset by", "scale": "Scale by"})
_TIME_HELP: MappingProxyType[Mode, str] = MappingProxyType(
    {
        "set": "Where the first of these keys goes: 500 steps, 2 epochs or 5%. The others keep their distance.",
        "offset": "By how much they go later, or with - earlier: 500 steps, 2 epochs or 5%.",
        "scale": "The distance from the first of these keys is multiplied by this.",
    }
)
_VALUE_HELP: MappingProxyType[Mode, str] = MappingProxyType(
    {
        "set": "The value of all of these keys.",
        "offset": "What is added to the value of each of these keys.",
        "scale": "The value of each of these keys is multiplied by this.",
    }
)
_MODE_WIDTH = 104


@dataclass(frozen=True, slots=True)
class SeveralOutlet:
    """The other end: `transform(time, value, keep)` raises `UserError`; `then(kind)` is for good."""

    transform: Callable[[Amount | None, Amount | None, bool], None]
    then: Callable[[str], None]
    cancel: Callable[[], None]
    refuse: Callable[[str], None]


class AmountRow:
    """What is done, and by how much. The field is empty at rest: what was done once is not done again."""

    def __init__(self, title: str, help_of: MappingProxyType[Mode, str], mode: Mode, send: Callable[..., None]) -> None:
        self._help, self._send = help_of, send
        self.mode = NarrowCombo(f"What is done to the {title.lower()} of the keys")
        self.mode.setToolTip(f"Set, offset or scale the {title.lower()} of the selected keys")
        for each in _MODES:
            self.mode.addItem(_WORDS[each], each)
        self.mode.setCurrentIndex(_MODES.index(mode))
        self.mode.setFixedWidth(_MODE_WIDTH)
        self._title = title

    def make_field(self, outlet: SeveralOutlet) -> AmountField:
        """The field, whose fault goes into the form's line."""
        title = f"{self._title} of the keys"
        field = Field(name="amount", title=title, kind="text", help="", default=None, optional=True)
        self.field = AmountField(field, Outlet(self._on_sent, outlet.cancel, outlet.refuse))
        self._cancel = outlet.cancel
        self.field.show_value(None)
        self.mode.activated.connect(self.clear)
        return self.field

    @property
    def chosen(self) -> Mode:
        """What is done."""
        found: Mode = self.mode.currentData()
        return found

    def clear(self) -> None:
        """Forget what is being typed."""
        if self.field.isModified():
            self.field.setModified(False)
            self._cancel()
        self.field.show_value(None)

    def show_hint(self, same: str, first: str) -> None:
        """In the empty field: what all keys have, or what would change nothing; of the first key where steps begin."""
        self.field.show_start(self.chosen, first)
        self.field.setPlaceholderText({"set": same or "different", "offset": "+0", "scale": "×1"}[self.chosen])
        self.field.setToolTip(f"{self._help[self.chosen]}\n{KEYS_HELP}")

    def _on_sent(self, text: str | None, keep: bool) -> None:
        if not text:
            self._cancel()
        else:
            self._send(self.chosen, text, keep)


class SeveralKeysForm(QWidget):
    """Shown instead of a key's own form while more than one is selected."""

    def __init__(self, outlet: SeveralOutlet) -> None:
        super().__init__()
        self._outlet = outlet
        self._span: Span | None = None
        self._shown: tuple[int, ...] = ()
        self._keys: tuple[Keyframe, ...] = ()
        self.time = AmountRow("Time", _TIME_HELP, "offset", self._send_time)
        self.value = AmountRow("Value", _VALUE_HELP, "scale", self._send_value)
        self.then = NarrowCombo("How the curve goes on after the keys")
        self.then.setToolTip("How the curve goes on after each of the selected keys")
        field = next(field for field in fields_of(Keyframe) if field.name == "then")
        for choice in field.choices:
            self.then.addItem(choice_words(choice), choice)
        self.then.setPlaceholderText("different")
        self._fault = label("", "bad")
        self._fault.setWordWrap(True)
        self._fault.hide()
        self._build()
        self.then.activated.connect(lambda: self._outlet.then(self.then.currentData()))
        for row in (self.time, self.value):
            row.mode.activated.connect(self._show_hints)

    def _build(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID - 2)
        grid.setColumnStretch(2, 1)
        for place, (title, row) in enumerate((("Time", self.time), ("Value", self.value))):
            made = row.make_field(self._outlet)
            made.explained.connect(self._explain)
            name = ScrubLabel(title, made)
            name.setToolTip(SCRUB_HELP)
            name.setBuddy(made)
            grid.addWidget(name, place, 0)
            grid.addWidget(row.mode, place, 1)
            grid.addWidget(made, place, 2)
        then = label("Then")
        then.setBuddy(self.then)
        grid.addWidget(self._fault, 2, 0, 1, 3)
        grid.addWidget(then, 3, 0)
        grid.addWidget(self.then, 3, 1, 1, 2)

    def show_keys(self, keys: tuple[Keyframe, ...], indices: tuple[int, ...], span: Span | None) -> None:
        """Show what these keys have in common; what is being typed was meant for those before."""
        self._span = span
        if indices != self._shown:
            self._shown = indices
            for row in (self.time, self.value):
                row.clear()
        self._keys = tuple(keys[index] for index in indices)
        kinds = {key.then for key in self._keys}
        self.then.setCurrentIndex(self.then.findData(kinds.pop()) if len(kinds) == 1 else -1)
        self._show_hints()

    def _show_hints(self) -> None:
        if not self._keys or self._span is None:
            return
        span = self._span
        first = min(self._keys, key=lambda key: resolve(key.at, span))
        same = len({key.value for key in self._keys}) == 1
        self.time.show_hint(str(first.at), str(first.at))
        self.value.show_hint(exact(first.value) if same else "", exact(first.value))

    def _send_time(self, mode: Mode, text: str, keep: bool) -> None:
        if self._span is not None:
            self._outlet.transform(read_time(mode, text, self._span), None, keep)

    def _send_value(self, mode: Mode, text: str, keep: bool) -> None:
        self._outlet.transform(None, read_value(mode, text), keep)

    def _explain(self, text: str) -> None:
        self._fault.setText(text)
        self._fault.setVisible(bool(text))
