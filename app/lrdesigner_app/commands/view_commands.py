"""Which panel is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class ViewCommands:
    """The View menu."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("find_in_model", "View", "&Find in the model", "Ctrl+F", "Filter the modules and parameters"),
        ActionSpec("show_code", "View", "&Code", "Ctrl+1", "Show the exported code"),
        ActionSpec("show_problems", "View", "&Problems", "Ctrl+2", "Show what the checks found"),
        ActionSpec("show_trial", "View", "&Trial", "Ctrl+3", "Show the trial"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def find_in_model(self) -> None:
        """Into the filter of the tree."""
        self._window.tree.focus_filter()

    def show_code(self) -> None:
        """The Code tab."""
        self._window.tabs.setCurrentWidget(self._window.code)

    def show_problems(self) -> None:
        """The Problems tab."""
        self._window.tabs.setCurrentWidget(self._window.problems)

    def show_trial(self) -> None:
        """The Trial tab."""
        self._window.tabs.setCurrentWidget(self._window.trial_tab)
