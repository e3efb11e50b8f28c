"""The button that makes a group; modules can be dropped on it too."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QPushButton

from lrdesigner_app import dragging
from lrdesigner_app.widgets import restyle


class NewGroupButton(QPushButton):
    """`+ New group`: click for an empty one, drop modules for one that holds them."""

    paths_dropped = Signal(object)
    """A tuple of paths."""

    def __init__(self) -> None:
        super().__init__("+ New group")
        self.setObjectName("new_group")
        self.setProperty("role", "quiet")
        self.setAccessibleName("New group")
        self.setToolTip("Add a group; drop modules here for a group of them")
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dragging.decode(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._highlight(True)
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._highlight(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._highlight(False)
        if paths := dragging.decode(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.paths_dropped.emit(paths)
        else:
            event.ignore()

    def _highlight(self, on: bool) -> None:
        self.setProperty("dropping", on)
        restyle(self)
