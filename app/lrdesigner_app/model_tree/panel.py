"""The MODEL panel: filter, tree, and what its keys and menu do to the design."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QMenu, QStackedWidget

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.store import Change
from lrdesigner_app.debounce import Debounce
from lrdesigner_app.dragging import what
from lrdesigner_app.model_tree.filtering import Found, find, parse_filter
from lrdesigner_app.model_tree.menu import build_menu
from lrdesigner_app.model_tree.names import group_name
from lrdesigner_app.model_tree.tree_model import TreeModel
from lrdesigner_app.model_tree.view import TreeView
from lrdesigner_app.notices import Notice
from lrdesigner_app.widgets import LineEdit, Panel, label, restyle
from lrdesigner_app.workspace import Workspace

FILTER_DELAY_MS = 120
# Qt looks through all separately selected rows for every cell that it paints.
MAX_SELECTED = 500
EMPTY = "Open a model to begin: a class or factory in a Python file (Ctrl+M), or the demo."
NOTHING_IN_IT = "This model has neither modules nor parameters."


class ModelTreePanel(Panel):
    """What the model holds and which group has it."""

    group_made = Signal()
    """A new group holds the selection, and is selected."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__("Model")
        self._workspace = workspace
        self._found: Found | None = None
        self.model = TreeModel(workspace.design, self)
        self.view = TreeView(workspace, self.model)
        self.filter = LineEdit()
        self._pages = QStackedWidget()
        self._message = label("", "secondary")
        self._debounce = Debounce(FILTER_DELAY_MS, self._apply_filter, self)
        self._build()
        self._connect()
        self._show_page()

    def _build(self) -> None:
        self.filter.setPlaceholderText("Filter: name, *.bias, type:Linear, ndim:1")
        self.filter.setAccessibleName("Filter the model tree")
        self.filter.setToolTip(
            "Part of a name, a pattern (*.bias, layer[3-5]), type:LayerNorm, ndim:1, size>1M.\n"
            "Several terms narrow it down. Enter selects what is found, Esc clears."
        )
        self.filter.setClearButtonEnabled(True)
        self.filter.installEventFilter(self)
        self._message.setWordWrap(True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._message.setContentsMargins(12, 24, 12, 0)
        self._pages.addWidget(self.view)
        self._pages.addWidget(self._message)
        self.body.addWidget(self.filter)
        self.body.addWidget(self._pages, 1)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._debounce.request)
        self.view.assign_requested.connect(self.assign_selection)
        self.view.unpin_requested.connect(self.unpin_selection)
        self.view.group_requested.connect(self.group_from_selection)
        self.view.find_requested.connect(self.focus_filter)
        self.view.clear_requested.connect(self.clear_filter)
        self.view.all_requested.connect(self._select_all)
        self.view.menu_requested.connect(self._pop_up)
        self._workspace.signals.design_changed.connect(self._on_design_changed)

    @property
    def message(self) -> QLabel:
        """What is said when there is nothing to show."""
        return self._message

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
        self.filter.setText(text)
        self._apply_filter()

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
        name = group_name(paths, self.model.rows.names[0])
        if self._workspace.commit(f"New group from {self._what(paths)}", edits.add_group, name, paths):
            self._workspace.select_group(self._workspace.design.groups[-1].id)
            self.group_made.emit()

    def context_menu(self) -> QMenu:
        """The menu for the selection, not shown yet."""
        selected = [self.model.index_of(path) for path in self.selected_paths()]
        pinned = any(self.model.marks(index).pinned for index in selected)
        return build_menu(self._workspace, self, self.view, selected=bool(selected), pinned=pinned)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.filter and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._filter_key(event.key())
        return super().eventFilter(watched, event)

    def _filter_key(self, key: int) -> bool:
        match key:
            case Qt.Key.Key_Escape if self.filter.text():
                self.clear_filter()
            case Qt.Key.Key_Escape | Qt.Key.Key_Down:
                self._apply_filter()
                self.view.setFocus(Qt.FocusReason.OtherFocusReason)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._apply_filter()
                self._select_matches()
            case _:
                return False
        return True

    def _select_all(self) -> None:
        if self._found is None:
            self.view.select_paths(("",))
        else:
            self._select_matches()

    def _select_matches(self) -> None:
        if self._found is None or not self._found.matches:
            return
        found = [row for row in sorted(self._found.matches) if not self._inside_match(row)]
        if len(found) > MAX_SELECTED:
            text = f"{len(found):,} rows match; at most {MAX_SELECTED} can be selected at once. Narrow the filter."
            self._workspace.post(Notice(text))
            return
        self.view.select_paths(tuple(self.model.rows.paths[row] for row in found), reveal=True)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _inside_match(self, row: int) -> bool:
        return self._found is not None and any(outer in self._found.matches for outer in self.model.rows.around(row))

    def _wanted(self) -> tuple[str, ...]:
        paths = self.selected_paths()
        if not paths:
            self._workspace.post(Notice("Select modules or parameters in the model tree first."))
        return paths

    def _what(self, paths: tuple[str, ...]) -> str:
        return what(self._workspace.design.model.inventory, paths)

    def _pop_up(self, place: QPoint) -> None:
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _on_design_changed(self, change: Change) -> None:
        if change.before.model.inventory is change.after.model.inventory:
            self.model.set_design(change.after)
            return
        known = any(path and path in self.model.rows.ids for path in _module_paths(change.after))
        selected = self.selected_paths()
        self.view.remember(True)
        self.model.set_design(change.after)
        self._found = None
        if known:
            self.view.reopen()
        else:
            self.view.first_look()
        self._apply_filter()
        self.view.select_paths(selected, reveal=True)

    def _apply_filter(self) -> None:
        self._debounce.forget()
        problem = ""
        try:
            terms = parse_filter(self.filter.text())
        except UserError as error:
            terms, problem = (), str(error)
        found = find(self.model.rows, terms) if terms else None
        self.filter.setProperty("invalid", bool(problem))
        restyle(self.filter)
        if found is not None or self._found is not None:
            self._show_found(found)
        self._show_page(problem)

    def _show_found(self, found: Found | None) -> None:
        selected = self.selected_paths()
        self._found = found
        self.view.remember(found is None)
        self.model.set_shown(found.shown if found is not None else None)
        if found is None:
            self.view.reopen()
        else:
            self.view.open_rows(found.opened)
        self.view.select_paths(selected, reveal=True)

    def _show_page(self, problem: str = "") -> None:
        text = problem
        if len(self.model.rows) <= 1:
            text = NOTHING_IN_IT if self._workspace.design.model.source else EMPTY
        elif not problem and self._found is not None and not self._found.matches:
            text = f"No module or parameter matches “{self.filter.text().strip()}”."
        self.filter.setEnabled(text not in (EMPTY, NOTHING_IN_IT))
        self._message.setText(text)
        self._pages.setCurrentIndex(1 if text else 0)


def _module_paths(design: Design) -> list[str]:
    return [module.path for module in design.model.inventory.modules]
