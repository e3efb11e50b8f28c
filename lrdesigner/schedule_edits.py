"""Edits of one track's schedule, seen as a row of segments: pure functions Design -> Design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

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
    Span,
    factors,
    segment_starts,
    shape_of,
)
from lrdesigner.schedules.segments import as_segments, from_segments
from lrdesigner.tracks import Slot, track_of

Row = tuple[Segment, ...]
P = TypeVar("P")

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


def insert_segment(design: Design, group: int, slot: Slot, index: int) -> Design:
    """Add a segment after the one at `index` that holds its end; it gives up half of its time if it had the rest."""
    return _edit(design, group, slot, lambda row: row_with_new(row, index, design.plan.span))


def remove_segment(design: Design, group: int, slot: Slot, index: int) -> Design:
    """Remove a segment; if none would last for the rest of the run any more, the last one does."""
    return _edit(design, group, slot, lambda row: row_without(row, index))


def row_with_new(row: Row, index: int, span: Span) -> Row:
    """A row over `span` with a segment after the one at `index` that holds its end; what had the rest gives half."""
    if len(row) == MOST_SEGMENTS:
        raise UserError(f"A schedule has at most {MOST_SEGMENTS} segments.")
    before = row[index]
    if shape_of(before.schedule).family == "feedback":
        raise UserError("A schedule that is steered by a metric takes the whole run; give it another shape first.")
    if before.length.unit == "rest":
        starts = segment_starts(Sequence(row), span)
        half = 50 * (starts[index + 1] - starts[index]) / span.run_steps
        before = replace(before, length=Length(round(half, 2) or 1.0, "percent"))
    kept = (*row[:index], before)
    return (*kept, Segment(_hold_after(kept, span), REST), *row[index + 1 :])


def _hold_after(row: Row, span: Span) -> Constant:
    """A constant where the row ends, in three digits; at 1 where there is nothing to hold."""
    last = shape_of(Sequence(row)).parts(Sequence(row), span)[-1]
    end = segment_starts(Sequence(row), span)[-1]
    factor = float(f"{float(factors(last.schedule, [end - last.origin], last.span)[0]):.3g}")
    try:
        return replaced(Constant(), factor=factor) if factor > 0 else Constant()
    except UserError:  # beyond what a constant may be
        return Constant()


def row_without(row: Row, index: int) -> Row:
    """A row without a segment; if none lasts for the rest any more, the last one does."""
    if len(row) == 1:
        raise UserError("The only segment cannot be removed; give it another shape instead.")
    kept = (*row[:index], *row[index + 1 :])
    if not any(segment.length.unit == "rest" for segment in kept):
        kept = _with(kept, len(kept) - 1, replace(kept[-1], length=REST))
    return kept


def moved(parts: tuple[P, ...], index: int, by: int) -> tuple[P, ...]:
    """The same parts, one of them further on by `by` places; the very same beyond the ends."""
    target = index + by
    if not 0 <= target < len(parts):
        return parts
    order = [*parts]
    order.insert(target, order.pop(index))
    return tuple(order)


def _edit(design: Design, group: int, slot: Slot, change: Callable[[Row], Row]) -> Design:
    row = as_segments(track_of(design.group(group), slot).schedule)
    changed = change(row)
    return design if changed is row else set_track(design, group, slot, from_segments(changed))


def _with(row: Row, index: int, segment: Segment) -> Row:
    return (*row[:index], segment, *row[index + 1 :])
