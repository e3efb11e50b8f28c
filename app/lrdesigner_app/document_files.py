"""The design's file: opening, saving, and never losing what was not saved."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from lrdesigner.design_file import SUFFIX, holds_design, load_with_faults, save
from lrdesigner.document import Design
from lrdesigner.embedded import Embedded
from lrdesigner.errors import UserError
from lrdesigner.faults import Opened
from lrdesigner_app.file_question import ask_where_to_save
from lrdesigner_app.model_watch import State, state_of
from lrdesigner_app.notices import Notice, embedded_notice
from lrdesigner_app.recent_files import RecentFiles, recent_design
from lrdesigner_app.settings import Settings
from lrdesigner_app.waiting import LARGE_BYTES, LARGE_TENSORS, waiting
from lrdesigner_app.workspace import Workspace

FILTER = f"Designs (*{SUFFIX})"
OPEN_FILTER = f"Designs and exported code (*{SUFFIX} *.py)"


class DocumentFiles(QObject):
    """Which file the open design belongs to; `path` is None until it was saved or opened."""

    path_changed = Signal()
    asking = Signal(bool)
    """True when a question about a file is put, False when it is answered: meanwhile nothing may replace the design."""

    worked = Signal(str)
    """What is being done that keeps the window busy; "" when it is done."""

    def __init__(self, workspace: Workspace, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._workspace = workspace
        self._settings = settings
        self._window = window
        self.recent = RecentFiles(settings)
        self.path: Path | None = None
        self._known: State = None
        self._code: Path | None = None  # the exported file that a design without a file of its own was read from

    @property
    def title(self) -> str:
        """What to call the design."""
        return self.path.name.removesuffix(SUFFIX) if self.path else "Untitled"

    def replace_design(self, design: Design, path: Path | None) -> None:
        """Show another design; call `may_discard` first."""
        self._replace(Opened(design), path)

    def restored(self, opened: Opened, path: Path | None) -> None:
        """Show a design that was never saved as it is, under the name of the file that it belongs to."""
        self._replace(opened, path, modified=True)

    def _replace(self, opened: Opened, path: Path | None, *, modified: bool = False) -> None:
        self._take_path(path, None if path is None else state_of(path))
        self._workspace.opened = opened  # before the store tells everybody
        self._workspace.store.open(opened.design, modified=modified or bool(opened.faults))
        self.path_changed.emit()

    def belongs_to(self, path: Path) -> None:
        """Take `path` for the file that the present design was read from, and tell of its faults."""
        self._take_path(path, state_of(path))
        self.recent.add(recent_design(path))
        self.path_changed.emit()
        self._tell_of_faults(path)

    def ask_and_open(self) -> None:
        """Ask for a design file, then about what is not saved, and open it."""
        with self.question():
            name, _ = QFileDialog.getOpenFileName(
                self._window, "Open design", self._settings.text("folder"), OPEN_FILTER
            )
        if name and self.may_discard():
            self.open(Path(name))

    def open(self, path: Path) -> bool:
        """Open a design file, with defaults for its faults; if it is none, a notice says so and nothing changes."""
        known = state_of(path)  # before it is read: what changes meanwhile is noticed when it is saved
        try:
            held = holds_design(path)
            if held is not None:
                return self._open_code(path, held)
            with self._working(f"Opening {path.name}…", _size(path) > LARGE_BYTES):
                opened = load_with_faults(path)
                self._replace(opened, path)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return False
        self._remember(path)
        self._known = known
        self._tell_of_faults(path)
        return True

    def _open_code(self, path: Path, held: Embedded) -> bool:
        """Open the design in an exported file as one that has no file yet: saving must not replace the code."""
        self._replace(load_with_faults(path), None, modified=True)
        self._code = path
        self._remember(path)
        if self._workspace.opened.faults:
            self._tell_of_faults(path)
        else:
            self._workspace.post(embedded_notice(path, held))
        return True

    def _tell_of_faults(self, path: Path) -> None:
        number = len(self._workspace.opened.faults)
        if number == 1:
            self._workspace.post(Notice(f"1 fault in {path.name} was replaced by a default; see Problems.", "bad"))
        elif number:
            text = f"{number:,} faults in {path.name} were replaced by defaults; see Problems."
            self._workspace.post(Notice(text, "bad"))

    def save(self) -> bool:
        """Save under the known name, or ask for one; False when it was not saved."""
        return self.save_to(self.path) if self.path is not None else self.save_as()

    def save_as(self) -> bool:
        """Ask for a name and save; False when it was not saved."""
        name = self._code.stem if self._code else self.title.lower()
        proposal = Path(self._settings.text("folder")) / f"{name}{SUFFIX}"
        with self.question():
            path = ask_where_to_save(self._window, "Save design", proposal, FILTER, SUFFIX)
        return path is not None and self.save_to(path, over=True)  # the dialog has asked about a file that is there

    def save_to(self, path: Path, *, over: bool = False) -> bool:
        """Write the design; what goes wrong becomes a notice, and the old file stays as it was.

        Unless `over`, a file that somebody else has changed since it was read or saved is not replaced.
        """
        if not over and path == self.path and self._changed_by_others(path):
            action = ("Overwrite", partial(self._overwrite, path))
            self._workspace.post(
                Notice(f"{path.name} was changed outside this window. It was not saved.", "bad", "", action)
            )
            return False
        design = self._workspace.store.committed
        try:
            _check_writable(path)
            with self._working(f"Saving {path.name}…", len(design.model.inventory.parameters) > LARGE_TENSORS):
                save(design, path)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return False
        self._take_path(path, state_of(path))
        self._remember(path)
        self._workspace.opened = Opened(design)
        self._workspace.store.mark_saved(design)
        self._workspace.post(Notice(f"Saved {path.name}.", "good"))
        self.path_changed.emit()
        return True

    def _overwrite(self, path: Path) -> None:
        if path == self.path:
            self.save_to(path, over=True)
        else:  # the button was shown for a design that is no longer open
            self._workspace.post(Notice(f"{path.name} is no longer open here; nothing was written."))

    def _changed_by_others(self, path: Path) -> bool:
        return self._known is not None and state_of(path) not in (self._known, None)

    def _take_path(self, path: Path | None, known: State) -> None:
        self.path, self._known, self._code = path, known, None

    def _working(self, text: str, large: bool) -> AbstractContextManager[None]:
        return waiting(large, lambda: self.worked.emit(text), lambda: self.worked.emit(""))

    @contextmanager
    def question(self) -> Iterator[None]:
        """Around everything that waits for a person's answer about files."""
        self.asking.emit(True)
        try:
            yield
        finally:
            self.asking.emit(False)

    def may_discard(self) -> bool:
        """Whether the present design may go: it is saved, or the person decided about it just now."""
        if not self._workspace.store.modified:
            return True
        with self.question():
            answer = self.ask_about_unsaved()
        if answer == QMessageBox.StandardButton.Save:
            return self.save()
        return answer == QMessageBox.StandardButton.Discard

    def ask_about_unsaved(self) -> QMessageBox.StandardButton:
        """Save, Discard or Cancel."""
        buttons = QMessageBox.StandardButton
        return QMessageBox.warning(
            self._window,
            "Unsaved changes",
            f"{self.title} has changes that are not saved.",
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )

    def _remember(self, path: Path) -> None:
        self._settings.put("folder", str(path.absolute().parent))
        self.recent.add(recent_design(path))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _check_writable(path: Path) -> None:
    """Raise `UserError` where nothing can be saved, or nothing is meant to be: a folder would take a new file."""
    if not path.parent.is_dir():
        raise UserError(f"{path} cannot be written: there is no folder {path.parent}.")
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise UserError(f"{path} cannot be written: it is write-protected. Save it under another name.")
