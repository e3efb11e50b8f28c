"""The trials that were kept, as rows of a list."""

from __future__ import annotations

import math
from datetime import datetime

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from lrdesigner.trials.history.entries import KeptTrial
from lrdesigner.trials.history.matching import kind_words
from lrdesigner_app.widgets import LineEdit, fit_columns, plain_tip

COLUMNS = ("When", "Trial", "Steps", "Data", "Loss", "Accuracy", "Ended")
TITLE = 1
_RIGHT = (2, 4, 5)
_RIGHTWARDS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ID = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


class HistoryRows(QTreeWidget):
    """The newest first; several can be selected. What the keys and the mouse ask for is told by signals."""

    show_requested = Signal()
    delete_requested = Signal()
    renamed = Signal(str, str)
    """A trial's id and the title that it should have."""

    def __init__(self) -> None:
        super().__init__()
        self._trials: dict[str, KeptTrial] = {}
        self._later: list[KeptTrial] | None = None
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels(COLUMNS)
        for column in _RIGHT:
            self.headerItem().setTextAlignment(column, _RIGHTWARDS)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Kept trials")
        self.setToolTip(
            "Enter or a double click shows a trial, F2 or a double click on its title renames it, Delete deletes;\n"
            "several that are selected are compared"
        )
        editing = _Titles(self)
        self.setItemDelegateForColumn(TITLE, editing)
        editing.closeEditor.connect(self._on_edited)  # after the list's own, which ends the editing
        self.itemDoubleClicked.connect(self._on_double_clicked)

    @property
    def chosen(self) -> list[str]:
        """The ids of the selected trials, from top to bottom."""
        rows = [self.topLevelItem(row) for row in range(self.topLevelItemCount())]
        return [str(row.data(0, _ID)) for row in rows if row is not None and row.isSelected()]

    @property
    def shows_runs(self) -> bool:
        """Whether all that is selected are runs, not range tests, which have no losses by step."""
        return all(self._trials[one].kind != "range-test" for one in self.chosen)

    def name_of(self, trial: str) -> str:
        """What the trial with this id is called."""
        return self._trials[trial].name

    def trial(self, index: Index) -> KeptTrial:
        """The trial in this row."""
        return self._trials[str(self.itemFromIndex(index).data(0, _ID))]

    def show_trials(self, trials: list[KeptTrial]) -> None:
        """List these; what was selected stays so. While a title is edited, it is done afterwards."""
        if self.state() == QAbstractItemView.State.EditingState:
            self._later = trials
            return
        chosen, current = set(self.chosen), self.currentItem()
        at = current.data(0, _ID) if current is not None else None
        with QSignalBlocker(self):
            self.clear()
            self._trials = {trial.id: trial for trial in trials}
            rows = [_row(trial) for trial in trials]
            self.addTopLevelItems(rows)
            for trial, row in zip(trials, rows, strict=True):
                if trial.id == at:
                    self.setCurrentItem(row)
                row.setSelected(trial.id in chosen)
            fit_columns(self)
        self.itemSelectionChanged.emit()

    def edit_title(self) -> None:
        """Let the title of the current trial be typed."""
        item = self.currentItem()
        if item is not None:
            self.editItem(item, TITLE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() == QAbstractItemView.State.EditingState:  # Enter comes here too after it has ended the editing
            super().keyPressEvent(event)
            return
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.show_requested.emit()
            case Qt.Key.Key_Delete:
                if not event.isAutoRepeat():  # the second press is the answer to a question
                    self.delete_requested.emit()
            case Qt.Key.Key_F2:
                self.edit_title()
            case _:
                super().keyPressEvent(event)

    def _on_double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == TITLE:
            self.editItem(item, TITLE)
        else:
            self.show_requested.emit()

    def _on_edited(self) -> None:
        later, self._later = self._later, None
        if later is not None:
            self.show_trials(later)


class _Titles(QStyledItemDelegate):
    """Edits the title alone, and leaves it to others to change it."""

    def __init__(self, rows: HistoryRows) -> None:
        super().__init__(rows)
        self._rows = rows

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        made = LineEdit()
        made.setParent(parent)
        made.setAccessibleName("Title of the trial")
        return made

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QLineEdit):
            editor.setText(self._rows.trial(index).title)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        title = " ".join(editor.text().split()) if isinstance(editor, QLineEdit) else ""
        trial = self._rows.trial(index)
        if title and title != trial.title:
            self._rows.renamed.emit(trial.id, title)


def cells(trial: KeptTrial) -> tuple[str, ...]:
    """What a row says."""
    kind = kind_words(trial) if trial.kind == "range-test" else ""
    return (
        datetime.fromtimestamp(trial.started).strftime("%Y-%m-%d %H:%M"),
        f"{trial.name} · {kind}" if kind else trial.name,
        f"{trial.updates:,}" if trial.kind != "range-test" else "",
        str(trial.options.get("data", "")).rpartition("/")[2],
        _number(trial.summary.get("final_loss"), "{:.3g}"),
        _number(trial.summary.get("test_accuracy"), "{:.1%}").replace("%", " %"),
        trial.state,
    )


def _row(trial: KeptTrial) -> QTreeWidgetItem:
    row = QTreeWidgetItem(list(cells(trial)))
    row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
    row.setData(0, _ID, trial.id)
    row.setToolTip(TITLE, plain_tip(trial.design_key))
    row.setToolTip(len(COLUMNS) - 1, plain_tip(trial.message))
    for column in _RIGHT:
        row.setTextAlignment(column, _RIGHTWARDS)
    return row


def _number(value: object, form: str) -> str:
    known = isinstance(value, int | float) and math.isfinite(value)
    return form.format(value) if known else ""
