"""The list of edits: where one is in it, and a way to any of them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QDialog, QListView, QVBoxLayout, QWidget

from lrdesigner.store import Change
from lrdesigner_app.theme import GRID
from lrdesigner_app.workspace import Workspace

_SIZE = (340, 460)
_NOWHERE = QModelIndex()

Index = QModelIndex | QPersistentModelIndex


class HistoryEntries(QAbstractListModel):
    """The labels of the history, the oldest first. Thousands of them cost no more than those that are in view."""

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._labels = workspace.store.history_labels

    def refresh(self) -> None:
        """The history is another, or one is at another place of it."""
        self.beginResetModel()
        self._labels = self._workspace.store.history_labels
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._labels)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._labels[index.row()] or "Start"
        if role == Qt.ItemDataRole.ForegroundRole and index.row() > self._workspace.store.history_place:
            return self._workspace.theme.colour("secondary")
        return None


class HistoryList(QDialog):
    """The newest at the bottom; a click or Enter goes there. What was undone is dim, until another edit forgets it."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setWindowTitle("History")
        self.entries = HistoryEntries(workspace, self)
        self.list = QListView()
        self.list.setUniformItemSizes(True)
        self.list.setModel(self.entries)
        self.list.setAccessibleName("History")
        self.list.setToolTip("A click or Enter goes back or forward to an edit")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.addWidget(self.list)
        self.resize(*_SIZE)
        self.list.clicked.connect(self._go)
        self.list.activated.connect(self._go)
        workspace.signals.design_changed.connect(self._on_design_changed)
        self._show_place()

    def _on_design_changed(self, change: Change) -> None:
        if change.kind not in ("preview", "cancel", "saved"):  # those leave the history as it is
            self.entries.refresh()
            self._show_place()

    def _show_place(self) -> None:
        self.list.setCurrentIndex(self.entries.index(self._workspace.store.history_place))

    def _go(self, index: QModelIndex) -> None:
        self._workspace.store.travel_to(index.row())
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
