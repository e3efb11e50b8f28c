"""The list of a curve's keys: several can be selected, and what is selected here is selected in the plot."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTreeWidget, QTreeWidgetItem

from lrdesigner.numbers import rate
from lrdesigner.schedules import Keyframe
from lrdesigner_app.schedule_editor.value_fields import choice_words

ROWS = 5

_ALIGNED = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_SELECT = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class KeyList(QTreeWidget):
    """Delete removes the selected keys, + adds one after the current one, Alt+Up and Alt+Down exchange it."""

    chosen = Signal(tuple)
    """The places of the selected keys, the current one last: by the person, not by a call."""
    remove_wanted = Signal()
    add_wanted = Signal()
    move_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("keys")
        self.setAccessibleName("Keys of the curve")
        self.setToolTip(
            "Shift and Ctrl select several keys, Ctrl+A all. + adds a key after the current one, Delete removes the "
            "selected ones, Alt+↑/↓ exchanges the current one with a neighbour."
        )
        self.setHeaderLabels(["At", "Value", "Then"])
        self.headerItem().setTextAlignment(1, _ALIGNED)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)  # it would never be narrower than 100 pixels
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.itemSelectionChanged.connect(self._on_selection_changed)

    def sizeHint(self) -> QSize:
        rows = min(max(self.topLevelItemCount(), 2), ROWS) * max(self.sizeHintForRow(0), 1)
        return QSize(super().sizeHint().width(), rows + self.header().sizeHint().height() + 2 * self.frameWidth() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _MOVES and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.move_wanted.emit(_MOVES[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit()
        elif event.key() == Qt.Key.Key_Escape and self.selectedIndexes():
            self.clearSelection()
        elif event.text() == "+":
            self.add_wanted.emit()
        else:
            super().keyPressEvent(event)

    def show_keys(self, keys: tuple[Keyframe, ...]) -> None:
        """Rows for the keys, made anew only where their number has changed."""
        self.blockSignals(True)
        while self.topLevelItemCount() > len(keys):
            self.takeTopLevelItem(self.topLevelItemCount() - 1)
        while self.topLevelItemCount() < len(keys):
            item = QTreeWidgetItem()
            item.setTextAlignment(1, _ALIGNED)
            self.addTopLevelItem(item)
        for place, key in enumerate(keys):
            item = self._item(place)
            then = choice_words(key.then) if place < len(keys) - 1 else ""
            for column, text in enumerate((str(key.at), rate(key.value), then)):
                if item.text(column) != text:
                    item.setText(column, text)
        self.blockSignals(False)
        self.updateGeometry()

    def show_selected(self, indices: Iterable[int], current: int) -> None:
        """Select these rows, and make one of them, or none, the current one."""
        wanted = [index for index in indices if index < self.topLevelItemCount()]
        self.blockSignals(True)
        at = self.model().index(current, 0)
        if at != self.currentIndex():
            self.selectionModel().setCurrentIndex(at, QItemSelectionModel.SelectionFlag.NoUpdate)
        if set(wanted) != set(self.rows()):
            found = QItemSelection()
            for row in wanted:
                found.select(self.model().index(row, 0), self.model().index(row, self.columnCount() - 1))
            self.selectionModel().select(found, _SELECT)
            if wanted:
                self.scrollTo(at)
        self.blockSignals(False)
        self.viewport().update()

    def rows(self) -> tuple[int, ...]:
        """The selected rows."""
        return tuple(sorted({index.row() for index in self.selectedIndexes()}))

    def _item(self, row: int) -> QTreeWidgetItem:
        found = self.topLevelItem(row)
        assert found is not None
        return found

    def _on_selection_changed(self) -> None:
        rows, current = self.rows(), self.currentIndex().row()
        last = (current,) if current in rows else ()
        self.chosen.emit((*(row for row in rows if row not in last), *last))
