"""The field of the filter, and beneath it what was found and the way from there to a rule."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner.filtered_rows import Filtered
from lrdesigner_app.debounce import Debounce
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import LineEdit, button, label, restyle

DELAY_MS = 120
TIP = (
    "Part of a name; *.bias or layer[3-5] for its end; /regex/ anywhere in it.\n"
    "type:Norm for part of a type, type=Linear for just this one; ndim:1, size>1M, depth<3.\n"
    "a|b is either, !a is not; several terms must all hold. What is inside a match matches too.\n"
    "Enter selects what is found, Ctrl+Enter makes a rule of it, Esc clears."
)


class FilterBar(QWidget):
    """What is typed, a moment later; keys that lead elsewhere."""

    changed = Signal()
    """The filter is to be applied: a moment after the last key, or at once."""

    selection_requested = Signal()
    rule_requested = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.line = LineEdit()
        self.count = label("", "secondary")
        self.rule = button("Make rule…", "quiet", "Give whatever fits this filter to a group (Ctrl+Enter)")
        self._found = QWidget()
        self._debounce = Debounce(DELAY_MS, self.changed.emit, self)
        self._build()
        self.line.textChanged.connect(self._debounce.request)
        self.rule.clicked.connect(self.rule_requested)

    def _build(self) -> None:
        self.line.setPlaceholderText("Filter: name, *.bias, type:Linear, ndim:1")
        self.line.setAccessibleName("Filter the model tree")
        self.line.setToolTip(TIP)
        self.line.setClearButtonEnabled(True)
        self.line.installEventFilter(self)
        row = QHBoxLayout(self._found)
        row.setContentsMargins(2, 0, 0, 0)
        self.count.setWordWrap(True)
        row.addWidget(self.count, 1)
        row.addWidget(self.rule)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.line)
        column.addWidget(self._found)
        self._found.hide()

    @property
    def text(self) -> str:
        """What is in the field, without spaces around it."""
        return self.line.text().strip()

    @property
    def below(self) -> QPoint:
        """Where a menu opens, on the screen."""
        return self.line.mapToGlobal(QPoint(0, self.line.height()))

    def set_text(self, text: str) -> None:
        """Filter at once."""
        self.line.setText(text)
        self.apply_now()

    def apply_now(self) -> None:
        """Do not wait for another key."""
        self._debounce.forget()
        self.changed.emit()

    def show_found(self, found: Filtered | None, *, unreadable: bool) -> None:
        """Say how much was found; None: there is no filter, or it cannot be read."""
        if self.line.property("invalid") != unreadable:
            self.line.setProperty("invalid", unreadable)
            restyle(self.line)
        self._found.setVisible(found is not None)
        if found is not None:
            self.count.setText(found_words(found))
            self.count.setToolTip(f"{found.numel:,} parameters")
            self.rule.setEnabled(found.tensors > 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Escape if self.line.text():
                self.set_text("")
            case Qt.Key.Key_Escape | Qt.Key.Key_Down:
                self.apply_now()
                self.left.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.apply_now()
                wants_rule = event.modifiers() & Qt.KeyboardModifier.ControlModifier
                (self.rule_requested if wants_rule else self.selection_requested).emit()
            case _:
                return False
        return True


def found_words(found: Filtered) -> str:
    """`1,204 tensors in 96 modules`."""
    if not found.tensors:
        return "No tensors"
    tensors = f"{found.tensors:,} tensor{'' if found.tensors == 1 else 's'}"
    modules = f"{found.modules:,} module{'' if found.modules == 1 else 's'}"
    return f"{tensors} in {modules}"
