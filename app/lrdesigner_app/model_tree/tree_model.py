"""The item model of the tree. Indexes carry row ids (integers), never objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from lrdesigner.document import Design
from lrdesigner.membership import membership
from lrdesigner.numbers import count
from lrdesigner_app import dragging
from lrdesigner_app.model_tree.rows import NO_PARENT, Ownership, Rows, ownership_of, rows_of
from lrdesigner_app.model_tree.tooltips import tooltip
from lrdesigner_app.widgets import plain_tip

Index = QModelIndex | QPersistentModelIndex
NAME, TYPE, SIZE = range(3)
HEADERS = ("Module", "Type", "Parameters")
TIMES = " \N{MULTIPLICATION SIGN} "
MAX_RANGES = 64

_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn around a name: colour numbers of the groups below, and badges."""

    colours: tuple[int, ...]
    pinned: bool
    tied: bool
    frozen: bool


class TreeModel(QAbstractItemModel):
    """Modules and parameters of the design's inventory, with the groups that have them."""

    def __init__(self, design: Design, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._design = design
        self._rows = rows_of(design.model.inventory)
        self._ownership: Ownership | None = None
        self._show(None)

    @property
    def rows(self) -> Rows:
        """The inventory in tree order, whatever the filter."""
        return self._rows

    def set_design(self, design: Design) -> None:
        """Show another design; resets only when the inventory is another one."""
        before, self._design = self._design, design
        if before.model.inventory is not design.model.inventory:
            self.beginResetModel()
            self._rows = rows_of(design.model.inventory)
            self._ownership = None
            self._show(None)
            self.endResetModel()
        elif before.pins is not design.pins or _looks(before) != _looks(design):
            old, self._ownership = self._ownership, None
            if old is not None:
                self._tell_changed(old, self._owned(), recoloured=_looks(before) != _looks(design))

    def set_shown(self, rows: frozenset[int] | None) -> None:
        """Show only these rows (they include what is around them); None shows all."""
        self.beginResetModel()
        self._show(rows)
        self.endResetModel()

    def row_id(self, index: Index) -> int:
        """The id of an index's row."""
        return int(index.internalId())

    def parent_id(self, index: Index) -> int:
        """The id of the row around an index's row; `NO_PARENT` for the model's own."""
        return self._rows.parents[self.row_id(index)]

    def path(self, index: Index) -> str:
        """The dotted path of an index's row."""
        return self._rows.paths[self.row_id(index)]

    def index_of(self, path: str) -> QModelIndex:
        """Where a path is shown; invalid when it is not."""
        row = self._rows.ids.get(path)
        return _NOWHERE if row is None else self.index_of_row(row)

    def index_of_row(self, row: int) -> QModelIndex:
        """Where a row is shown; invalid when the filter hides it."""
        position = self._positions.get(row)
        return _NOWHERE if position is None else self.createIndex(position, 0, row)

    def children_of(self, row: int) -> list[int]:
        """The ids of the rows shown directly in a row."""
        return self._inner.get(row, [])

    def marks(self, index: Index) -> Marks:
        """What is drawn around the name of a row."""
        row = self.row_id(index)
        owned, parameter = self._owned(), self._rows.parameters[row]
        mask = owned.masks[row]
        return Marks(
            colours=tuple(group.colour for bit, group in enumerate(self._design.groups) if mask >> bit & 1),
            pinned=row in owned.pinned,
            tied=parameter is not None and parameter.tied_to is not None,
            frozen=self._rows.numels[row] > 0 and not self._rows.trainable[row],
        )

    def is_empty(self, index: Index) -> bool:
        """Whether a row holds no parameters at all."""
        return self._rows.numels[self.row_id(index)] == 0

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        children = self._children(parent)
        if 0 <= row < len(children) and 0 <= column < len(HEADERS):
            return self.createIndex(row, column, children[row])
        return _NOWHERE

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        if not index.isValid():
            return _NOWHERE
        outer = self._rows.parents[self.row_id(index)]
        return _NOWHERE if outer == NO_PARENT else self.index_of_row(outer)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return len(self._children(parent))

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return len(HEADERS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(HEADERS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return ("", "Type of a module, shape of a parameter", "Numbers below this row, shared ones once")[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.row_id(index)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, index.column())
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(index.column())
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(tooltip(self._rows, row, self._design, membership(self._design)))
            case Qt.ItemDataRole.AccessibleTextRole if index.column() == NAME:
                return self._spoken(index)
        return None

    def mimeTypes(self) -> list[str]:
        return [dragging.MIME]

    def mimeData(self, indexes: Iterable[Index]) -> QMimeData:
        rows = sorted({self.row_id(index) for index in indexes if index.isValid()})
        return dragging.encode([self._rows.paths[row] for row in rows])

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def _text(self, row: int, column: int) -> str:
        if column == NAME:
            return self._rows.names[row]
        if column == SIZE:
            return count(self._rows.numels[row]) if self._rows.numels[row] else ""
        parameter = self._rows.parameters[row]
        if parameter is None:
            return self._rows.types[row] if row else ""
        return TIMES.join(str(size) for size in parameter.shape) or "scalar"

    def _spoken(self, index: Index) -> str:
        row, marks = self.row_id(index), self.marks(index)
        names = [group.name for bit, group in enumerate(self._design.groups) if self._owned().masks[row] >> bit & 1]
        parts = [self._text(row, NAME), self._text(row, TYPE)]
        parts.append(f"{self._text(row, SIZE)} parameters" if self._rows.numels[row] else "no parameters")
        parts.append(f"in {', '.join(names)}" if names else "")
        flags = (("pinned", marks.pinned), ("tied", marks.tied), ("frozen", marks.frozen))
        parts += [word for word, true in flags if true]
        return ", ".join(part for part in parts if part)

    def _owned(self) -> Ownership:
        if self._ownership is None:
            self._ownership = ownership_of(self._rows, self._design)
        return self._ownership

    def _children(self, parent: Index) -> list[int]:
        if not parent.isValid():
            return self._inner.get(NO_PARENT, [])
        return self.children_of(self.row_id(parent)) if parent.column() == 0 else []

    def _show(self, rows: frozenset[int] | None) -> None:
        self._inner: dict[int, list[int]] = {}
        self._positions: dict[int, int] = {}
        for row in range(len(self._rows)) if rows is None else sorted(rows):
            siblings = self._inner.setdefault(self._rows.parents[row], [])
            self._positions[row] = len(siblings)
            siblings.append(row)

    def _tell_changed(self, old: Ownership, new: Ownership, recoloured: bool) -> None:
        if recoloured:
            differing = set(self._positions)
        else:
            masks = np.flatnonzero(np.array(old.masks, dtype=object) != np.array(new.masks, dtype=object))
            differing = set(masks.tolist()) | (old.pinned ^ new.pinned)
        shown = sorted(row for row in differing if row in self._positions)
        ranges = groupby(shown, key=self._rows.parents.__getitem__)
        for number, (_, found) in enumerate(ranges):
            # The view repaints as a whole on any of these, so the rest of very many would only cost time.
            if number == MAX_RANGES:
                return
            positions = list(found)
            first, last = self.index_of_row(positions[0]), self.index_of_row(positions[-1])
            self.dataChanged.emit(first, last.siblingAtColumn(SIZE))


def _looks(design: Design) -> tuple[object, ...]:
    return (design.remainder, *((group.id, group.name, group.colour) for group in design.groups))


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == SIZE else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
