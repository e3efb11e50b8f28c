"""What the plot shows, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QPoint

from lrdesigner_app.actions import ActionSpec
from lrdesigner_app.plot_menu import pop_up_plot_menu

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class PlotCommands:
    """Tracks, axes, framing and the playhead."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(
            "next_track", "View", "&Next track", "Ctrl+PgDown", "Plot the next of rate, weight decay, momentum ..."
        ),
        ActionSpec("toggle_log", "View", "&Linear or log", "Ctrl+L", "Switch the axis of the plotted values"),
        ActionSpec("toggle_epochs", "View", "&Steps or epochs", "Ctrl+U", "Switch the axis of time"),
        ActionSpec("frame_all", "View", "Frame &all", "Home", "Show every curve whole", scope="plot"),
        ActionSpec(
            "frame_selection",
            "View",
            "&Frame the selection",
            ".",
            "Show the selected keys, else the selected segment, else the selected curve",
            scope="plot",
        ),
        ActionSpec(
            "find_curves", "View", "Find &curves", "Ctrl+Shift+F", "Show only curves of groups with a name like this"
        ),
        ActionSpec(
            "mark_playhead",
            "View",
            "&Mark a step",
            "M",
            "Put the playhead at the pointer, with every value there; again: take it away",
            scope="plot",
        ),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        window.plot.menu_requested.connect(self._pop_up)

    def _pop_up(self, place: QPoint) -> None:
        pop_up_plot_menu(self._window, place)

    def find_curves(self) -> None:
        """Into the line that filters curves."""
        self._window.plot.filter.open_filter()

    def next_track(self) -> None:
        """The next track in the plot."""
        self._window.plot.next_view()

    def toggle_log(self) -> None:
        """The other axis of the values."""
        self._window.plot.set_log(not self._window.plot.log)

    def toggle_epochs(self) -> None:
        """The other axis of time."""
        self._window.plot.set_epochs(not self._window.plot.epochs)

    def frame_all(self) -> None:
        """Every curve whole."""
        self._window.plot.frame_all()

    def frame_selection(self) -> None:
        """What is selected of the selected curve."""
        self._window.plot.frame_selection()

    def mark_playhead(self) -> None:
        """At the pointer, or in the middle of the view; where it stands already it goes."""
        display, step = self._window.workspace.display, self._window.plot.pointed_step
        if step is None:
            step = self._window.plot.middle_step if display.look.playhead is None else display.look.playhead
        display.set_playhead(None if step == display.look.playhead else step)
