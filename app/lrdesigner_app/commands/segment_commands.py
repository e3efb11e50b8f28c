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
    )

    def __init__(self, window: MainWindow) -> None:
        self._workspace = window.workspace

    def add_segment(self) -> None:
        """A segment after the selected one."""
        self._workspace.segments.add_after()
