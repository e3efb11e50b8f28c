"""From one problem to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class CodeCommands:
    """What is about the tabs under the plot."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("next_problem", "View", "&Next problem", "F8", "Show the place of the next problem"),
        ActionSpec("previous_problem", "View", "Pre&vious problem", "Shift+F8", "Show the place of the problem before"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def next_problem(self) -> None:
        """The next one; after the last the first."""
        self._step(1)

    def previous_problem(self) -> None:
        """The one before; before the first the last."""
        self._step(-1)

    def _step(self, by: int) -> None:
        self._window.tabs.setCurrentWidget(self._window.problems)
        self._window.problems.step(by)
