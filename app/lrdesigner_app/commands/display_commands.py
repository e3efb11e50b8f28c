"""How curves are looked at: hidden, alone, locked, normalised, beside what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner.ghost_edits import revert_curves
from lrdesigner_app.actions import ActionSpec
from lrdesigner_app.notices import Notice
from lrdesigner_app.space_key import SpacePresses

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow

REVERT = "Revert to the pinned curves"


class DisplayCommands:
    """What is done to one curve is done to the selected group's; nothing of it is an edit, but for the reverting."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(
            "solo", "View", "S&olo", "Space", "Show the selected group's curve alone, or all again", scope="curves"
        ),
        ActionSpec(
            "hide", "View", "&Hide curve", "H", "Hide the selected group's curve, or show it again", scope="curves"
        ),
        ActionSpec(
            "lock",
            "View",
            "Loc&k curve",
            "L",
            "Keep the selected group's curve from being dragged, or let it go",
            scope="curves",
        ),
        ActionSpec(
            "show_all",
            "View",
            "Show all cur&ves",
            "Shift+H",
            "Show every curve that is hidden",
            "something_hidden",
            "curves",
        ),
        ActionSpec(
            "normalise",
            "View",
            "&Normalise",
            "Shift+N",
            "Draw each curve in percent of its own highest value, or all in one scale",
            scope="plot",
        ),
        ActionSpec(
            "pin_ghost",
            "View",
            "P&in curves to compare",
            "G",
            "Keep the present curves in sight behind those to come",
            scope="plot",
        ),
        ActionSpec(
            "revert_to_ghost",
            "View",
            "&Revert to the pinned curves",
            "Shift+G",
            "Give every group the schedules that were pinned",
            "has_ghost",
            "plot",
        ),
        ActionSpec(
            "drop_ghost",
            "View",
            "&Unpin the curves",
            "",
            "Do away with the curves that are pinned",
            "has_ghost",
            "plot",
        ),
    )

    def __init__(self, window: MainWindow) -> None:
        self._workspace = window.workspace
        self._display = window.workspace.display
        SpacePresses(window.plot, window.groups, window.rules)

    @property
    def something_hidden(self) -> bool:
        """Whether a curve is not shown."""
        return any(not self._display.look.shows(group.id) for group in self._workspace.design.groups)

    @property
    def has_ghost(self) -> bool:
        """Whether curves are pinned."""
        return self._display.look.ghost is not None

    def solo(self) -> None:
        """One alone, or all."""
        self._display.toggle_solo(self._workspace.selected_group.id)

    def hide(self) -> None:
        """Hidden, or not."""
        self._display.toggle_hidden(self._workspace.selected_group.id)

    def lock(self) -> None:
        """Locked, or not."""
        self._display.toggle_locked(self._workspace.selected_group.id)

    def show_all(self) -> None:
        """All of them."""
        self._display.show_all()

    def normalise(self) -> None:
        """Each in its own scale, or all in one."""
        self._display.set_normalised(not self._display.look.normalised)

    def pin_ghost(self) -> None:
        """The present state stays in sight."""
        self._display.pin_ghost(self._workspace.store.committed)
        self._workspace.post(Notice("The curves are pinned: what they are now stays in sight behind them."))

    def revert_to_ghost(self) -> None:
        """Back to what was pinned, as one edit."""
        ghost = self._display.look.ghost
        if ghost is not None and not self._workspace.commit(REVERT, revert_curves, ghost):
            self._workspace.post(Notice("The curves are as they were pinned."))

    def drop_ghost(self) -> None:
        """Nothing is pinned."""
        self._display.drop_ghost()
