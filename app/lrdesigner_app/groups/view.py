"""The list of cards: the whole card is a drop target, and shows it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QToolTip

from lrdesigner_app import dragging
from lrdesigner_app.groups.card_delegate import CARD_GAP, CardDelegate
from lrdesigner_app.groups.card_signs import Sign, sign_tip
from lrdesigner_app.groups.cards_model import CardsModel
from lrdesigner_app.theme import Theme

_DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}

Index = QModelIndex | QPersistentModelIndex


class CardsView(QListView):
    """Shows the groups; what its keys ask for is signalled."""

    remove_requested = Signal()
    move_requested = Signal(int)
    menu_requested = Signal(QPoint)
    sign_clicked = Signal(int, str)
    """The row, and the `Sign` on its card."""

    def __init__(self, theme: Theme, model: CardsModel) -> None:
        super().__init__()
        self._cards = model
        self.setModel(model)
        self._delegate = CardDelegate(theme, model, self)
        self.setItemDelegate(self._delegate)
        self.setObjectName("group_cards")
        self.setAccessibleName("Groups")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        # With "overwrite" Qt takes the whole card as the target, not only its middle.
        self.setDragDropOverwriteMode(True)
        self.setDropIndicatorShown(False)
        theme.changed.connect(self.viewport().update)

    @property
    def drop_row(self) -> int:
        """The card that would take what is being dragged; -1 for none."""
        return self._delegate.drop_row

    def sign_at(self, place: QPoint) -> tuple[int, Sign | None]:
        """The card under a point of the viewport (-1 for none), and the sign on it."""
        index = self.indexAt(place)
        card = QRectF(self.visualRect(index)).adjusted(0, 0, 0, -CARD_GAP)
        return index.row(), self._delegate.sign_at(card, QPointF(place)) if index.isValid() else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row, sign = self.sign_at(event.position().toPoint())
        if sign is not None and event.button() == Qt.MouseButton.LeftButton:
            self.sign_clicked.emit(row, sign)
            return
        super().mousePressEvent(event)

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Paint these cards again; the list's own way would lay all of them out anew, and they keep their size."""
        QAbstractItemView.dataChanged(self, first, last, list(roles))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.sign_at(event.position().toPoint())[1] is not None:
            self.mousePressEvent(event)  # two quick clicks on a sign, not the wish to rename
            return
        super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._point_at(*self.sign_at(event.position().toPoint()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point_at(-1, None)
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row, sign = self.sign_at(event.pos())
            if sign is not None:
                QToolTip.showText(event.globalPos(), sign_tip(sign, self._cards.look, self._cards.ids[row]), self)
                return True
        return super().viewportEvent(event)

    def _point_at(self, row: int, sign: Sign | None) -> None:
        if (row, sign) != self._delegate.pointed:
            self._delegate.pointed = row, sign
            self.viewport().update()
            shape = Qt.CursorShape.ArrowCursor if sign is None else Qt.CursorShape.PointingHandCursor
            self.viewport().setCursor(shape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _DELETE and not event.modifiers():
            self.remove_requested.emit()
        elif event.modifiers() == Qt.KeyboardModifier.AltModifier and event.key() in _MOVES:
            self.move_requested.emit(_MOVES[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place, index = event.pos(), self.indexAt(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            place = self.visualRect(index).bottomLeft()
        if index.isValid():
            self.menu_requested.emit(self.viewport().mapToGlobal(place))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # Qt asks for a target here already; a drag that comes in over the empty ground would then never be heard again.
        if dragging.decode(event.mimeData()):
            self.setState(QAbstractItemView.State.DraggingState)
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        super().dragMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        self._show_drop(index.row() if event.isAccepted() else -1)
        self._show_refusal(index, "" if event.isAccepted() else self._cards.refusal(event.mimeData(), index))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._show_drop(-1)
        self._show_refusal(QModelIndex(), "")

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        super().dropEvent(event)
        self._show_drop(-1)
        self._show_refusal(QModelIndex(), "")

    def _show_drop(self, row: int) -> None:
        if row != self._delegate.drop_row:
            self._delegate.drop_row = row
            self.viewport().update()

    def _show_refusal(self, index: QModelIndex, why: str) -> None:
        """Grey a card that takes nothing of what is dragged, and say why."""
        row = index.row() if why else -1
        if row != self._delegate.refused_row:
            self._delegate.refused_row = row
            self.viewport().update()
            place = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft())
            QToolTip.showText(place, why, self)  # of "" it takes the one away that is shown
