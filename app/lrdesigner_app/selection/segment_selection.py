"""Which part of the selected track's schedule is being edited, and what is done to it as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from lrdesigner import schedule_edits, segment_edits, tree_edits
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.numbers import rate
from lrdesigner.schedule_edits import Path, node_at
from lrdesigner.schedules import Segment, Sequence, Span, children_of
from lrdesigner.schedules.segments import as_segments
from lrdesigner.segment_rows import PlacedRow, row_around
from lrdesigner.segment_text import segment_from, segment_text
from lrdesigner.track_keys import TrackKeys
from lrdesigner.tracks import Slot, track_of
from lrdesigner_app.notices import Notice

if TYPE_CHECKING:
    from lrdesigner_app.workspace import Workspace


class SegmentSelection(QObject):
    """Keeps a path that always exists, and with it the segment of the row that the path leads through."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._index = 0
        self._inner: Path | None = ()
        workspace.signals.design_changed.connect(self._on_design_changed)
        workspace.signals.selected_group_changed.connect(lambda _: self.select(0))
        workspace.signals.selected_slot_changed.connect(lambda _: self.select(0))

    @property
    def place(self) -> tuple[int, Slot]:
        """The group and the track whose schedule this is about."""
        return self._workspace.selected_group.id, self._workspace.selected_slot

    @property
    def schedule(self) -> Any:
        """The whole schedule of the selected track."""
        return track_of(self._workspace.selected_group, self._workspace.selected_slot).schedule

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments of the selected track's schedule; at least one."""
        return as_segments(self.schedule)

    @property
    def index(self) -> int:
        """The selected segment's place, from 0."""
        return min(self._index, len(self.segments) - 1)

    @property
    def whole(self) -> bool:
        """Whether the row of segments itself is being edited, and no segment of it."""
        return self._inner is None and isinstance(self.schedule, Sequence)

    @property
    def path(self) -> Path:
        """From the schedule to the node that is being edited."""
        schedule = self.schedule
        if self.whole:
            return ()
        row: Path = (self.index,) if isinstance(schedule, Sequence) else ()
        return tree_edits.existing(schedule, (*row, *(self._inner or ())))

    @property
    def node(self) -> Any:
        """The node that is being edited."""
        return node_at(self.schedule, self.path)

    @property
    def span(self) -> Span:
        """The steps over which that node runs, with the base value of the track."""
        group, slot = self._workspace.selected_group, self._workspace.selected_slot
        base = track_of(group, slot).base
        return tree_edits.span_at(self.schedule, self.path, self._workspace.design.plan.span_for(base))

    def keys_at(self, path: Path) -> TrackKeys:
        """The keys of a curve drawn by hand in that schedule; raises `UserError` where there is none."""
        group, slot = self._workspace.selected_group, self._workspace.selected_slot
        return TrackKeys(group, slot, self._workspace.design.plan, path)

    @property
    def parent(self) -> Any:
        """The composite that the node is a part of; None for the whole schedule."""
        return node_at(self.schedule, self.path[:-1]) if self.path else None

    @property
    def row(self) -> PlacedRow:
        """The row of segments that the node is in, or that is being edited itself."""
        return row_around(
            self._workspace.selected_group, self._workspace.selected_slot, self.path, self._workspace.design.plan
        )

    @property
    def row_index(self) -> int:
        """The place in that row of the segment that leads to the node."""
        depth = len(self.row.path)
        return self.path[depth] if len(self.path) > depth else self.index

    def select_in_row(self, index: int) -> None:
        """Select another segment of the same row."""
        row = self.row
        self._select_at(row.path, max(0, min(index, len(row.segments) - 1)))

    def select(self, index: int) -> None:
        """Select another segment; also tells when it is the same, since the group may be another."""
        self._index = max(0, min(index, len(self.segments) - 1))
        self._inner = ()
        self.changed.emit()

    def go_to(self, path: Path) -> None:
        """Select any node of the schedule: () is the whole of it."""
        path = tree_edits.existing(self.schedule, path)
        if not isinstance(self.schedule, Sequence):
            self._index, self._inner = 0, path
        elif path:
            self._index, self._inner = path[0], path[1:]
        else:
            self._inner = None
        self.changed.emit()

    def go_in(self, index: int = 0) -> None:
        """Go into one of the parts of the node."""
        if index < len(children_of(self.node)):
            self.go_to((*self.path, index))

    def go_out(self) -> None:
        """Go to the composite around the node."""
        if self.path:
            self.go_to(self.path[:-1])

    def add_after(self) -> None:
        """Insert a part after the selected one, and select it."""
        path = self.path
        if not path:
            index = self.index
            if self._commit("Add segment to", schedule_edits.insert_segment, index):
                self.select(index + 1)
        elif self._commit("Add segment to", tree_edits.insert_part, path):
            self.go_to((*path[:-1], path[-1] + 1))

    def add_part(self, index: int) -> None:
        """Insert a part of the node after that at `index`; the node stays selected."""
        self._commit("Add a part to", tree_edits.insert_part, (*self.path, index))

    def remove(self) -> None:
        """Remove the selected part."""
        path = self.path
        if self.whole:
            return
        if not path:
            self._commit("Remove segment of", schedule_edits.remove_segment, self.index)
        elif self._commit("Remove segment of", tree_edits.remove_part, path):
            siblings = len(children_of(node_at(self.schedule, path[:-1])))
            self.go_to((*path[:-1], min(path[-1], siblings - 1)))

    def remove_part(self, index: int) -> None:
        """Remove a part of the node."""
        self._commit("Remove a part of", tree_edits.remove_part, (*self.path, index))

    def move(self, by: int) -> None:
        """Exchange the selected part with a neighbour: -1 the earlier, +1 the later one."""
        path = self.path
        if path and self._commit("Move segment of", tree_edits.move_part, path, by):
            self.go_to((*path[:-1], path[-1] + by))

    def move_part(self, index: int, by: int) -> bool:
        """Exchange a part of the node with a neighbour."""
        return self._commit("Move a part of", tree_edits.move_part, (*self.path, index), by)

    def move_in_row(self, index: int, by: int) -> None:
        """Move a segment of the row to another place, and select it."""
        row = self.row
        if by and self._commit("Move segment of", tree_edits.move_part, (*row.path, index), by):
            self.select_in_row(index + by)

    def split(self, step: int | None = None) -> None:
        """Split the segment that acts at a step of the run, or the selected one in its middle; selects the later."""
        row, index = self.row, self.row_index
        if step is None:
            step = sum(row.stretch(index)) // 2
        else:
            index = row.at(step)
        if self._commit("Split segment of", segment_edits.split_segment, row.path, index, step):
            self._select_at(row.path, index + 1)

    def duplicate(self) -> None:
        """Put a copy of the segment after it, and select that."""
        row, index = self.row, self.row_index
        if self._commit("Duplicate segment of", segment_edits.duplicate_segment, row.path, index):
            self._select_at(row.path, index + 1)

    def copied(self) -> str:
        """The segment as text for the clipboard; "" where it cannot be copied, which then is told."""
        row, (group, slot) = self.row, self.place
        try:
            found = segment_edits.segment_at(self._workspace.design, group, slot, row.path, self.row_index)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return ""
        return segment_text(found)

    def paste(self, text: str) -> None:
        """Put the segment of a text after the selected one, and select it; tells what is wrong with the text."""
        row, index = self.row, self.row_index
        try:
            segment = segment_from(text, self._workspace.design.plan.span)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        if self._commit("Paste segment into", segment_edits.paste_segment, row.path, index, segment):
            self._select_at(row.path, index + 1)

    def _select_at(self, path: Path, index: int) -> None:
        if path:
            self.go_to((*path, index))
        else:
            self.select(index)

    def wrap(self, tag: str) -> None:
        """Put the node into a new composite, which then is selected."""
        path = self.path
        if self._commit("Wrap in the schedule of", tree_edits.wrap, path, tag):
            self.go_to(path)

    def unwrap(self, index: int = 0) -> None:
        """Replace the node by one of its parts."""
        path = self.path
        if self._commit("Unwrap in the schedule of", tree_edits.unwrap, path, index):
            self.go_to(path)

    def bake(self) -> None:
        """Put keyframes in the node's place."""
        group, slot, path = self._workspace.selected_group, self._workspace.selected_slot, self.path
        before = self._workspace.store.committed
        if self._commit("Bake the schedule of", tree_edits.bake_node, path):
            found = tree_edits.baked(before, group.id, slot, path)
            keys = f"{len(found.node.keys)} keys, off by at most {rate(found.error)} of the base value"
            self._workspace.post(Notice(f"Baked into {keys}, at step {found.worst:,}."))

    def simplify(self) -> None:
        """Drop the keys that matter little."""
        before = len(self.node.keys)
        if self._commit("Simplify the keys of", tree_edits.simplify_keys, self.path):
            self._workspace.post(Notice(f"{len(self.node.keys)} of {before} keys stay."))

    def _commit(self, words: str, edit: Callable[..., Design], *arguments: Any) -> bool:
        group, slot = self._workspace.selected_group, self._workspace.selected_slot
        return self._workspace.commit(f"{words} {group.name}", edit, group.id, slot, *arguments)

    def _on_design_changed(self) -> None:
        self.changed.emit()
