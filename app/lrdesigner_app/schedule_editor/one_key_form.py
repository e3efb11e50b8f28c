"""The form of one key: its time, value and way on, what the track has there, and its neighbours' values."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from lrdesigner.schedules import Keyframe, Span
from lrdesigner_app.schedule_editor.outlet import FormOutlet
from lrdesigner_app.schedule_editor.struct_form import StructForm
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label

Direction = Literal[-1, 1]


class OneKeyForm(QWidget):
    """Its fields are those of a `Keyframe`."""

    equal_wanted = Signal(int)
    """The value of the key before (-1) or after (+1) is wanted."""

    def __init__(self, outlet: FormOutlet) -> None:
        super().__init__()
        self.fields = StructForm(outlet)
        self.track_value = label("", "secondary")
        self.track_value.setObjectName("trackValue")
        self.track_value.setWordWrap(True)
        self.track_value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.as_previous = button("As previous", "half", "Give it the value of the key before it (Ctrl+[ in the plot)")
        self.as_next = button("As next", "half", "Give it the value of the key after it (Ctrl+] in the plot)")
        self.as_previous.clicked.connect(lambda: self.equal_wanted.emit(-1))
        self.as_next.clicked.connect(lambda: self.equal_wanted.emit(1))
        self._build()

    def _build(self) -> None:
        equal = QHBoxLayout()
        equal.setSpacing(GRID)
        for made in (self.as_previous, self.as_next):
            equal.addWidget(made, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        column.addWidget(self.fields)
        column.addWidget(self.track_value)
        column.addLayout(equal)

    def show_key(self, key: Keyframe, span: Span | None, words: str, *, first: bool, last: bool) -> None:
        """Show a key; `words` tell what the track has there; `first` and `last` are meant in time."""
        self.fields.show_struct(key, span)
        for name in ("leave", "arrive"):
            self.fields.show_field(name, key.then == "bezier" and not last)
        self.fields.show_field("then", not last)
        self.track_value.setText(words)
        self.track_value.setVisible(bool(words))
        self.as_previous.setEnabled(not first)
        self.as_next.setEnabled(not last)
