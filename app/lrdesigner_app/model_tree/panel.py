"""The MODEL panel: filter, tree, and what its keys and menu do to the design."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QMenu, QStackedWidget

from lrdesigner import edits, model_edits, rule_edits
from lrdesigner.errors import UserError
from lrdesigner.filtered_rows import Filtered, filtered
from lrdesigner.membership import BY_REMAINDER
from lrdesigner.places import Place
from lrdesigner.queries import parse
from lrdesigner.queries.find import prepare
from lrdesigner.reasons import why
from lrdesigner.store import Change
from lrdesigner_app.dragging import what
from lrdesigner_app.flash import Flash
from lrdesigner_app.model_tree.empty_page import EmptyPage
from lrdesigner_app.model_tree.filter_bar import FilterBar
from lrdesigner_app.model_tree.menu import Possible, build_menu, rule_menu
from lrdesigner_app.model_tree.names import group_name
from lrdesigner_app.model_tree.tooltips import reason_place
from lrdesigner_app.model_tree.tree_model import TreeModel
from lrdesigner_app.model_tree.view import TreeView
from lrdesigner_app.notices import Notice
from lrdesigner_app.widgets import Panel
from lrdesigner_app.workspace import Workspace

# Qt looks through all separately selected rows for every cell that it paints.
MAX_SELECTED = 500
# Facts that a notice tells; its details have them all.
MOST_REASONS = 3
# When the window has been painted.
WARM_UP_MS = 100
EMPTY = "Open a model to begin: a class or factory in a Python file, a checkpoint, or a model of timm and the like."
NOTHING_IN_IT = "This model has neither modules nor parameters."


class ModelTreePanel(Panel):
    """What the model holds and which group has it."""

    group_made = Signal()
    """A new group holds the selection, or what the filter found, and is selected."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Model")
        self._workspace = workspace
        self._found: Filtered | None = None
        self.model = TreeModel(workspace.design, self)
        self.view = TreeView(workspace, self.model)
        self.bar = FilterBar()
        self.filter = self.bar.line
        self._pages = QStackedWidget()
        self.empty = EmptyPage()
        self._build()
        self._connect()
        self._show_page()

    def _build(self) -> None:
        self._pages.addWidget(self.view)
        self._pages.addWidget(self.empty)
        self.body.addWidget(self.bar)
        self.body.addWidget(self._pages, 1)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        self.bar.changed.connect(self._apply_filter)
        self.bar.selection_requested.connect(self._select_matches)
        self.bar.rule_requested.connect(self.ask_for_rule)
        self.bar.left.connect(self._focus_view)
        self.view.assign_requested.connect(self.assign_selection)
        self.view.unpin_requested.connect(self.unpin_selection)
        self.view.group_requested.connect(self.group_from_selection)
        self.view.find_requested.connect(self.focus_filter)
        self.view.clear_requested.connect(self.clear_filter)
        self.view.all_requested.connect(self._select_all)
        self.view.why_requested.connect(self.tell_why)
        self.view.copy_requested.connect(self.copy_names)
        self.view.expand_requested.connect(self.expand_below)
        self.view.menu_requested.connect(self._pop_up)
        self._workspace.signals.design_changed.connect(self._on_design_changed)
        self._workspace.signals.filter_requested.connect(self.set_filter)
        self._workspace.signals.rule_selected.connect(lambda place: self.view.mark_rule(place if place >= 0 else None))
        self._workspace.signals.place_requested.connect(self._on_place_requested)
        self.view.selectionModel().selectionChanged.connect(self._on_selected)

    @property
    def message(self) -> QLabel:
        """What is said when there is nothing to show."""
        return self.empty.message

    def selected_paths(self) -> tuple[str, ...]:
        """Paths of the selected rows, in tree order."""
        return self.view.selected_paths()

    def select_paths(self, paths: tuple[str, ...]) -> None:
        """Select rows by path, and show the first."""
        self.view.select_paths(paths, reveal=True)

    def focus_filter(self) -> None:
        """Put the keyboard into the filter, ready to be overwritten."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def set_filter(self, text: str) -> None:
        """Filter at once."""
        self.bar.set_text(text)

    def clear_filter(self) -> None:
        """Show everything again."""
        self.set_filter("")

    def assign_selection(self, number: int) -> None:
        """Pin the selection to the n-th group, counted from 1."""
        groups = self._workspace.design.groups
        if not 1 <= number <= len(groups):
            self._workspace.post(Notice(f"There is no group {number}."))
        elif paths := self._wanted():
            group = groups[number - 1]
            self._workspace.commit(f"Assign {self._what(paths)} to {group.name}", edits.assign, paths, group.id)

    def unpin_selection(self) -> None:
        """Forget the pins on the selected rows; outer pins or the remainder take over."""
        paths = self._wanted()
        if paths and not self._workspace.commit(f"Unpin {self._what(paths)}", edits.unpin, paths):
            self._workspace.post(Notice("Nothing selected carries a pin of its own."))

    def group_from_selection(self) -> None:
        """Make a new group of the selection, named after it, and select the group."""
        if not (paths := self._wanted()):
            return
        name = group_name(paths, self.model.rows.name(0))
        if self._workspace.commit(f"New group from {self._what(paths)}", edits.add_group, name, paths):
            self._select_new_group()

    def ask_for_rule(self) -> None:
        """Ask which group gets what the filter finds, now and whenever the model changes."""
        if self._found is None:
            self._workspace.post(Notice("Type a filter first; a rule gives what it finds to a group."))
        elif not self._found.tensors:
            self._workspace.post(Notice("The filter finds no tensors, so there is nothing to make a rule for."))
        else:
            _show_menu(rule_menu(self._workspace, self.bar, self.make_rule), self.bar.below)

    def make_rule(self, group: int | None) -> None:
        """Make a rule of the filter for a group, or for a new one: one edit."""
        where = self.bar.text
        if group is not None:
            name = self._workspace.design.group(group).name
            self._workspace.commit(f"Rule {where} for {name}", rule_edits.add_rule, group, where)
        elif self._workspace.commit(f"New group by the rule {where}", model_edits.add_group_with_rule, where):
            self._select_new_group()

    def tell_why(self) -> None:
        """Say why the current row is in its group; one click leads to the pin or rule."""
        index = self.view.currentIndex()
        if not index.isValid():
            self._workspace.post(Notice("Select a module or parameter in the model tree first."))
            return
        row, owned, rows = self.model.row_id(index), self.model.owned, self.model.rows
        told = why(self._workspace.design, rows.paths[row]).splitlines()
        text = f"{rows.paths[row] or rows.name(row)} is {'; '.join(told[:MOST_REASONS])}."
        details = "\n".join(told) if len(told) > MOST_REASONS else ""
        reason, action = reason_place(owned, row), None
        if reason is not None and reason < BY_REMAINDER:
            action = ("Show the rule", partial(self._workspace.signals.rule_shown.emit, -2 - reason))
        elif reason is not None and reason >= 0 and owned.members.pins[reason].path != rows.paths[row]:
            action = ("Show the pin", partial(self._reveal, owned.members.pins[reason].path))
        self._workspace.post(Notice(text, details=details, action=action))

    def copy_names(self) -> None:
        """Put the selected paths on the clipboard, one a line."""
        if paths := self.selected_paths():
            QGuiApplication.clipboard().setText("\n".join(paths))

    def expand_below(self) -> None:
        """Open everything in the selected modules, as far as there is room."""
        if not self.view.expand_below():
            self._workspace.post(Notice("There is too much in it to open all at once; the first rows are open."))

    def set_forward(self, on: bool) -> None:
        """Show modules in the order in which a forward pass enters them, or in that of their definition."""
        selected = self.selected_paths()
        self.model.set_forward(on)
        self._open_again()
        self.view.select_paths(selected, reveal=True)

    def context_menu(self) -> QMenu:
        """The menu for the selection, not shown yet."""
        selected = [self.model.index_of(path) for path in self.selected_paths()]
        possible = Possible(
            selected=bool(selected),
            pinned=any(self.model.marks(index).pinned for index in selected),
            filtered=self._found is not None and self._found.tensors > 0,
            ordered=bool(self._workspace.design.model.inventory.order),
            forward=self.model.forward,
        )
        return build_menu(self._workspace, self, self.view, possible)

    def _select_new_group(self) -> None:
        self._workspace.select_group(self._workspace.design.groups[-1].id)
        self.group_made.emit()

    def _on_selected(self) -> None:
        if self.view.hasFocus():  # what is selected here counts, no more what a rule takes
            self._workspace.signals.rule_selected.emit(-1)

    def _focus_view(self) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _reveal(self, path: str) -> None:
        """Select a row, whatever the filter hides."""
        if not self.model.index_of(path).isValid():
            self.clear_filter()
        self.select_paths((path,))
        self._focus_view()

    def _on_place_requested(self, place: Place) -> None:
        """Select the rows of a place; the focus stays where it is. The model as a whole glows."""
        if place.area == "model":
            Flash(self._workspace.theme, self._pages)
        if place.area == "modules" and place.modules:
            if not self.model.index_of(place.modules[0]).isValid():
                self.clear_filter()
            self.select_paths(place.modules)

    def _select_all(self) -> None:
        if self._found is None:
            self.view.select_paths(("",))
        else:
            self._select_matches()

    def _select_matches(self) -> None:
        if self._found is None:
            return
        found = self._found.outermost(self.model.rows).tolist()
        if len(found) > MAX_SELECTED:
            text = f"{len(found):,} rows match, more than can be selected; a rule can give them all to a group."
            self._workspace.post(Notice(text, action=("Make rule…", self.ask_for_rule)))
        elif found:
            self.view.select_paths(tuple(self.model.rows.paths[row] for row in found), reveal=True)
            self._focus_view()

    def _wanted(self) -> tuple[str, ...]:
        paths = self.selected_paths()
        if not paths:
            self._workspace.post(Notice("Select modules or parameters in the model tree first."))
        return paths

    def _what(self, paths: tuple[str, ...]) -> str:
        return what(self._workspace.design.model.inventory, paths)

    def _pop_up(self, place: QPoint) -> None:
        _show_menu(self.context_menu(), place)

    def _on_design_changed(self, change: Change) -> None:
        if change.before.model.inventory is change.after.model.inventory:
            self.model.set_design(change.after)
            return
        selected, opened = self.selected_paths(), self.view.open_paths()
        outermost = self._names_of_outermost()
        self._found = None
        self.model.set_design(change.after)
        again = bool(outermost & self._names_of_outermost())
        if again:
            self.view.set_open_paths(opened)
        else:
            self.view.first_look()
        self._apply_filter()
        if again:
            self.view.select_paths(selected, reveal=True)
        QTimer.singleShot(WARM_UP_MS, self, self._warm_up)

    def _names_of_outermost(self) -> set[str]:
        rows = self.model.rows
        return {rows.paths[row] for row in rows.children(0).tolist()}

    def _warm_up(self) -> None:
        """The first drop and the first key in the filter should not wait for tables of all names."""
        _ = self.model.rows.ids
        QTimer.singleShot(WARM_UP_MS, self, lambda: prepare(self._workspace.design.model.inventory))

    def _apply_filter(self) -> None:
        text, problem = self.bar.text, ""
        try:
            query = parse(text)
        except UserError as error:
            query, problem = (), str(error)
        found = filtered(self._workspace.design.model.inventory, query) if query else None
        self.bar.show_found(found, unreadable=bool(problem))
        if found is not None or self._found is not None:
            self._show_found(found)
        self._show_page(problem)

    def _show_found(self, found: Filtered | None) -> None:
        selected = self.selected_paths()
        self._found = found
        self.view.remember(found is None)
        self.model.set_shown(found.shown if found is not None else None)
        self._open_again()
        if selected:
            self.view.select_paths(selected, reveal=True)

    def _open_again(self) -> None:
        """Open what was open, or what the filter found."""
        if self._found is None:
            self.view.reopen()
        elif self._found.matches.any():
            self.view.open_for_a_while(self._found.opened, int(self._found.matches.argmax()))

    def _show_page(self, problem: str = "") -> None:
        text = problem
        if len(self.model.rows) <= 1:
            text = NOTHING_IN_IT if self._workspace.design.model.source else EMPTY
        elif not problem and self._found is not None and not self._found.matches.any():
            text = f"No module or parameter matches “{self.bar.text}”."
        self.filter.setEnabled(text not in (EMPTY, NOTHING_IN_IT))
        self.empty.say(text, offering=text == EMPTY)
        self._pages.setCurrentIndex(1 if text else 0)


def _show_menu(menu: QMenu, place: QPoint) -> None:
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(place)
