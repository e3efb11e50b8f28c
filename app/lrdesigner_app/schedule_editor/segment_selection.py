"""Which segment of the selected group's schedule is being edited, and what is done to it as a whole."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from lrdesigner import schedule_edits
from lrdesigner.schedules import Segment
from lrdesigner.schedules.segments import as_segments
from lrdesigner_app.workspace import Workspace


class SegmentSelection(QObject):
    """Keeps an index that always exists."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._index = 0
        workspace.signals.design_changed.connect(self._on_design_changed)
        workspace.signals.selected_group_changed.connect(lambda _: self.select(0))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments of the selected group's lr schedule; at least one."""
        return as_segments(self._workspace.selected_group.lr.schedule)

    @property
    def index(self) -> int:
        """The selected one's place, from 0."""
        return min(self._index, len(self.segments) - 1)

    def select(self, index: int) -> None:
        """Select another segment; also tells when it is the same, since the group may be another."""
        self._index = max(0, min(index, len(self.segments) - 1))
        self.changed.emit()

    def add_after(self) -> None:
        """Insert a segment after the selected one, and select it."""
        index, group = self.index, self._workspace.selected_group
        if self._workspace.commit(f"Add segment to {group.name}", schedule_edits.insert_segment, group.id, index):
            self.select(index + 1)

    def remove(self) -> None:
        """Remove the selected segment."""
        group = self._workspace.selected_group
        self._workspace.commit(f"Remove segment of {group.name}", schedule_edits.remove_segment, group.id, self.index)

    def move(self, by: int) -> None:
        """Exchange the selected segment with a neighbour: -1 the earlier, +1 the later one."""
        index, group = self.index, self._workspace.selected_group
        if self._workspace.commit(f"Move segment of {group.name}", schedule_edits.move_segment, group.id, index, by):
            self.select(index + by)

    def _on_design_changed(self) -> None:
        self.changed.emit()
