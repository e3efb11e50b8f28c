"""The item model of the tree. Indexes carry row ids (integers), never objects; rows are looked at as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from lrdesigner.document import Design
from lrdesigner.membership import BY_REMAINDER
from lrdesigner.model_rows import NO_PARENT, Bools, Ints, Rows, forward_ranks, rows_of
from lrdesigner.numbers import count
from lrdesigner.owned_rows import OwnedRows, owned_rows
from lrdesigner_app import dragging
from lrdesigner_app.model_tree.tooltips import reason_place, shape_text, tooltip
from lrdesigner_app.widgets import plain_tip

Index = QModelIndex | QPersistentModelIndex
NAME, TYPE, SIZE = range(3)
HEADERS = ("Module", "Type", "Parameters")

_NOWHERE = QModelIndex()
_USABLE = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn around a name: colour numbers of the groups below, and badges."""

    colours: tuple[int, ...] = ()
    pinned: bool = False
    ruled: bool = False
    tied: bool = False
    frozen: bool = False
    refused: bool = False


class TreeModel(QAbstractItemModel):
    """Modules and parameters of the design's inventory, with the groups that have them."""

    def __init__(self, design: Design, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._design = design
        self._rows = rows_of(design.model.inventory)
        self._owned = owned_rows(design)
        self._marks: dict[int, Marks] = {}
        self._pinned = _pinned(design)
        self._shown: Bools | None = None
        self._ranks: Ints | None = None
        self._inner: dict[int, list[int]] = {}
        self._positions: dict[int, int] = {}
        self._show(None)

    @property
    def rows(self) -> Rows:
        """The inventory in tree order, whatever the filter."""
        return self._rows

    @property
    def owned(self) -> OwnedRows:
        """Which groups have what."""
        return self._owned

    @property
    def forward(self) -> bool:
        """Whether modules stand in the order in which a forward pass enters them."""
        return self._ranks is not None

    def set_design(self, design: Design) -> None:
        """Show another design; resets only when the inventory is another one."""
        before, self._design = self._design, design
        if before.model.inventory is not design.model.inventory:
            self.beginResetModel()
            self._rows = rows_of(design.model.inventory)
            self._own()
            self._ranks = None
            self._show(None)
            self.endResetModel()
        elif (
            owned_rows(design) is not self._owned or before.pins is not design.pins or _looks(before) != _looks(design)
        ):
            self._own()
            # One notice for all: the view paints what it shows anew, however many rows differ.
            self.dataChanged.emit(self.index(0, 0), self.index(0, SIZE))

    def set_shown(self, rows: Bools | None) -> None:
        """Show only these rows (they include what is around them); None shows all."""
        self.beginResetModel()
        self._show(rows)
        self.endResetModel()

    def set_forward(self, on: bool) -> None:
        """Show modules in the order of a forward pass, where it is known, or in that of their definition."""
        self.beginResetModel()
        self._ranks = forward_ranks(self._design.model.inventory) if on else None
        self._show(self._shown)
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
        if position is None:
            self.children_of(self._rows.parents[row])
            position = self._positions.get(row)
        return _NOWHERE if position is None else self.createIndex(position, 0, row)

    def children_of(self, row: int) -> list[int]:
        """The ids of the rows shown directly in a row."""
        found = self._inner.get(row)
        if found is None:
            found = self._inner[row] = self._find_children(row)
            self._positions.update(zip(found, range(len(found)), strict=True))
        return found

    def share_of_rule(self, index: Index, place: int | None) -> Literal["all", "some", "none"]:
        """How much of what lies below a row the rule at a place takes; None: there is no rule."""
        reasons = () if place is None else self._owned.reasons_of(self.row_id(index))
        if place is None or -2 - place not in reasons:
            return "none"
        return "all" if len(reasons) == 1 else "some"

    def marks(self, index: Index) -> Marks:
        """What is drawn around the name of a row."""
        row = self.row_id(index)
        found = self._marks.get(row)
        if found is None:
            found = self._marks[row] = self._find_marks(row)
        return found

    def is_empty(self, index: Index) -> bool:
        """Whether a row holds no parameters at all."""
        return len(self._owned.parameters_below(self.row_id(index))) == 0

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

    def hasChildren(self, parent: Index = _NOWHERE) -> bool:
        if not parent.isValid():
            return True
        return parent.column() == 0 and bool(self._filled[parent.internalId()])

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return len(HEADERS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _USABLE if index.isValid() else Qt.ItemFlag.NoItemFlags

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
                return plain_tip(tooltip(self._design, self._owned, row))
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
            return self._rows.name(row)
        if column == SIZE:
            number = int(self._rows.numels[row])
            return count(number) if number else ""
        parameter = self._rows.parameters[row]
        if parameter is None:
            return self._rows.types[row] if row else ""
        return "lazy" if parameter.lazy else shape_text(parameter.shape)

    def _spoken(self, index: Index) -> str:
        row, marks = self.row_id(index), self.marks(index)
        names = [self._design.group(group).name for group in self._owned.groups_of(row)]
        parts = [self._text(row, NAME), self._text(row, TYPE)]
        parts.append(f"{self._text(row, SIZE)} parameters" if self._rows.numels[row] else "no parameters")
        parts.append(f"in {', '.join(names)}" if names else "")
        flags = ("pinned", marks.pinned), ("by a rule", marks.ruled), ("tied", marks.tied), ("frozen", marks.frozen)
        parts += [word for word, true in flags if true]
        parts += ["refused by the optimizer of its group"] if marks.refused else []
        return ", ".join(part for part in parts if part)

    def _find_marks(self, row: int) -> Marks:
        owned, parameter = self._owned, self._rows.parameters[row]
        colours = {group.id: group.colour for group in self._design.groups}
        pinned = self._rows.paths[row] in self._pinned
        if parameter is not None:
            pinned = pinned or (parameter.tied_to or parameter.name) in self._pinned
        reason = reason_place(owned, row)
        return Marks(
            colours=tuple(colours[group] for group in owned.groups_of(row)),
            pinned=pinned,
            ruled=reason is not None and reason < BY_REMAINDER,
            tied=parameter is not None and parameter.tied_to is not None,
            frozen=self._rows.numels[row] > 0 and not self._rows.trainable[row],
            refused=(pinned or parameter is not None) and owned.is_refused(row),
        )

    def _children(self, parent: Index) -> list[int]:
        if not parent.isValid():
            return self.children_of(NO_PARENT)
        return self.children_of(self.row_id(parent)) if parent.column() == 0 else []

    def _find_children(self, row: int) -> list[int]:
        if row == NO_PARENT:
            return [0] if self._shown is None or self._shown[0] else []
        inner = self._rows.children(row)
        if self._shown is not None:
            inner = inner[self._shown[inner]]
        if self._ranks is not None:
            inner = inner[self._ranks[inner].argsort(kind="stable")]
        found: list[int] = inner.tolist()
        return found

    def _show(self, rows: Bools | None) -> None:
        self._shown = rows
        self._inner, self._positions = {}, {}
        # Which rows show others in them. What is around a shown row is shown, so the children tell.
        self._filled = np.zeros(len(self._rows), dtype=np.bool_)
        self._filled[self._rows.parent_rows[1:] if rows is None else self._rows.parent_rows[1:][rows[1:]]] = True

    def _own(self) -> None:
        self._owned, self._pinned = owned_rows(self._design), _pinned(self._design)
        self._marks = {}


def _pinned(design: Design) -> frozenset[str]:
    return frozenset([pin.path for pin in design.pins])


def _looks(design: Design) -> tuple[object, ...]:
    return (design.remainder, *((group.id, group.name, group.colour) for group in design.groups))


def _alignment(column: int) -> Qt.AlignmentFlag:
    return _RIGHT if column == SIZE else _LEFT
