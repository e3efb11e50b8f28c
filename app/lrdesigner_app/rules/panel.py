"""The RULES part of the groups' panel: the list, a button for a new one, and what they do to the design."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.places import Place
from lrdesigner.rule_edits import add_rule, remove_rule, set_rule
from lrdesigner.store import Change
from lrdesigner_app.notices import Notice
from lrdesigner_app.rules.counts import count_words
from lrdesigner_app.rules.editor import RuleEditor
from lrdesigner_app.rules.rules_model import RulesModel
from lrdesigner_app.rules.view import RulesView
from lrdesigner_app.swatches import swatch
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import calling, label, small_button
from lrdesigner_app.workspace import Workspace

_NONE = "Rules assign what no pin does. Filter the tree and press Make rule, or +"


class RulesPanel(QWidget):
    """The rules of the design in their order; of those that fit the same, the first counts."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._editor: RuleEditor | None = None
        self._new_group = 0
        self._told = -1
        self.model = RulesModel(workspace, self)
        self.view = RulesView(workspace.theme, self.model)
        self.add_button = small_button("plus", "New rule")
        self.empty = label(_NONE, "secondary")
        self._build()
        self._connect()
        self._show_emptiness()

    def _build(self) -> None:
        self.empty.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(label("RULES", "section"), 1)
        head.addWidget(self.add_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        column.addWidget(self.view)
        column.addWidget(self.empty)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        self.add_button.clicked.connect(calling(self.new_rule))
        self.model.moved.connect(self.select)
        self.view.edit_requested.connect(self.edit)
        self.view.remove_requested.connect(self.remove)
        self.view.move_requested.connect(self.move_rule)
        self.view.group_requested.connect(self._give_to_number)
        self.view.menu_requested.connect(self._pop_up)
        self._workspace.signals.design_changed.connect(self._on_design_changed)
        self._workspace.signals.rule_shown.connect(self._show)
        self._workspace.signals.place_requested.connect(self._on_place_requested)
        self._workspace.signals.rule_selected.connect(self._on_rule_selected)
        self.view.selectionModel().selectionChanged.connect(self._on_selected)
        self.view.clicked.connect(self._tell)
        self.view.left.connect(self._leave)

    @property
    def row(self) -> int:
        """The selected rule; -1 for none."""
        return self.view.currentIndex().row()

    @property
    def editor(self) -> RuleEditor | None:
        """The editor, while there is one."""
        return self._editor

    def select(self, row: int) -> None:
        """Make a rule the selected one, and show it."""
        index = self.model.index(row)
        if index.isValid():
            self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.view.scrollTo(index)

    def new_rule(self) -> None:
        """A row at the end for a rule of the selected group, to be typed into."""
        self.end_editing()
        self._new_group = self._workspace.selected_group.id
        self.model.set_adding(True)
        self._show_emptiness()
        self.select(self.model.rowCount() - 1)
        self._open(self.row)

    def edit(self) -> None:
        """Edit the selected rule in its row."""
        if self.model.rule(self.row) is not None and self.view.edited_row != self.row:
            self.end_editing()
            self._open(self.row)

    def remove(self) -> None:
        """Remove the selected rule; the notice can take it back."""
        row, rule = self.row, self.model.rule(self.row)
        if rule is None or not self._workspace.commit(f"Remove rule {rule.name}", remove_rule, row):
            return
        self.select(min(row, self.model.rowCount() - 1))
        undo = partial(self._undo_removal, self._workspace.design, row)
        self._workspace.post(Notice(f"Removed rule {rule.name}", action=("Undo", undo)))

    def move_rule(self, by: int) -> None:
        """Move the selected rule up (-1) or down (1) in the order."""
        self.model.move(self.row, self.row + by)

    def set_group(self, group: int) -> None:
        """Let the selected rule be for another group."""
        rule = self.model.rule(self._place)
        if self._is_new():
            self._new_group = group
            self._preview(self._editor.query.text() if self._editor is not None else "")
        elif rule is not None and rule.group != group:
            name = self._workspace.design.group(group).name
            self._commit_rule(f"Rule {rule.name} for {name}", self._place, group=group)
        self._show_in_editor()

    def show_in_tree(self) -> None:
        """Filter the tree by what the selected rule looks for."""
        rule = self.model.rule(self.row)
        if rule is not None:
            self._workspace.signals.filter_requested.emit(rule.where)

    def context_menu(self) -> QMenu:
        """The menu of the selected rule, not shown yet."""
        menu, row = QMenu(self.view), self.row
        rule, last = self.model.rule(row), len(self._workspace.design.rules) - 1
        menu.addAction("Edit\tF2", self.edit)
        groups = menu.addMenu("Group")
        for group in self._workspace.design.groups:
            icon = swatch(self._workspace.theme.group_colour(group.colour), self.devicePixelRatioF())
            action = groups.addAction(icon, group.name.replace("&", "&&"), calling(self.set_group, group.id))
            action.setCheckable(True)
            action.setChecked(rule is not None and group.id == rule.group)
        menu.addAction("Show in tree", self.show_in_tree)
        menu.addSeparator()
        menu.addAction("Move up\tAlt+Up", calling(self.move_rule, -1)).setEnabled(row > 0)
        menu.addAction("Move down\tAlt+Down", calling(self.move_rule, 1)).setEnabled(row < last)
        menu.addSeparator()
        menu.addAction("Remove\tDel", self.remove)
        return menu

    def end_editing(self) -> None:
        """Close the editor; what cannot be kept is forgotten."""
        if self._editor is None:
            return
        editor, self._editor = self._editor, None
        editor.blockSignals(True)
        row, there = self.row, QApplication.focusWidget()
        focused = there is not None and editor.isAncestorOf(there)
        self.view.close_editor()
        editor.deleteLater()
        self._workspace.store.cancel()
        self.model.set_adding(False)
        self._show_emptiness()
        self.select(min(row, self.model.rowCount() - 1))
        if focused:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open(self, row: int) -> None:
        editor = self._editor = RuleEditor(self._workspace, self.view.viewport())
        self._show_in_editor()
        editor.query_typed.connect(self._preview)
        editor.query_entered.connect(self._enter_query)
        editor.name_entered.connect(self._enter_name)
        editor.group_chosen.connect(self.set_group)
        editor.finished.connect(self.end_editing)
        editor.escaped.connect(self.end_editing)
        self.view.open_editor(row, editor)
        editor.show()
        editor.query.setFocus(Qt.FocusReason.OtherFocusReason)
        editor.query.selectAll()

    def _show_in_editor(self) -> None:
        if self._editor is None:
            return
        rule, found, group = self.model.rule(self._place), self.model.count(self._place), self.model.group(self._place)
        if rule is None or found is None or group is None:
            self._editor.show_rule("", "", self._new_group)
            self._editor.show_message("Terms apart by spaces must all hold; a|b is either, ! is not.")
        else:
            self._editor.show_rule(rule.name, rule.where, rule.group)
            self._editor.show_message(count_words(found, group.name))
        self.view.grow_editor()

    @property
    def _place(self) -> int:
        """The rule that is edited, else the selected one."""
        return self.view.edited_row if self.view.edited_row >= 0 else self.row

    def _is_new(self) -> bool:
        return self.model.adding and self._place >= len(self._workspace.store.committed.rules)

    def _preview(self, text: str) -> None:
        """Show what the design would be with this query."""
        store, row = self._workspace.store, self._place
        if self._editor is None:
            return
        try:
            if self._is_new():
                store.preview("New rule", add_rule, self._new_group, text, self._editor.name.text())
            else:
                store.preview("Rule", partial(set_rule, place=row, where=text))
        except UserError as error:
            store.cancel()
            self._editor.show_message(str(error), bad=bool(text.strip()))
            self.view.grow_editor()
            return
        self._show_in_editor()

    def _enter_query(self, text: str) -> None:
        if not self._is_new():
            rule = self._workspace.store.committed.rules[self._place]
            self._commit_rule(f"What rule {rule.name} looks for", self._place, where=text)
        elif text.strip() and self._editor is not None:
            self._try("New rule", partial(add_rule, group=self._new_group, where=text, name=self._editor.name.text()))
            if not self._is_new():
                self.model.set_adding(False)

    def _enter_name(self, text: str) -> None:
        if self._is_new():
            return
        rule = self._workspace.store.committed.rules[self._place]
        self._commit_rule(f"Rename rule {rule.name}", self._place, name=text.strip() or rule.where)

    def _commit_rule(self, label: str, row: int, **changes: Any) -> None:
        def change(design: Design) -> Design:
            return set_rule(design, row, **changes)

        self._try(label, change)

    def _try(self, label: str, edit: Callable[[Design], Design]) -> None:
        """Commit; what cannot be is told where it is typed, or in a notice."""
        try:
            self._workspace.store.commit(label, edit)
        except UserError as error:
            self._workspace.store.cancel()
            if self._editor is None:
                self._workspace.post(Notice(str(error), "bad"))
                return
            self._editor.show_message(str(error), bad=True)
            self.view.grow_editor()
            return
        self._show_in_editor()

    def _give_to_number(self, number: int) -> None:
        groups = self._workspace.design.groups
        if number <= len(groups):
            self.set_group(groups[number - 1].id)

    def _undo_removal(self, removed: Design, row: int) -> None:
        if self._workspace.store.committed is not removed:
            self._workspace.post(Notice("The design has changed since; undo takes the changes back one by one."))
            return
        self._workspace.store.undo()
        self.select(row)

    def _pop_up(self, place: QPoint) -> None:
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _on_design_changed(self, change: Change) -> None:
        row = self.row
        if self.model.follow(change):
            self._editor = None
            self.select(min(row, self.model.rowCount() - 1))
        if self._told >= 0:
            self._tell()
        self._show_emptiness()

    def _on_place_requested(self, place: Place) -> None:
        if place.rule is not None:
            self._show(place.rule)

    def _show(self, row: int) -> None:
        self.select(row)
        self._tell()

    def _on_selected(self) -> None:
        if self.view.hasFocus():  # else it is only kept over a change of the rules
            self._tell()

    def _tell(self) -> None:
        """Let the tree mark what the selected rule takes."""
        self._workspace.signals.rule_selected.emit(self.row if self.model.rule(self.row) is not None else -1)

    def _on_rule_selected(self, row: int) -> None:
        self._told = row

    def _leave(self) -> None:
        self.view.clearSelection()
        self.view.setCurrentIndex(QModelIndex())
        self._tell()

    def _show_emptiness(self) -> None:
        self.empty.setVisible(not self.model.rowCount())
        self.view.setVisible(bool(self.model.rowCount()))
