"""The editor of a curve's keyframes: a list of them, and the form of the one that is selected."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lrdesigner.checked import replaced
from lrdesigner.errors import UserError
from lrdesigner.numbers import rate
from lrdesigner.schedules import Field, Keyframe, Keyframes, Span, resolve
from lrdesigner.schedules.key_edits import insert_key, remove_key
from lrdesigner_app.schedule_editor.outlet import FormOutlet, Outlet
from lrdesigner_app.schedule_editor.struct_form import StructForm
from lrdesigner_app.schedule_editor.value_fields import choice_words
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label, small_button

ROWS = 5

Keys = tuple[Keyframe, ...]


class KeyList(QTreeWidget):
    """Delete removes the selected key, + adds one after it, Alt+Up and Alt+Down exchange it with a neighbour."""

    def __init__(self, owner: KeysField) -> None:
        super().__init__()
        self._owner = owner
        self.setObjectName("keys")
        self.setAccessibleName("Keys of the curve")
        self.setToolTip("+ adds a key after the selected one, Delete removes it, Alt+↑/↓ moves it.")
        self.setHeaderLabels(["At", "Value", "Then"])
        self.headerItem().setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)  # it would never be narrower than 100 pixels
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        rows = min(max(self.topLevelItemCount(), 2), ROWS) * max(self.sizeHintForRow(0), 1)
        return QSize(super().sizeHint().width(), rows + self.header().sizeHint().height() + 2 * self.frameWidth() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in moves and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._owner.move_key(moves[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._owner.remove_key()
        elif event.text() == "+":
            self._owner.add_key()
        else:
            super().keyPressEvent(event)


class KeysField(QWidget):
    """Edits a tuple of keyframes."""

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__()
        self._outlet = outlet
        self._keys: Keys = ()
        self._curve: Keyframes | None = None
        self._span: Span | None = None
        self.setAccessibleName(field.title)
        self.list = KeyList(self)
        self.setFocusProxy(self.list)
        self.earlier = small_button("arrow-up", "Move this key earlier (Alt+Up in the list)")
        self.later = small_button("arrow-down", "Move this key later (Alt+Down in the list)")
        self.less = small_button("minus", "Remove this key (Delete in the list)")
        self.more = small_button("plus", "Add a key after this one (+ in the list)")
        self.form = StructForm(FormOutlet(self._change, outlet.cancel, outlet.refuse))
        self._build()
        self.earlier.clicked.connect(lambda: self.move_key(-1))
        self.later.clicked.connect(lambda: self.move_key(1))
        self.less.clicked.connect(self.remove_key)
        self.more.clicked.connect(self.add_key)
        self.list.currentItemChanged.connect(self._show_current)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addStretch(1)
        for made in (self.earlier, self.later, self.less, self.more):
            row.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.list)
        column.addLayout(row)
        column.addWidget(self.form)
        column.addSpacing(GRID // 2)
        column.addWidget(label("Of the whole curve", "secondary"))  # what the form around this one goes on with

    @property
    def index(self) -> int:
        """Place of the selected key."""
        return max(self.list.currentIndex().row(), 0)

    def show_span(self, span: Span) -> None:
        """What the keys' times refer to."""
        self._span = span

    def show_whole(self, curve: Keyframes) -> None:
        """The curve that the keys make, on which a new one is put."""
        self._curve = curve

    def show_value(self, value: Any) -> None:
        """Show the keys of the design; the selected place stays."""
        if value is not self._keys:
            index = self.index
            self._keys = value
            self._fill(min(index, len(value) - 1))
        self._show_current()

    def select(self, index: int) -> None:
        """Select another key."""
        self.list.setCurrentIndex(self.list.model().index(max(0, min(index, len(self._keys) - 1)), 0))

    def add_key(self) -> None:
        """Add a key half-way to the next one, on the curve."""
        curve, span, index = self._curve, self._span, self.index
        if curve is None or span is None:
            return
        after = self._keys[index + 1] if index + 1 < len(self._keys) else None
        step = self._between(span, self._keys[index], after)
        if any(resolve(key.at, span) == step for key in self._keys):
            self._outlet.refuse("There is no step between this key and the next.")
            return
        try:
            value = _at(insert_key(curve, span, step).keys, step, span)[1].value
            keys = tuple(_short(key) for key in insert_key(curve, span, step, float(f"{value:.4g}")).keys)
        except UserError as error:
            self._outlet.refuse(str(error))
            return
        if self._outlet.keep(keys):
            self.select(_at(keys, step, span)[0])

    def remove_key(self) -> None:
        """Remove the selected key; a curve needs one."""
        if self._curve is None or self._span is None:
            return
        try:
            keys = remove_key(self._curve, self._span, self.index).keys
        except UserError as error:
            self._outlet.refuse(str(error))
            return
        self._outlet.keep(keys)

    def move_key(self, by: int) -> None:
        """Exchange the selected key with a neighbour: each takes the other's time."""
        index, target = self.index, self.index + by
        if not 0 <= target < len(self._keys):
            return
        one, other = self._keys[index], self._keys[target]
        keys = list(self._keys)
        keys[index], keys[target] = replace(other, at=one.at), replace(one, at=other.at)
        if self._outlet.keep(tuple(keys)):
            self.select(target)

    def _between(self, span: Span, before: Keyframe, after: Keyframe | None) -> int:
        """The step half-way to the next key, or to the end of the schedule."""
        start = resolve(before.at, span)
        end = max(span.steps, start) if after is None else resolve(after.at, span)
        return (start + end) // 2 if after is not None or end > start + 1 else end + 1

    def _change(self, name: str, value: Any, keep: bool) -> None:
        index = self.index
        changed = replaced(self._keys[index], **{name: value})
        self._outlet.send((*self._keys[:index], changed, *self._keys[index + 1 :]), keep)

    def _fill(self, index: int) -> None:
        """Rows for the keys, made anew only where their number has changed."""
        self.list.blockSignals(True)
        while self.list.topLevelItemCount() > len(self._keys):
            self.list.takeTopLevelItem(self.list.topLevelItemCount() - 1)
        while self.list.topLevelItemCount() < len(self._keys):
            item = QTreeWidgetItem()
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.addTopLevelItem(item)
        last = len(self._keys) - 1
        for place, (item, key) in enumerate(zip(self._items(), self._keys, strict=True)):
            then = choice_words(key.then) if place < last else ""
            for column, text in enumerate((str(key.at), rate(key.value), then)):
                if item.text(column) != text:
                    item.setText(column, text)
        self.list.setCurrentIndex(self.list.model().index(index, 0))
        self.list.blockSignals(False)
        self.list.updateGeometry()

    def _items(self) -> list[QTreeWidgetItem]:
        found = [self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount())]
        return [item for item in found if item is not None]

    def _show_current(self, *_: object) -> None:
        if not self._keys:
            return
        index = self.index
        key = self._keys[index]
        self.form.show_struct(key, self._span)
        for name in ("leave", "arrive"):
            self.form.show_field(name, key.then == "bezier")
        self.form.show_field("then", index < len(self._keys) - 1)
        self.earlier.setEnabled(index > 0)
        self.later.setEnabled(index < len(self._keys) - 1)
        self.less.setEnabled(len(self._keys) > 1)


def _at(keys: Keys, step: int, span: Span) -> tuple[int, Keyframe]:
    """The key at a step, with its place."""
    return next((place, key) for place, key in enumerate(keys) if resolve(key.at, span) == step)


def _short(key: Keyframe) -> Keyframe:
    """With control points that can be read: four digits are nearer than any eye."""
    leave, arrive = (None if value is None else float(f"{value:.4g}") for value in (key.leave, key.arrive))
    return replace(key, leave=leave, arrive=arrive)
