"""The list of edits: where one is in it, and a way to any of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from lrdesigner_app.theme import GRID
from lrdesigner_app.workspace import Workspace

_SIZE = (340, 460)


class HistoryList(QDialog):
    """The newest at the bottom; a click or Enter goes there. What was undone is dim, until another edit forgets it."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setWindowTitle("History")
        self.list = QListWidget()
        self.list.setAccessibleName("History")
        self.list.setToolTip("A click or Enter goes back or forward to an edit")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.addWidget(self.list)
        self.resize(*_SIZE)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        workspace.signals.design_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        store = self._workspace.store
        labels = [label or "Start" for label in store.history_labels]
        if labels != [self.list.item(row).text() for row in range(self.list.count())]:
            self.list.clear()
            self.list.addItems(labels)
        for row in range(self.list.count()):
            token = "text" if row <= store.history_place else "secondary"
            self.list.item(row).setForeground(self._workspace.theme.colour(token))
        self.list.setCurrentRow(store.history_place)

    def _go(self, item: QListWidgetItem) -> None:
        self._workspace.store.travel_to(self.list.row(item))
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
