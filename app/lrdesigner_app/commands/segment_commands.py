"""What is done to the schedule of the selected track."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class SegmentCommands:
    """The segments of a schedule, and what they are made of."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("add_segment", "Curve", "&Add segment", "Ctrl+T", "Add a segment after the selected one"),
        ActionSpec(
            "split_segment",
            "Curve",
            "S&plit segment",
            "Ctrl+K",
            "Make two of the segment at the playhead, or of the selected one in its middle; the curve stays",
            scope="plot",
        ),
        ActionSpec(
            "duplicate_segment", "Curve", "&Duplicate segment", "Ctrl+D", "Put a copy after the segment", scope="plot"
        ),
        ActionSpec("freeze_lane", "Curve", "&Freeze lane", "", "Show or hide the lane in which freezing is drawn"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window, self._workspace = window, window.workspace

    def freeze_lane(self) -> None:
        """The lane under the strip."""
        self._window.freeze_lane.toggle()

    def split_segment(self) -> None:
        """Two segments that draw what the one drew."""
        self._workspace.segments.split(self._workspace.display.look.playhead)

    def duplicate_segment(self) -> None:
        """A copy after the segment."""
        self._workspace.segments.duplicate()

    def add_segment(self) -> None:
        """A segment after the selected one."""
        self._workspace.segments.add_after()
