"""The ways to open something: through the dialog, from the list of recent files, or dropped onto the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrdesigner.errors import UserError
from lrdesigner.model_inputs import Inputs
from lrdesigner.models.source import ModelSource, parse_source
from lrdesigner.models.trust import question_for_source
from lrdesigner_app.notices import Notice
from lrdesigner_app.recent_files import Recent
from lrdesigner_app.trust_question import allowed
from lrdesigner_app.window_drops import Dropped

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class Opening:
    """Each way asks first what to open, then whether its code may run, and at last about what is not saved."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def ask_for_model(self, text: str = "") -> None:
        """Show the dialog, with `text` in it, and open what was chosen."""
        from lrdesigner_app.open_model_dialog import OpenModelDialog

        window = self._window
        with window.files.question():
            dialog = OpenModelDialog(window, window.settings.text("folder"), text)
            chosen = bool(dialog.exec())
        if not chosen or dialog.source is None:
            return
        if dialog.source.file is not None and not dialog.source.is_demo:
            window.settings.put("folder", str(dialog.source.file.parent))
        self._load(dialog.source, dialog.arguments, dialog.interpreter, dialog.shapes)

    def open_recent(self, entry: Recent) -> None:
        """Open an entry of the list again; one whose file is gone leaves the list."""
        window = self._window
        if entry.missing:
            window.files.recent.remove(entry)
            text = f"{Path(entry.file).name} is no longer there; it was taken off the list."
            window.workspace.post(Notice(text, "bad", entry.file))
        elif entry.kind == "model":
            self._load_named(entry.text, entry.kwargs, entry.python, entry.inputs)
        elif window.files.may_discard():
            window.files.open(Path(entry.text))

    def open_dropped(self, dropped: Dropped) -> None:
        """Open what was dropped onto the window."""
        window = self._window
        if dropped.kind == "design" and window.files.may_discard():
            self._tell_what_was_left_out(dropped)  # before it is opened, which may have something worse to tell
            window.files.open(dropped.path)
        elif dropped.kind == "results":
            window.tabs.setCurrentWidget(window.trial_tab)
            window.trial_tab.show_results(dropped.path)
            self._tell_what_was_left_out(dropped)
        elif dropped.kind in ("python", "model"):
            if dropped.kind == "python":
                self.ask_for_model(str(dropped.path))
            else:
                self._load_named(dropped.source, {}, "", [])
            self._tell_what_was_left_out(dropped)  # after it has begun, which hides what was told before

    def _tell_what_was_left_out(self, dropped: Dropped) -> None:
        if dropped.left_out:
            more = f"{dropped.left_out} other file{'s were' if dropped.left_out > 1 else ' was'} left out"
            self._window.workspace.post(Notice(f"Only {dropped.path.name} is opened; {more}."))

    def _load_named(self, text: str, kwargs: dict[str, Any], python: str, inputs: Inputs) -> None:
        try:
            source = parse_source(text)
        except UserError as error:
            self._window.workspace.post(Notice(str(error), "bad"))
            return
        self._load(source, kwargs, python, inputs)

    def _load(self, source: ModelSource, kwargs: dict[str, Any], python: str, inputs: Inputs) -> None:
        window = self._window
        with window.files.question():
            may_run = allowed(question_for_source(source, python), window)
        if may_run and window.files.may_discard():
            window.load_model(source, kwargs, python, inputs)
