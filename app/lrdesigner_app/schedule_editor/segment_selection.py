"""Which segment of the selected group's schedule is being edited, and what is done to it as a whole."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from lrdesigner import schedule_edits
from lrdesigner.document import Design
from lrdesigner.schedules import Segment
from lrdesigner.schedules.segments import as_segments
from lrdesigner.tracks import track_of
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
        workspace.signals.selected_slot_changed.connect(lambda _: self.select(0))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments of the selected group's lr schedule; at least one."""
        return as_segments(track_of(self._workspace.selected_group, self._workspace.selected_slot).schedule)

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
        index = self.index
        if self._commit("Add segment to", schedule_edits.insert_segment, index):
            self.select(index + 1)

    def remove(self) -> None:
        """Remove the selected segment."""
        self._commit("Remove segment of", schedule_edits.remove_segment, self.index)

    def move(self, by: int) -> None:
        """Exchange the selected segment with a neighbour: -1 the earlier, +1 the later one."""
        index = self.index
        if self._commit("Move segment of", schedule_edits.move_segment, index, by):
            self.select(index + by)

    def _commit(self, words: str, edit: Callable[..., Design], *arguments: int) -> bool:
        group, slot = self._workspace.selected_group, self._workspace.selected_slot
        return self._workspace.commit(f"{words} {group.name}", edit, group.id, slot, *arguments)

    def _on_design_changed(self) -> None:
        self.changed.emit()
