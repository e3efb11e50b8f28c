"""The parts of a composite, as a list to go into, to add to and to put in order."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QSizePolicy, QVBoxLayout, QWidget

from lrdesigner.schedules import Clamp, Product, Repeat, Sequence, children_of, shape_of
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label, small_button

ROWS = 5


class PartRows(QListWidget):
    """A click or Enter goes into a part; Delete removes it, + adds one after it, Alt+Up and Alt+Down move it."""

    def __init__(self, selection: SegmentSelection) -> None:
        super().__init__()
        self._selection = selection
        self.setAccessibleName("Parts of this schedule")
        self.setToolTip("Click or Enter goes into a part. + adds one, Delete removes it, Alt+↑/↓ moves it.")
        self.setObjectName("parts")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(lambda item: selection.go_in(self.row(item)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        row = max(self.currentRow(), 0)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Right):
            self._selection.go_in(row)
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Left):
            self._selection.go_out()
        elif event.key() in moves and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            by = moves[Qt.Key(event.key())]
            if self._selection.move_part(row, by):
                self.setCurrentRow(row + by)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._selection.remove_part(row)
        elif event.text() == "+":
            self._selection.add_part(row)
        else:
            super().keyPressEvent(event)

    def show_rows(self, texts: list[str]) -> None:
        """Show these rows; the current place stays."""
        if texts != [self.item(place).text() for place in range(self.count())]:
            row = self.currentRow()
            self.clear()
            self.addItems(texts)
            self.setCurrentRow(min(row, len(texts) - 1))  # -1, of none, until the keyboard is here
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        height = min(self.count(), ROWS) * max(self.sizeHintForRow(0), 1) + 2 * self.frameWidth()
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.currentRow() < 0 and event.reason() != Qt.FocusReason.MouseFocusReason:
            self.setCurrentRow(0)


class PartsList(QWidget):
    """The rows under a title, with a button to add one where there may be more."""

    def __init__(self, selection: SegmentSelection) -> None:
        super().__init__()
        self._title = label("")
        self.add = small_button("plus", "Add a part after this one (+ in the list)")
        self.rows = PartRows(selection)
        self.add.clicked.connect(lambda: selection.add_part(max(self.rows.currentRow(), 0)))
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        column.addWidget(self.rows)

    def show_node(self, node: Any) -> None:
        """Show the parts of a node; hidden where it has none."""
        self.setVisible(bool(children_of(node)))
        self.rows.show_rows(part_words(node))
        self._title.setText(_TITLES.get(type(node), "Parts"))
        self.add.setVisible(isinstance(node, Sequence | Product))

    @property
    def current(self) -> int:
        """Place of the part that the keyboard is at."""
        return max(self.rows.currentRow(), 0)


_TITLES: dict[type, str] = {
    Sequence: "Segments",
    Product: "Multiplied parts",
    Repeat: "What is repeated",
    Clamp: "What is kept within",
}


def part_words(node: Any) -> list[str]:
    """One line for each part of a node."""
    if isinstance(node, Sequence):
        return [f"{shape_of(segment.schedule).title} · {segment.length}" for segment in node.segments]
    return [shape_of(child).title for child in children_of(node)]
