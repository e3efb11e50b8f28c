"""The list of rules; what its keys and its mouse ask for is signalled."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from lrdesigner_app.rules.row_delegate import ROW_HEIGHT, RowDelegate
from lrdesigner_app.rules.rules_model import RulesModel
from lrdesigner_app.theme import Theme

_DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_EDIT = (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_MOST_ROWS = 3


class RulesView(QListView):
    """As high as its rules, up to a few; rows are dragged to another place."""

    edit_requested = Signal()
    remove_requested = Signal()
    move_requested = Signal(int)
    group_requested = Signal(int)
    """Number of the key, from 1."""
    menu_requested = Signal(QPoint)
    left = Signal()
    """Esc: none of the rules is meant any more."""

    def __init__(self, theme: Theme, model: RulesModel) -> None:
        super().__init__()
        self.setModel(model)
        self._delegate = RowDelegate(theme, model, self)
        self._editor: QWidget | None = None
        self.setItemDelegate(self._delegate)
        self.setObjectName("rules")
        self.setAccessibleName("Rules")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        theme.changed.connect(self.viewport().update)
        model.modelReset.connect(self._forget_editor)
        model.modelReset.connect(self.fit)
        self.fit()

    @property
    def edited_row(self) -> int:
        """The row that has an editor; -1 for none."""
        return self._delegate.edited_row

    def open_editor(self, row: int, editor: QWidget) -> None:
        """Put an editor over a row, which becomes as high as it."""
        self.close_editor()
        self._editor = editor
        self._delegate.edited_row = row
        self.grow_editor()
        self.setIndexWidget(self.model().index(row, 0), editor)
        self.scrollTo(self.model().index(row, 0))

    def grow_editor(self) -> None:
        """The editor's text has become longer or shorter."""
        if self._editor is None:
            return
        width = self.viewport().width()
        layout = self._editor.layout()
        height = layout.heightForWidth(width) if layout is not None and layout.hasHeightForWidth() else 0
        self._delegate.edited_height = max(height, self._editor.sizeHint().height())
        self.scheduleDelayedItemsLayout()
        self.fit()

    def close_editor(self) -> None:
        """Show the row itself again."""
        row = self._delegate.edited_row
        self._forget_editor()
        if row >= 0:
            self.setIndexWidget(self.model().index(row, 0), None)  # type: ignore[arg-type]
            self.scheduleDelayedItemsLayout()
            self.fit()

    def fit(self) -> None:
        """Take the height of the rows."""
        rows = self.model().rowCount()
        edited = self._delegate.edited_height if self._delegate.edited_row >= 0 else ROW_HEIGHT
        height = min(rows, _MOST_ROWS) * ROW_HEIGHT + (edited - ROW_HEIGHT)
        self.setFixedHeight(max(height, 0) + 2)
        self.setVisible(bool(rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        if key in _DELETE and not modifiers:
            self.remove_requested.emit()
        elif key in _EDIT and not modifiers:
            self.edit_requested.emit()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif modifiers == Qt.KeyboardModifier.AltModifier and key in _MOVES:
            self.move_requested.emit(_MOVES[key])
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and not modifiers:
            self.group_requested.emit(key - Qt.Key.Key_0)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        if self.indexAt(event.position().toPoint()).isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.edit_requested.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place, index = event.pos(), self.indexAt(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            place = self.visualRect(index).bottomLeft()
        if index.isValid():
            self.menu_requested.emit(self.viewport().mapToGlobal(place))

    def _forget_editor(self) -> None:
        self._editor = None
        self._delegate.edited_row, self._delegate.edited_height = -1, 0
