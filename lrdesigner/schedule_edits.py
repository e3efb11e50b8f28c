"""Edits of one track's schedule, seen as a row of segments: pure functions Design -> Design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from lrdesigner.checked import replaced
from lrdesigner.document import Design
from lrdesigner.edits import set_track
from lrdesigner.errors import UserError
from lrdesigner.schedules import (
    REST,
    Constant,
    Length,
    Segment,
    Sequence,
    default_node,
    resolve,
    segment_starts,
    shape_named,
    shape_of,
)
from lrdesigner.schedules.segments import as_segments, from_segments
from lrdesigner.tracks import Slot, track_of

Row = tuple[Segment, ...]

Path = tuple[int, ...]
"""From a track's schedule down to a node in it: which child at each level; () is the schedule itself."""

MOST_SEGMENTS = 200
"""As many as a design file may hold in one row."""


def node_at(schedule: Any, path: Path) -> Any:
    """The node at a path; raises IndexError where there is none.

    >>> node_at(Sequence((Segment(Constant()), Segment(Constant(0.5)))), (1,))
    Constant(factor=0.5)
    """
    for index in path:
        schedule = shape_of(schedule).children(schedule)[index]
    return schedule


def replace_node(schedule: Any, path: Path, node: Any) -> Any:
    """The schedule with another node at a path; the same schedule where the node is the one that is there."""
    if not path:
        return node
    shape, index = shape_of(schedule), path[0]
    child = shape.children(schedule)[index]
    changed = replace_node(child, path[1:], node)
    return schedule if changed is child else shape.with_child(schedule, index, changed)


def set_node_field(design: Design, group: int, slot: Slot, path: Path, field: str, value: Any) -> Design:
    """Set one field of the node at a path; raises `UserError` out of bounds."""
    return set_node_fields(design, group, slot, path, {field: value})


def set_node_fields(design: Design, group: int, slot: Slot, path: Path, values: Mapping[str, Any]) -> Design:
    """Set some fields of the node at a path at once; raises `UserError` out of bounds."""
    schedule = track_of(design.group(group), slot).schedule
    changed = replace_node(schedule, path, replaced(node_at(schedule, path), **values))
    return design if changed is schedule else set_track(design, group, slot, changed)


def set_segment_shape(design: Design, group: int, slot: Slot, index: int, tag: str) -> Design:
    """Give a segment another shape, with its default fields; the same shape changes nothing."""

    def change(row: Row) -> Row:
        if shape_of(row[index].schedule).tag == tag:
            return row
        return _with(row, index, replace(row[index], schedule=default_node(shape_named(tag))))

    return _edit(design, group, slot, change)


def set_segment_field(design: Design, group: int, slot: Slot, index: int, field: str, value: Any) -> Design:
    """Set one field of a segment's shape; raises `UserError` out of bounds."""

    def change(row: Row) -> Row:
        schedule = replaced(row[index].schedule, **{field: value})
        return row if schedule is row[index].schedule else _with(row, index, replace(row[index], schedule=schedule))

    return _edit(design, group, slot, change)


def set_segment_length(design: Design, group: int, slot: Slot, index: int, length: Length) -> Design:
    """Set how long a segment lasts. A length that rounds to no step at all is refused."""
    if length.unit != "rest" and resolve(length, design.plan.span) < 1:
        raise UserError(f"A segment lasts at least 1 step; {length} is none.")
    return _edit(design, group, slot, lambda row: _with(row, index, replace(row[index], length=length)))


def insert_segment(design: Design, group: int, slot: Slot, index: int) -> Design:
    """Add a constant segment after the one at `index`, which gives up half of its time if it had the rest."""

    def change(row: Row) -> Row:
        if len(row) == MOST_SEGMENTS:
            raise UserError(f"A schedule has at most {MOST_SEGMENTS} segments.")
        before = row[index]
        if before.length.unit == "rest":
            starts = segment_starts(Sequence(row), design.plan.span)
            half = 50 * (starts[index + 1] - starts[index]) / design.plan.total_steps
            before = replace(before, length=Length(round(half, 2) or 1.0, "percent"))
        return (*row[:index], before, Segment(Constant(), REST), *row[index + 1 :])

    return _edit(design, group, slot, change)


def remove_segment(design: Design, group: int, slot: Slot, index: int) -> Design:
    """Remove a segment; if none would last for the rest of the run any more, the last one does."""

    def change(row: Row) -> Row:
        if len(row) == 1:
            raise UserError("The only segment cannot be removed; give it another shape instead.")
        kept = (*row[:index], *row[index + 1 :])
        if not any(segment.length.unit == "rest" for segment in kept):
            kept = _with(kept, len(kept) - 1, replace(kept[-1], length=REST))
        return kept

    return _edit(design, group, slot, change)


def move_segment(design: Design, group: int, slot: Slot, index: int, by: int) -> Design:
    """Move a segment earlier (-1) or later (+1); beyond the ends nothing happens."""

    def change(row: Row) -> Row:
        target = index + by
        if not 0 <= target < len(row):
            return row
        moved = [*row]
        moved.insert(target, moved.pop(index))
        return tuple(moved)

    return _edit(design, group, slot, change)


def _edit(design: Design, group: int, slot: Slot, change: Callable[[Row], Row]) -> Design:
    row = as_segments(track_of(design.group(group), slot).schedule)
    changed = change(row)
    return design if changed is row else set_track(design, group, slot, from_segments(changed))


def _with(row: Row, index: int, segment: Segment) -> Row:
    return (*row[:index], segment, *row[index + 1 :])
