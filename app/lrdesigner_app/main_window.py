"""The main window: puts the panels together and lets them hear of each other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QMenu, QSplitter, QTabWidget

from lrdesigner.demos import starting_design
from lrdesigner.differences import place_of_difference
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.inventory import Inventory
from lrdesigner.model_inputs import Inputs
from lrdesigner.model_rows import rows_of
from lrdesigner.models.source import ModelSource
from lrdesigner.models.trust import question_for
from lrdesigner.numbers import count
from lrdesigner.proof import trial_code
from lrdesigner.recovery_files import Kept
from lrdesigner.store import Change
from lrdesigner.trials.options import TrialOptions
from lrdesigner_app.actions import ActionSet
from lrdesigner_app.autosave import Autosave
from lrdesigner_app.code_view import CodePanel
from lrdesigner_app.commands import commands_of
from lrdesigner_app.document_files import DocumentFiles
from lrdesigner_app.groups import GroupsPanel
from lrdesigner_app.header_bar import HeaderBar
from lrdesigner_app.layout import arrange
from lrdesigner_app.lower_panel import LowerPanel
from lrdesigner_app.model_loader import ModelLoader
from lrdesigner_app.model_reload import ModelReload
from lrdesigner_app.model_tree import ModelTreePanel
from lrdesigner_app.notice_bar import BusyBar, NoticeBar
from lrdesigner_app.opening import Opening
from lrdesigner_app.overlay import Overlay
from lrdesigner_app.plot import VIEWS, PlotPanel, View
from lrdesigner_app.problems import ProblemsPanel
from lrdesigner_app.recent_files import RecentMenu, recent_model
from lrdesigner_app.recovery import RecoveryBar
from lrdesigner_app.rules import RulesPanel
from lrdesigner_app.schedule_editor import FreezeLane, Inspector, SegmentStrip
from lrdesigner_app.tour import Tour
from lrdesigner_app.trial import TrialRunner, TrialTab
from lrdesigner_app.trust_question import allowed
from lrdesigner_app.window_drops import WindowDrops
from lrdesigner_app.workspace import Workspace

if TYPE_CHECKING:
    from lrdesigner_app.window_set import WindowSet


class MainWindow(QMainWindow):
    """One window with one design. It holds no state of its own beyond its widgets."""

    closed = Signal()

    splitters: dict[str, QSplitter]
    tabs_panel: LowerPanel
    overlay: Overlay
    tour: Tour

    def __init__(self, workspace: Workspace, windows: WindowSet) -> None:
        super().__init__()
        self.workspace, self.windows = workspace, windows
        self.settings, self.spare = windows.settings, windows.spare
        self.files = DocumentFiles(workspace, self.settings, self)
        self.autosave = Autosave(workspace, windows.copies, self._kept, self)
        self._asked = False
        workspace.end_with(self)
        self.loader = ModelLoader(self.spare)
        self.reload = ModelReload(workspace, self.loader, self)
        self.runner = TrialRunner(workspace, self.spare, self._exported_for_trial, lambda: self.files.path)
        for made in (self.loader, self.runner):
            made.setParent(self)
        self.opening = Opening(self)
        self._make_panels()
        self.action_set = ActionSet(commands_of(self), self._finish_typing, self)
        self._make_menu()
        arrange(self)
        self.drops = WindowDrops(self, self.workspace.theme, self.opening.open_dropped)
        curves = (self.plot, self.strip)
        self.action_set.place({"plot": curves, "curves": (*curves, self.groups)})
        self._connect()
        self._refresh()
        self.tree.setFocus()

    def _make_panels(self) -> None:
        self.header = HeaderBar()
        self.tree = ModelTreePanel(self.workspace)
        self.groups = GroupsPanel(self.workspace)
        self.rules = RulesPanel(self.workspace)
        self.plot = PlotPanel(self.workspace)
        self.strip = SegmentStrip(self.workspace, self.workspace.segments)
        self.freeze_lane = FreezeLane(self.workspace)
        self.inspector = Inspector(self.workspace, self.workspace.segments)
        self.code = CodePanel(self.workspace)
        self.problems = ProblemsPanel(self.workspace)
        self.trial_tab = TrialTab(self.workspace, self.runner)
        self.tabs = QTabWidget()
        self.notices = NoticeBar()
        self.busy = BusyBar()
        self.recovery_bar = RecoveryBar(
            self.windows.recovery, lambda: self.do("restore_unsaved"), lambda: self.do("discard_unsaved")
        )

    def _make_menu(self) -> None:
        self.menu = QMenu("Menu", self)
        for menu in self.action_set.menus.values():
            self.menu.addMenu(menu)
        self.recent_menu = RecentMenu(self.files.recent, self.opening.open_recent, self)
        self.action_set.menus["File"].insertMenu(self.action("save"), self.recent_menu)

    def _finish_typing(self) -> None:
        """A value that is still being typed counts as entered before anything else happens; keys move no focus."""
        field = QApplication.focusWidget()
        if isinstance(field, QLineEdit) and self.isAncestorOf(field):
            field.editingFinished.emit()

    def action(self, name: str) -> QAction:
        """The action of the table with this id."""
        return self.action_set[name]

    def do(self, name: str) -> None:
        """What the action of the table with this id does."""
        self.action_set.do(name)

    def _connect(self) -> None:
        signals = self.workspace.signals
        signals.design_changed.connect(self._refresh)
        signals.notice_posted.connect(self.notices.show_notice)
        for asked in (self.workspace.segments.changed, self.workspace.keys.changed, self.workspace.display.changed):
            asked.connect(self.action_set.refresh)  # the first of them tells of every change of the design
        signals.trial_changed.connect(self.action_set.refresh)
        signals.range_test_changed.connect(self.action_set.refresh)
        signals.design_offered.connect(self._open_offered)
        signals.design_changed.connect(self._give_up_loading)
        signals.design_changed.connect(self._show_difference)
        self.files.path_changed.connect(self._on_path_changed)
        self.files.asking.connect(self.loader.hold)
        self.files.worked.connect(lambda text: self.busy.show_now(text) if text else self.busy.end())
        self.windows.recovery.changed.connect(self.action_set.refresh)
        self.problems.count_changed.connect(lambda n: self.tabs.setTabText(1, f"Problems  {n}" if n else "Problems"))
        self.groups.presets_requested.connect(lambda: self.do("presets"))
        self.tree.empty.model_requested.connect(lambda: self.do("open_model"))
        self.tree.empty.demo_requested.connect(lambda: self.do("open_demo"))
        self.tree.group_made.connect(self.inspector.header.edit_name)
        self.loader.started.connect(lambda _: self.notices.hide())  # what an earlier attempt said
        self.loader.started.connect(lambda text: self.busy.begin(text, self.loader.cancel))
        self.loader.ended.connect(self.busy.end)
        self.loader.failed.connect(self.notices.show_notice)
        self.loader.remarked.connect(self.notices.show_notice)
        # Warmed when the window stands: starting it must not slow the first paint.
        self.spare.warm_soon(800)

    def _refresh(self) -> None:
        store, design = self.workspace.store, self.workspace.design
        inventory, plan = design.model.inventory, design.plan
        modified = store.modified
        star = " •" if modified else ""
        scalars = count(int(rows_of(inventory).numels[0]))
        kind = inventory.modules[0].type  # a checkpoint of names only has none
        size = " · ".join(filter(None, (kind, scalars))) if design.model.source else "no model"
        run = f"{plan.epochs:,} epoch{'s' if plan.epochs != 1 else ''} × {plan.steps_per_epoch:,} steps"
        self.header.show_titles(f"{self.files.title}{star}", f"{size} · {run}")
        self.setWindowTitle(f"{self.files.title}[*] – LR Designer")
        if modified != self.isWindowModified():
            self.setWindowModified(modified)
        for name, words in (("undo", store.undo_label), ("redo", store.redo_label)):
            told = f"{name.capitalize()} {words}" if words else f"Nothing to {name}"
            self.action(name).setStatusTip(told)
            self.action(name).setText("&" + told.replace("&", "&&") if words else f"&{name.capitalize()}")

    def _on_path_changed(self) -> None:
        self.setWindowFilePath(str(self.files.path.absolute()) if self.files.path else "")
        self._refresh()

    def load_model(
        self, source: ModelSource, kwargs: dict[str, Any], python: str = "", inputs: Inputs | None = None
    ) -> None:
        """Open a model in a child and start a design for it.

        The caller has asked whether its code may run, and about what is not saved.
        """
        settled = self.workspace.store.committed

        def give(inventory: Inventory) -> None:
            # It may have been edited while the model was built.
            if self.workspace.store.committed is settled or self.files.may_discard():
                self.files.replace_design(starting_design(source, inventory, kwargs, python, inputs), None)
                if not source.is_demo:
                    self.files.recent.add(recent_model(source, kwargs, python, inputs))

        self.loader.load(source, kwargs, give, python, inputs)

    def _show_difference(self, change: Change) -> None:
        """Undo and redo show what they changed."""
        place = place_of_difference(change.before, change.after) if change.kind in {"undo", "redo"} else None
        if place is not None:
            self.workspace.reveal(place)

    def _open_offered(self, design: Design) -> None:
        if self.files.may_discard():
            self.files.replace_design(design, None)

    def _give_up_loading(self, change: Change) -> None:
        if change.kind == "open":  # what was asked for later than the model must not be replaced by it
            self.loader.cancel()

    def _exported_for_trial(self, design: Design, options: TrialOptions) -> str:
        """The exported file, if the model's code may run; raises `UserError`."""
        if not design.model.source:
            raise UserError("Open a model before running a trial.")
        if not allowed(question_for(design), self):
            raise UserError("The trial was not started, because the model's code is not trusted.")
        return export(design, trial_code(options))

    def restore(self) -> None:
        """Bring back the place, division and views of last time; call when the window is styled."""
        for view in VIEWS:
            self.plot.set_log(self.settings.switch(_log_key(view), self.plot.log_of(view)), view)
        self.plot.set_epochs(self.settings.switch("plot/epochs", True))
        geometry = self.settings.bytes("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(first_size(self.screen().availableGeometry().size()))
        for name, splitter in self.splitters.items():
            state = self.settings.bytes(f"splitter/{name}")
            if state is not None:
                splitter.restoreState(state)

    def _remember(self) -> None:
        self.settings.put("geometry", self.saveGeometry())
        for name, splitter in self.splitters.items():
            self.settings.put(f"splitter/{name}", splitter.saveState())
        for view in VIEWS:
            self.settings.put(_log_key(view), self.plot.log_of(view))
        self.settings.put("plot/epochs", self.plot.epochs)
        self.settings.write()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._asked and not self.may_close():
            event.ignore()
            return
        if self.windows.is_last(self):
            self._remember()
        self.loader.cancel()
        self.runner.close()
        self.workspace.signals.window_closed.emit()
        self.autosave.forget()
        event.accept()
        self.closed.emit()

    def may_close(self) -> bool:
        """Whether the window may go: its design is saved, or the person decided about it just now."""
        self._finish_typing()
        self.workspace.store.cancel()
        return self.files.may_discard()

    def close_unasked(self) -> None:
        """Close the window, about whose design the person has decided."""
        self._asked = True
        self.close()

    def come_forward(self) -> None:
        """Be the window that is seen and has the keyboard."""
        if self.isMinimized():
            self.showNormal()
        self.raise_()
        self.activateWindow()

    def _kept(self) -> Kept:
        path = self.files.path
        return Kept(str(path.absolute()) if path else "", self.files.title, time.time())


def first_size(available: QSize) -> QSize:
    """How large a window is that nobody has sized yet: with its frame it fits on the screen, also at 200 % scale."""
    return QSize(1440, 900).boundedTo(available - QSize(16, 48)).expandedTo(QSize(640, 480))


def _log_key(view: View) -> str:
    return "plot/log" if view == "lr" else f"plot/log_{view}"
