"""Several windows, and what was not saved when the program last ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner.demos import demo_design
from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class WindowCommands:
    """The end of the File menu."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(
            "restore_unsaved",
            "File",
            "Res&tore unsaved design",
            "",
            "Open what was not saved when the program last ended",
            "can_restore",
        ),
        ActionSpec(
            "discard_unsaved",
            "File",
            "Discard &unsaved design",
            "",
            "Remove what was not saved when the program last ended",
            "can_restore",
        ),
        ActionSpec("new_window", "File", "&New window", "Ctrl+N", "Open one more window, with the demo design"),
        ActionSpec("close_window", "File", "&Close window", "Ctrl+W", "Close this window"),
        ActionSpec("quit", "File", "&Quit", "Ctrl+Q", "Close every window"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    @property
    def can_restore(self) -> bool:
        """Whether something unsaved is offered."""
        return self._window.windows.recovery.count > 0

    def restore_unsaved(self) -> None:
        """Open what is offered."""
        self._window.windows.recovery.restore(self._window)

    def discard_unsaved(self) -> None:
        """Remove what is offered."""
        self._window.windows.recovery.discard()

    def new_window(self) -> None:
        """One more window."""
        self._window.windows.add(demo_design(), beside=self._window)

    def close_window(self) -> None:
        """Close this window."""
        self._window.close()

    def quit(self) -> None:
        """Close every window."""
        self._window.windows.quit()
