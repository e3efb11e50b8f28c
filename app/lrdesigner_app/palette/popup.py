"""The palette's popup: a field to type in, and the rows that fit."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from lrdesigner_app.actions import ActionSet
from lrdesigner_app.palette.rank import Row, ranked
from lrdesigner_app.palette.rows import do, rows_of
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label
from lrdesigner_app.workspace import Workspace

_SIZE = (560, 380)
_TOP = 6 * GRID
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class Palette(QFrame):
    """Made once for a window, whose rows used last stand first."""

    def __init__(self, actions: ActionSet, workspace: Workspace, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._actions, self._workspace, self._window = actions, workspace, window
        self._rows: list[Row] = []
        self._recent: list[str] = []
        self._focus: QWidget | None = None
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self.field = QLineEdit(placeholderText="What to do…")
        self.field.setAccessibleName("Find a command")
        self.field.setToolTip("Type a part of its name; ↑ ↓ choose, Enter does it, Esc closes")
        self.list = _list()
        self.nothing = label("Nothing is called that.", "secondary")
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.field)
        column.addWidget(self.nothing)
        column.addWidget(self.list)
        self.field.textChanged.connect(self._show_rows)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._do)

    def open(self) -> None:
        """Show it at the top of the window, empty."""
        self._focus = QApplication.focusWidget()
        self._rows = rows_of(self._actions, self._workspace)
        self.field.clear()
        self._show_rows()
        width = min(_SIZE[0], self._window.width() - 2 * GRID)
        self.resize(width, min(_SIZE[1], self._window.height() - _TOP))
        self.move(self._window.mapToGlobal(QPoint((self._window.width() - width) // 2, _TOP)))
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if event.key() in _MOVES:
            QApplication.sendEvent(self.list, event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do(self.list.currentItem())
        elif event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            return False
        return True

    def _show_rows(self) -> None:
        self.list.clear()
        for row in ranked(self._rows, self.field.text(), self._recent):
            item = QTreeWidgetItem([row.title, row.menu, row.key])
            item.setData(0, Qt.ItemDataRole.UserRole, row)
            item.setToolTip(0, row.help)
            secondary = self._workspace.theme.colour("secondary")
            for column in range(3) if not row.enabled else (1, 2):
                item.setForeground(column, secondary)
            if not row.enabled:
                item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{row.title}, not now")
            self.list.addTopLevelItem(item)
        first = self.list.topLevelItem(0)
        self.nothing.setVisible(first is None)
        if first is not None:
            self.list.setCurrentItem(first)

    def _do(self, item: QTreeWidgetItem | None) -> None:
        row = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        if row is None or not row.enabled:
            return
        self._recent = [row.id, *(name for name in self._recent if name != row.id)]
        self._leave()
        do(row, self._actions, self._workspace)

    def _leave(self) -> None:
        self.hide()
        if self._focus is not None and self._window.isAncestorOf(self._focus):
            self._focus.setFocus()
        self._focus = None


def _list() -> QTreeWidget:
    made = QTreeWidget()
    made.setAccessibleName("Commands")
    made.setColumnCount(3)
    made.setHeaderHidden(True)
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setColumnWidth(0, 320)
    made.setColumnWidth(1, 80)
    return made
