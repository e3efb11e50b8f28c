"""Which panel is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow
    from lrdesigner_app.palette import Palette


class ViewCommands:
    """The View menu."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("palette", "View", "Command p&alette…", "Ctrl+Shift+P", "Find a command by a part of its name"),
        ActionSpec("find_in_model", "View", "&Find in the model", "Ctrl+F", "Filter the modules and parameters"),
        ActionSpec("show_code", "View", "&Code", "Ctrl+1", "Show the exported code"),
        ActionSpec("show_problems", "View", "&Problems", "Ctrl+2", "Show what the checks found"),
        ActionSpec("show_trial", "View", "&Trial", "Ctrl+3", "Show the trial"),
        ActionSpec("raise_tabs", "View", "Tabs &high or low", "Ctrl+4", "Give the tabs or the plot most of the height"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._palette: Palette | None = None

    def palette(self) -> None:
        """Everything there is to do, by its name."""
        if self._palette is None:
            from lrdesigner_app.palette import Palette

            self._palette = Palette(self._window.action_set, self._window.workspace, self._window)
        self._palette.open()

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

    def raise_tabs(self) -> None:
        """The tabs over most of the plot, or as they were."""
        self._window.tabs_panel.raise_or_lower()
