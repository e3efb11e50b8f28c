"""Which part of the selected track's schedule is being edited, and what is done to it as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from lrdesigner import schedule_edits, tree_edits
from lrdesigner.document import Design
from lrdesigner.numbers import rate
from lrdesigner.schedule_edits import Path, node_at
from lrdesigner.schedules import Segment, Sequence, Span, children_of
from lrdesigner.schedules.segments import as_segments
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

    @property
    def parent(self) -> Any:
        """The composite that the node is a part of; None for the whole schedule."""
        return node_at(self.schedule, self.path[:-1]) if self.path else None

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
