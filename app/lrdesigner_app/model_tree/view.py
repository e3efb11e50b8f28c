"""The tree view: rows with a full-width background, our arrows, keys for groups, drags with a telling chip."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QDrag,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyleOptionViewItem, QTreeView

from lrdesigner.model_rows import Bools
from lrdesigner_app import dragging
from lrdesigner_app.model_tree.marks import paint_arrow
from lrdesigner_app.model_tree.row_delegate import RowDelegate
from lrdesigner_app.model_tree.tree_model import NAME, SIZE, TYPE, TreeModel
from lrdesigner_app.workspace import Workspace

INDENT = 16
TYPE_WIDTH, SIZE_WIDTH = 120, 80
ROOM_FOR_TYPES = 400
FIRST_LOOK_ROWS = 30
MARK_WIDTH = 3
# Qt asks for each row that is laid out, whether it can be seen or not.
MOST_OPENED_ROWS = 400


class TreeView(QTreeView):
    """Shows the model tree; what its keys ask for is signalled."""

    assign_requested = Signal(int)
    unpin_requested = Signal()
    group_requested = Signal()
    find_requested = Signal()
    clear_requested = Signal()
    all_requested = Signal()
    why_requested = Signal()
    copy_requested = Signal()
    expand_requested = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, workspace: Workspace, model: TreeModel) -> None:
        super().__init__()
        self._workspace = workspace
        self._rows_model = model
        self._delegate = RowDelegate(workspace.theme, model, self)
        self._open_rows: set[int] = set()
        self._remembering = True
        self._marked_rule: int | None = None
        self.setObjectName("model_tree")
        self.setAccessibleName("Modules and parameters of the model")
        self._build()
        self._connect()
        self.first_look()

    def _build(self) -> None:
        self.setModel(self._rows_model)
        self.setItemDelegate(self._delegate)
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(False)
        self.setIndentation(INDENT)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setSectionsMovable(False)
        header.setHighlightSections(False)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(48)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(TYPE, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(SIZE, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(TYPE, TYPE_WIDTH)
        header.resizeSection(SIZE, SIZE_WIDTH)

    def _connect(self) -> None:
        self.expanded.connect(self._on_expanded)
        self.collapsed.connect(self._on_collapsed)
        self._rows_model.dataChanged.connect(self.viewport().update)
        self._workspace.theme.changed.connect(self.viewport().update)

    def selected_paths(self) -> tuple[str, ...]:
        """The selected rows, in tree order."""
        return tuple(self._rows_model.rows.paths[row] for row in self._selected_rows())

    def selectAll(self) -> None:
        """Ask for it: everything is one row, the model's, or what the filter found."""
        self.all_requested.emit()

    def select_paths(self, paths: tuple[str, ...], *, reveal: bool = False) -> None:
        """Select these rows, as far as they are shown; the last becomes the current one."""
        found = [index for path in paths if (index := self._rows_model.index_of(path)).isValid()]
        selection = QItemSelection()
        for index in found:
            selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().select(selection, flags)
        if found:
            self.selectionModel().setCurrentIndex(found[-1], QItemSelectionModel.SelectionFlag.NoUpdate)
            if reveal:
                self.scrollTo(found[0])

    @property
    def marked_rule(self) -> int | None:
        """The place of the rule of which it is marked what it takes."""
        return self._marked_rule

    def mark_rule(self, place: int | None) -> None:
        """Mark what a rule takes: rows all of which it has, and, more faintly, those in which it has something."""
        if place != self._marked_rule:
            self._marked_rule = place
            self.viewport().update()

    def first_look(self) -> None:
        """Open level by level while all fits in a screenful; parameters stay folded in their modules."""
        self._open_rows.clear()
        rows = self._rows_model.rows
        level, shown = [0], 1
        while level:
            inner = [child for row in level for child in self._rows_model.children_of(row)]
            if shown > 1 and shown + len(inner) > FIRST_LOOK_ROWS:
                break
            self._open_rows.update(level)
            shown += len(inner)
            level = [row for row in inner if any(rows.parameters[c] is None for c in self._rows_model.children_of(row))]
        self.reopen()

    def open_paths(self) -> tuple[str, ...]:
        """What the person has open, by names, which outlast another inventory."""
        paths = self._rows_model.rows.paths
        return tuple(paths[row] for row in sorted(self._open_rows))

    def set_open_paths(self, paths: tuple[str, ...]) -> None:
        """Open these, as far as the inventory has them, and nothing else."""
        ids = self._rows_model.rows.ids
        self._open_rows = {0, *(ids[path] for path in paths if path in ids)}
        self.reopen()

    def reopen(self) -> None:
        """Open what the person had open, after the rows were set up anew."""
        self._open(sorted(self._open_rows))

    def open_for_a_while(self, opened: Bools, first: int) -> None:
        """Open these rows without remembering: those around `first`, then others in order while there is room."""
        self._open(self._within_limit({0, *self._rows_model.rows.around(first)}, np.flatnonzero(opened).tolist()))

    def expand_below(self) -> bool:
        """Open everything in the selected modules; False if that is more than there is room for."""
        model = self._rows_model
        wanted = [
            row for top in self._selected_rows() for row in model.rows.below(top) if model.rows.parameters[row] is None
        ]
        fitting = self._within_limit(set(), wanted)
        self._open_rows |= set(fitting)
        self._open(fitting)
        return len(fitting) == len(set(wanted))

    def remember(self, on: bool) -> None:
        """Whether opening and closing rows is to outlast the filter."""
        self._remembering = on

    def drag(self) -> QDrag | None:
        """The drag of the selection; None when nothing is selected."""
        paths = self.selected_paths()
        if not paths:
            return None
        drag = QDrag(self)
        drag.setMimeData(dragging.encode(paths))
        text = dragging.drag_text(self._workspace.design.model.inventory, paths)
        drag.setPixmap(dragging.drag_pixmap(text, self._workspace.theme, self.font(), self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(-12, -6))
        return drag

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N803
        if (drag := self.drag()) is not None:
            drag.exec(Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Find):
            self.find_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        elif event.key() == Qt.Key.Key_Asterisk:  # typed with Shift on many keyboards
            self.expand_requested.emit()
        elif event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif Qt.Key.Key_1 <= event.key() <= Qt.Key.Key_9:
            self.assign_requested.emit(event.key() - Qt.Key.Key_0)
        elif event.key() == Qt.Key.Key_0:
            self.unpin_requested.emit()
        elif event.key() == Qt.Key.Key_N:
            self.group_requested.emit()
        elif event.key() == Qt.Key.Key_W:
            self.why_requested.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear_requested.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            first = self._rows_model.index(0, 0)
            self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.pos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            place = self.visualRect(self.currentIndex()).bottomLeft()
        self.menu_requested.emit(self.viewport().mapToGlobal(place))

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Beside deep rows there is no room for a column of types; names come first and carry the type behind them.
        self._delegate.types_behind_names = self.width() < ROOM_FOR_TYPES
        self.setColumnHidden(TYPE, self._delegate.types_behind_names)
        super().resizeEvent(event)

    def drawRow(
        self, painter: QPainter, options: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect = options.rect
        theme = self._workspace.theme
        if self.selectionModel().isSelected(index):
            painter.fillRect(rect, theme.colour("selection"))
        elif self.viewport().underMouse() and rect.contains(self.viewport().mapFromGlobal(QCursor.pos())):
            painter.fillRect(rect, theme.colour("hover"))
        self._paint_rule_mark(painter, QRectF(rect), index)
        super().drawRow(painter, options, index)
        current = self.currentIndex()
        if self.hasFocus() and current.isValid() and current.internalId() == index.internalId():
            painter.save()
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.drawRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5))
            painter.restore()

    def _paint_rule_mark(self, painter: QPainter, rect: QRectF, index: QModelIndex | QPersistentModelIndex) -> None:
        share = self._rows_model.share_of_rule(index, self._marked_rule)
        if share != "none":
            colour = self._workspace.theme.colour("accent")
            if share == "all" and not self.selectionModel().isSelected(index):
                painter.fillRect(rect, self._workspace.theme.colour("hover"))
            painter.setOpacity(1.0 if share == "all" else 0.4)
            painter.fillRect(QRectF(rect.left(), rect.top() + 1, MARK_WIDTH, rect.height() - 2), colour)
            painter.setOpacity(1.0)

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        if not self._rows_model.path(index) or not self._rows_model.hasChildren(index):
            return
        centre = QRectF(rect.right() - INDENT + 1, rect.top(), INDENT, rect.height()).center()
        paint_arrow(painter, centre, self.isExpanded(index), self._workspace.theme.colour("secondary"))

    def _selected_rows(self) -> list[int]:
        # Not by `selectedRows`: its time grows with the square of the number of separate rows.
        rows: set[int] = set()
        for part in self.selectionModel().selection().toList():
            siblings = self._rows_model.children_of(self._rows_model.parent_id(part.topLeft()))
            rows.update(siblings[part.top() : part.bottom() + 1])
        return sorted(rows)

    def _within_limit(self, first: set[int], others: Iterable[int]) -> list[int]:
        """`first`, and of the others those whose rows still fit; in tree order, so that outer ones come before."""
        found, shown = set(first), sum(len(self._rows_model.children_of(row)) for row in first)
        for row in others:
            if row in found:
                continue
            if shown > MOST_OPENED_ROWS:
                break
            inner = len(self._rows_model.children_of(row))
            if inner <= 2 * MOST_OPENED_ROWS:
                found.add(row)
                shown += inner
        return sorted(found)

    def _open(self, rows: Iterable[int]) -> None:
        before, self._remembering = self._remembering, False
        # With a layout of everything still to come, Qt only notes what is opened, and lays it out once.
        self.scheduleDelayedItemsLayout()
        for row in rows:
            if (index := self._rows_model.index_of_row(row)).isValid():
                self.expand(index)
        self._remembering = before

    def _on_expanded(self, index: QModelIndex) -> None:
        if self._remembering:
            self._open_rows.add(self._rows_model.row_id(index))

    def _on_collapsed(self, index: QModelIndex) -> None:
        if not self._rows_model.path(index):
            # The model's own row has no arrow to open it again.
            self.expand(index)
        elif self._remembering:
            self._open_rows.discard(self._rows_model.row_id(index))
