"""The rows of segments in a track's schedule, at any depth, as they lie on the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lrdesigner.document import Group, Plan
from lrdesigner.schedule_edits import Path
from lrdesigner.schedules import REST, Segment, Sequence, Span, segment_starts, shape_of
from lrdesigner.schedules.boundaries import movable
from lrdesigner.schedules.breaks import FOR_EVER
from lrdesigner.schedules.composites import NOTHING
from lrdesigner.schedules.segments import as_segments
from lrdesigner.tracks import Slot, track_of


@dataclass(frozen=True)
class PlacedRow:
    """A row of segments. `path` leads to its sequence, or is () for a shape that is a row of one.

    `starts` are the steps of the run at which the segments begin, and at which the last one ends. The row acts from
    `first` to `end`, steps of the run too; its own step 0 is `origin`.
    """

    path: Path
    segments: tuple[Segment, ...]
    span: Span
    origin: int
    first: int
    end: int

    @cached_property
    def node(self) -> Sequence:
        """As a sequence."""
        return Sequence(self.segments)

    @property
    def alone(self) -> bool:
        """Whether it is one shape that lasts the whole run, and in no sequence."""
        return len(self.segments) == 1 and self.segments[0].length == REST and self.segments[0].skip == NOTHING

    @cached_property
    def starts(self) -> list[int]:
        """One more than there are segments."""
        if self.alone:  # which may be nested as deep as may be, so that a sequence around it may not
            return [self.origin, self.origin + max(self.span.steps, 0)]
        return [self.origin + start for start in segment_starts(self.node, self.span)]

    def stretch(self, index: int) -> tuple[int, int]:
        """First step of a segment, and one past its last, as far as the row acts."""
        starts = self.starts
        start = min(max(starts[index], self.first), self.end)
        last = index == len(self.segments) - 1
        return start, self.end if last else min(max(starts[index + 1], start), self.end)

    def at(self, step: int) -> int:
        """The segment that acts at a step of the run; the first or last one outside of the row."""
        starts = self.starts
        found = [index for index in range(len(self.segments)) if starts[index] <= step]
        return found[-1] if found else 0

    def boundaries(self) -> list[tuple[int, int]]:
        """The boundaries that can be moved: the place of the segment before, and the step of the run."""
        if len(self.segments) < 2:
            return []
        starts = self.starts
        return [
            (index, starts[index + 1])
            for index in movable(self.node, [start - self.origin for start in starts])
            if self.first < starts[index + 1] <= self.end
        ]


def rows_along(group: Group, slot: Slot, path: Path, plan: Plan) -> tuple[PlacedRow, ...]:
    """The rows on the way to a node, the outermost first; of a schedule that is one shape, that shape as a row.

    A row inside of a segment without a step lies nowhere and is left out.
    """
    return tuple(_rows(track_of(group, slot).schedule, path, plan.span_for(track_of(group, slot).base)))


def row_around(group: Group, slot: Slot, path: Path, plan: Plan) -> PlacedRow:
    """The nearest row that the node at a path is in."""
    rows = rows_along(group, slot, path, plan)
    return next((row for row in reversed(rows) if len(row.path) < len(path)), rows[0])


def _rows(schedule: Any, path: Path, span: Span) -> Iterator[PlacedRow]:
    origin, first, end = 0, 0, span.steps
    for depth in range(len(path) + 1):
        if isinstance(schedule, Sequence) or depth == 0:
            yield PlacedRow(path[:depth], as_segments(schedule), span, origin, first, end)
        if depth == len(path):
            return
        part = next((p for p in shape_of(schedule).parts(schedule, span) if p.index == path[depth]), None)
        if part is None:
            return
        first = max(first, origin + part.first)
        end = min(end, origin + part.end) if part.end != FOR_EVER else end
        origin, span, schedule = origin + part.origin, part.span, part.schedule
