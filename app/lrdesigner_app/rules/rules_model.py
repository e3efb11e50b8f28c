"""The item model of the rules: one row per rule in order, known by its place, and how rows are dragged."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from lrdesigner.document import Group, Rule
from lrdesigner.numbers import count
from lrdesigner.rule_edits import move_rule
from lrdesigner.store import Change
from lrdesigner_app.rules.counts import RuleCount, count_words, rule_counts
from lrdesigner_app.widgets import plain_tip
from lrdesigner_app.workspace import Workspace

Index = QModelIndex | QPersistentModelIndex

MIME = "application/x-lrdesigner-rule"
_NOWHERE = QModelIndex()


class RulesModel(QAbstractListModel):
    """The design's rules, previews included; while one is being added, there is a row for it at the end."""

    moved = Signal(int)
    """The row to which a rule was moved."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._adding_at: int | None = None
        self._rows = len(workspace.design.rules)

    @property
    def adding(self) -> bool:
        """Whether the last row is of a rule that is being added."""
        return self._adding_at is not None

    def set_adding(self, on: bool) -> None:
        """Show or take away the row for a new rule."""
        self._adding_at = len(self._workspace.store.committed.rules) if on else None
        self._set_up()

    def rule(self, row: int) -> Rule | None:
        """The rule of a row; None for one that has no query yet."""
        rules = self._workspace.design.rules
        return rules[row] if 0 <= row < len(rules) else None

    def group(self, row: int) -> Group | None:
        """The group that the rule of a row is for."""
        rule = self.rule(row)
        return None if rule is None else self._workspace.design.group(rule.group)

    def count(self, row: int) -> RuleCount | None:
        """How much the rule of a row fits and takes."""
        counts = rule_counts(self._workspace.design)
        return counts[row] if 0 <= row < len(counts) else None

    def follow(self, change: Change) -> bool:
        """Show another design; True when the rows were set up anew."""
        if self._set_up():
            return True
        before, after = change.before, change.after
        same = before.rules is after.rules and before.groups is after.groups and before.pins is after.pins
        if self._rows and not (same and before.model.inventory is after.model.inventory):
            self.dataChanged.emit(self.index(0), self.index(self._rows - 1))
        return False

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else self._rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        rule = self.rule(index.row()) if index.isValid() else None
        group, found = self.group(index.row()), self.count(index.row())
        if rule is None or group is None or found is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return rule.name
            case Qt.ItemDataRole.ToolTipRole:
                words = count_words(found, group.name)
                named = "" if rule.name == rule.where else f"{rule.name}\n"
                return plain_tip(f"{named}{rule.where} → {group.name}\n{words}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{rule.name}, {rule.where}, for {group.name}, {found.text} tensors"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        usable = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return usable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Any) -> QMimeData:
        data = QMimeData()
        data.setData(MIME, str(indexes[0].row()).encode())
        return data

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        return _place(data, len(self._workspace.design.rules)) is not None

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        rules = self._workspace.design.rules
        place = _place(data, len(rules))
        if place is None:
            return False
        before = parent.row() if parent.isValid() else row if row >= 0 else len(rules)
        self.move(place, min(before - (before > place), len(rules) - 1))
        return False  # else Qt would remove the row that was dragged

    def move(self, place: int, to: int) -> bool:
        """Move a rule in the order; True when it moved."""
        rules = self._workspace.design.rules
        if not (0 <= place < len(rules) and 0 <= to < len(rules)):
            return False
        done = self._workspace.commit(f"Move rule {rules[place].name}", move_rule, place, to)
        if done:
            self.moved.emit(to)
        return done

    def scalars(self, row: int) -> str:
        """How many parameters a rule takes: `769 K`."""
        found = self.count(row)
        return "" if found is None else count(found.scalars)

    def _set_up(self) -> bool:
        """Set the rows up anew where their number is another; True when it was."""
        rows = max(len(self._workspace.design.rules), 0 if self._adding_at is None else self._adding_at + 1)
        if rows == self._rows:
            return False
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        return True


def _place(data: QMimeData, rules: int) -> int | None:
    """The place of the rule that is dragged; None when it is none of ours."""
    if not data.hasFormat(MIME):
        return None
    text = bytes(data.data(MIME).data())
    return int(text) if text.isdigit() and int(text) < rules else None
