"""What the plot shows, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class PlotCommands:
    """Tracks, axes and framing."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(
            "next_track", "View", "&Next track", "Ctrl+PgDown", "Plot the next of rate, weight decay, momentum ..."
        ),
        ActionSpec("toggle_log", "View", "&Linear or log", "Ctrl+L", "Switch the axis of the plotted values"),
        ActionSpec("toggle_epochs", "View", "&Steps or epochs", "Ctrl+U", "Switch the axis of time"),
        ActionSpec("frame_all", "View", "Frame &all", "Home", "Show every curve whole", scope="plot"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

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
