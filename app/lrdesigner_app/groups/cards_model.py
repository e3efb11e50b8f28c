"""The item model of the cards: one row per group, known by its id, and the rules of dropping."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from lrdesigner import edits
from lrdesigner.document import Design, Group
from lrdesigner.expansion import ParamGroup, expanded
from lrdesigner.following import leader_of
from lrdesigner.membership import membership
from lrdesigner.numbers import count, rate
from lrdesigner.optimizers import optimizer_of
from lrdesigner.store import Change
from lrdesigner_app import dragging
from lrdesigner_app.curve_display import Look
from lrdesigner_app.groups.card_signs import look_words
from lrdesigner_app.groups.refusals import acceptable, passed_over, refusal_text, why_refused
from lrdesigner_app.notices import Notice
from lrdesigner_app.widgets import plain_tip
from lrdesigner_app.workspace import KEYS, Workspace

Index = QModelIndex | QPersistentModelIndex

_NOWHERE = QModelIndex()


class CardsModel(QAbstractListModel):
    """The design's groups in their order."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._ids = _ids(workspace.design)
        workspace.display.changed.connect(self._on_look_changed)

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the groups, in the order of the rows."""
        return self._ids

    @property
    def look(self) -> Look:
        """How the curves are looked at."""
        return self._workspace.display.look

    def group(self, index: Index) -> Group:
        """The group of a row."""
        return self._workspace.design.group(self._ids[index.row()])

    def index_of(self, group: int) -> QModelIndex:
        """The row of a group; invalid when there is none."""
        return self.index(self._ids.index(group)) if group in self._ids else _NOWHERE

    def amount(self, index: Index) -> str:
        """How much a group holds: `769 K`, `no parameters`, `2.36 M frozen`."""
        held = membership(self._workspace.design).amount(self._ids[index.row()])
        if held.trainable:
            return count(held.trainable)
        return f"{count(held.frozen)} frozen" if held.frozen else "no parameters"

    def detail(self, index: Index) -> str:
        """The amount and what matters most of the rate: of whom it is, how it falls, or the base lr."""
        return f"{self.amount(index)} · {self.rate_words(index)}"

    def rate_words(self, index: Index) -> str:
        """ "× 10 of backbone", "layer decay 0.75" or "lr 5e-4"."""
        group = self.group(index)
        if group.follow is not None:
            return f"× {rate(group.follow.scale)} of {leader_of(self._workspace.design, group).name}"
        if group.layer_decay is not None:
            return f"layer decay {rate(group.layer_decay.factor)}"
        return f"lr {rate(group.lr.base)}"

    def takes_the_rest(self, index: Index) -> bool:
        """Whether this is the group of everything that no pin reaches."""
        return self._ids[index.row()] == self._workspace.design.remainder

    def follow(self, change: Change) -> bool:
        """Show another design; True when the cards were set up anew."""
        before, after = change.before, change.after
        ids = _ids(after)
        if ids != self._ids:
            self.beginResetModel()
            self._ids = ids
            self.endResetModel()
            return True
        same = before.pins is after.pins and before.remainder == after.remainder
        if not (same and before.rules is after.rules and before.model.inventory is after.model.inventory):
            self.dataChanged.emit(self.index(0), self.index(len(ids) - 1))
        elif before.groups is not after.groups:
            self._tell_differing(before.groups, after.groups)
        return False

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._ids):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return self.group(index).name
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(self._tooltip(index))
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(self._spoken(index))
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        group, name = self.group(index), " ".join(str(value).split())
        return self._workspace.commit(f"Rename {group.name} to {name}", edits.rename_group, group.id, name)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            # The list as such; whether a place in it takes a drop is for `canDropMimeData`.
            return Qt.ItemFlag.ItemIsDropEnabled
        usable = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return usable | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDropEnabled

    def mimeTypes(self) -> list[str]:
        return [dragging.MIME]

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        return self._target(row, parent) is not None and bool(dragging.decode(data)) and not self.refusal(data, parent)

    def refusal(self, data: QMimeData, card: Index) -> str:
        """Why a card would take nothing of what is dragged; "" when it would take some."""
        if not card.isValid():
            return ""
        return why_refused(self._workspace.design, dragging.decode(data), self._ids[card.row()])

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        target, paths = self._target(row, parent), dragging.decode(data)
        if target is None or not paths:
            return False
        design = self._workspace.design
        taken = acceptable(design, paths, target)
        words = dragging.what(design.model.inventory, taken)
        done = self._workspace.commit(f"Assign {words} to {design.group(target).name}", edits.assign, taken, target)
        refused = refusal_text(self._workspace.design, paths, target)
        if refused:
            self._workspace.post(Notice(refused))
        return done

    def _tell_differing(self, before: tuple[Group, ...], after: tuple[Group, ...]) -> None:
        """Not all cards where one is dragged: painting them takes longer than painting the plot."""
        differing = [row for row, (was, now) in enumerate(zip(before, after, strict=True)) if was is not now]
        if not all(_concerns_itself(before[row], after[row]) for row in differing):
            self.dataChanged.emit(self.index(0), self.index(len(after) - 1))
            return
        for row in differing:
            self.dataChanged.emit(self.index(row), self.index(row))

    def _target(self, row: int, parent: Index) -> int | None:
        """On, above or below a card all mean that card; the empty ground means none."""
        if parent.isValid():
            row = parent.row()
        elif row == len(self._ids):
            row -= 1
        return self._ids[row] if 0 <= row < len(self._ids) else None

    def _tooltip(self, index: Index) -> str:
        held = membership(self._workspace.design).amount(self._ids[index.row()])
        lines = [self.group(index).name]
        lines.append(f"{held.trainable:,} parameters in {held.tensors:,} tensor{'' if held.tensors == 1 else 's'}")
        if held.frozen:
            lines.append(f"{held.frozen:,} frozen ones (requires_grad is False) are left out")
        if self.takes_the_rest(index):
            lines.append("Takes what no other group has")
        if not held.tensors:
            lines[1:2] = ["no parameters: drop modules here"]
        return "\n".join([*lines, *self._within(index)])

    def _within(self, index: Index) -> list[str]:
        """What torch will see of a group where that is more than one param group, and what it does not get."""
        design, group = self._workspace.design, self.group(index)
        parts = expanded(design, group, membership(design).trainable(group.id))
        lines = [f"{len(parts)} param groups: " + _differences(parts)] if len(parts) > 1 else []
        refused = passed_over(design, group.id)
        return [*lines, refused] if refused else lines

    def _on_look_changed(self) -> None:
        if self._ids != _ids(self._workspace.design):
            return  # groups are gone of which it is forgotten how they were looked at: soon there are other rows
        self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))

    def _spoken(self, index: Index) -> list[str]:
        number = index.row() + 1
        amount = self.amount(index)
        parts = [self.group(index).name, amount if "param" in amount else f"{amount} parameters"]
        parts.append(f"lr {rate(self.group(index).lr.base)}")
        parts += [self.rate_words(index)] if not self.rate_words(index).startswith("lr") else []
        parts += ["takes what no other group has"] if self.takes_the_rest(index) else []
        parts += look_words(self.look, self._ids[index.row()])
        return parts + ([f"key {number}"] if number <= KEYS else [])


def _differences(parts: tuple[ParamGroup, ...]) -> str:
    """In what param groups of one group differ: "lr 2.4e-5 to 0.001, some without weight decay"."""
    rates = [part.group.lr.base for part in parts]
    words = [f"lr {rate(min(rates))} to {rate(max(rates))}"] if min(rates) < max(rates) else []
    return ", ".join(words + (["some without weight decay"] if any(part.exempt for part in parts) else []))


def _concerns_itself(before: Group, after: Group) -> bool:
    """Whether the cards of other groups say the same as before: what they hold, and whom they follow."""
    choosy = any(optimizer_of(group.options).matrices_only for group in (before, after))
    return before.name == after.name and (before.options is after.options or not choosy)


def _ids(design: Design) -> tuple[int, ...]:
    return tuple(group.id for group in design.groups)
