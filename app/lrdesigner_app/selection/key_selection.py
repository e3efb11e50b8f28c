"""Which keys of a curve drawn by hand are selected; the last one added is the active one."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from lrdesigner.schedule_edits import Path
from lrdesigner.schedules import Keyframes
from lrdesigner.track_keys import TrackKeys
from lrdesigner_app.selection.segment_selection import SegmentSelection


class KeySelection(QObject):
    """Places of keys in `node.keys` of the node that is being edited; none where that is no curve drawn by hand.

    Whoever adds, removes or sorts keys selects again; of a change from elsewhere those that still exist stay selected.
    """

    changed = Signal()

    def __init__(self, segments: SegmentSelection) -> None:
        super().__init__()
        self._segments = segments
        self._indices: tuple[int, ...] = ()
        self._of: tuple[object, ...] = self._owner()
        segments.changed.connect(self._on_segments_changed)

    @property
    def node(self) -> Keyframes | None:
        """The curve whose keys are meant."""
        node = self._segments.node
        return node if isinstance(node, Keyframes) else None

    @property
    def curve(self) -> TrackKeys | None:
        """The same with its keys on the track's plane."""
        return None if self.node is None else self._segments.keys_at(self.path)

    @property
    def path(self) -> Path:
        """From the schedule to that curve."""
        return self._segments.path

    @property
    def indices(self) -> tuple[int, ...]:
        """In the order of selecting."""
        return self._indices

    @property
    def active(self) -> int | None:
        """The key that was selected last; None where none is."""
        return self._indices[-1] if self._indices else None

    def select(self, indices: Iterable[int]) -> None:
        """Select these and no others; the last one becomes the active one."""
        number = len(self.node.keys) if self.node is not None else 0
        found = tuple(dict.fromkeys(reversed([index for index in indices if 0 <= index < number])))[::-1]
        if found != self._indices:
            self._indices = found
            self.changed.emit()

    def extend(self, indices: Iterable[int]) -> None:
        """Select these too."""
        self.select((*self._indices, *indices))

    def toggle(self, index: int) -> None:
        """Select one more, or one less."""
        left = tuple(other for other in self._indices if other != index)
        self.select(left if index in self._indices else (*left, index))

    def select_in(self, path: Path, indices: Iterable[int]) -> None:
        """Go to the curve at `path`, and select keys of it."""
        if path != self._segments.path:
            self._segments.go_to(path)
        self.select(indices)

    def clear(self) -> None:
        """Select none."""
        self.select(())

    def _owner(self) -> tuple[object, ...]:
        return (*self._segments.place, self._segments.path)

    def _on_segments_changed(self) -> None:
        owner = self._owner()
        kept = self._indices if owner == self._of else ()
        self._of = owner
        self.select(kept)
