"""Opening and saving."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner.demos import demo_design
from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class FileCommands:
    """The File menu."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("open_model", "File", "Open &model…", "Ctrl+M", "Open a model: code, a checkpoint, or a library's"),
        ActionSpec(
            "reload_model", "File", "&Reload model", "Ctrl+R", "Open the model again, after its file has changed"
        ),
        ActionSpec("open_demo", "File", "Open the &demo", "", "Start again with the demo design"),
        ActionSpec("open_design", "File", "&Open design…", "Ctrl+O", "Open a design file"),
        ActionSpec("save", "File", "&Save", "Ctrl+S", "Save the design"),
        ActionSpec("save_as", "File", "Save &as…", "Ctrl+Shift+S", "Save the design under another name"),
        ActionSpec(
            "export_code", "File", "&Export code…", "Ctrl+E", "Save the code that makes the optimizer and scheduler"
        ),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def open_model(self) -> None:
        """Ask for a model and open it."""
        self._window.opening.ask_for_model()

    def reload_model(self) -> None:
        """Open the model of the design again."""
        self._window.reload.reload()

    def open_demo(self) -> None:
        """Start again with the demo."""
        if self._window.files.may_discard():
            self._window.files.replace_design(demo_design(), None)

    def open_design(self) -> None:
        """Ask for a design file and open it."""
        self._window.files.ask_and_open()

    def save(self) -> None:
        """Save the design."""
        self._window.files.save()

    def save_as(self) -> None:
        """Save the design under another name."""
        self._window.files.save_as()

    def export_code(self) -> None:
        """Save the code."""
        self._window.tabs.setCurrentWidget(self._window.code)
        self._window.code.save_as()
