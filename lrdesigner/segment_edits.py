"""Edits of a row of segments at any depth: boundaries, splitting, copies. Pure functions Design -> Design.

`path` leads to the row's sequence; () also to a whole schedule that is one shape, as a row of one.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.schedule_edits import MOST_SEGMENTS, Path
from lrdesigner.schedules import (
    Length,
    Segment,
    Sequence,
    Span,
    in_unit,
    length_like,
    resolve,
    segment_starts,
    shape_of,
)
from lrdesigner.schedules.boundaries import with_boundary
from lrdesigner.schedules.cutting import first_part
from lrdesigner.segment_rows import PlacedRow, rows_along
from lrdesigner.tracks import Slot
from lrdesigner.tree_edits import with_node


def move_boundary(
    design: Design, group: int, slot: Slot, path: Path, index: int, step: int, roll: bool = False
) -> Design:
    """Put the boundary after segment `index` at a step of the run, or as near as may be.

    The segment before it changes in length, in its own unit; what follows is pushed on, and a segment that takes the
    rest makes up for it. With `roll` the next segment makes up for it and keeps its end.
    """
    row = _row(design, group, slot, path)
    node, starts = row.node, [start - row.origin for start in row.starts]
    changed = with_boundary(node, index, row.span, starts, step - row.origin, roll)
    return design if changed is node else with_node(design, group, slot, path, changed)


def split_segment(design: Design, group: int, slot: Slot, path: Path, index: int, step: int) -> Design:
    """Make two of a segment at a step of the run; the curve stays as it is.

    The second one enters its shape late. The first one keeps the time scale that it had: lengths within it that were
    as long as the segment get that number, and a shape without such lengths goes into a sequence that is as long.
    Raises `UserError` at a step that is not inside of the segment.
    """
    row = _row(design, group, slot, path)
    segment = _copyable(row, index, "split")
    start, end = row.starts[index], row.starts[index + 1]
    if not start < step < end:
        raise UserError("A segment is split between its first and its last step; put the playhead inside of it.")
    skip = resolve(segment.skip, row.span)
    span = row.span.part(end - start + skip, ahead=skip)
    kept = first_part(segment.schedule, span, skip, skip + step - start)
    earlier = replace(segment, schedule=kept, length=_numbered(segment.length, step - start, row.span))
    later = replace(
        segment,
        length=_numbered(segment.length, end - step, row.span) if segment.length.unit != "rest" else segment.length,
        skip=length_like(segment.skip, skip + step - start, row.span),
    )
    starts = [start - row.origin for start in row.starts]
    wanted = [*starts[: index + 1], step - row.origin, *starts[index + 1 :]]
    halves = (*row.segments[:index], earlier, later, *row.segments[index + 1 :])
    if segment_starts(Sequence(halves), row.span) != wanted:  # several that take the rest would share it anew
        halves = _without_rests(halves, wanted, row.span)
    return _with_row(design, group, slot, row, halves)


def paste_segment(design: Design, group: int, slot: Slot, path: Path, index: int, segment: Segment) -> Design:
    """Put a segment after the one at `index`; several that take the rest share it."""
    row = _row(design, group, slot, path)
    _copyable(row, index, "followed by another segment")
    return _with_row(design, group, slot, row, (*row.segments[: index + 1], segment, *row.segments[index + 1 :]))


def duplicate_segment(design: Design, group: int, slot: Slot, path: Path, index: int) -> Design:
    """Put a copy of a segment after it."""
    row = _row(design, group, slot, path)
    return paste_segment(design, group, slot, path, index, _copyable(row, index, "duplicated"))


def segment_at(design: Design, group: int, slot: Slot, path: Path, index: int) -> Segment:
    """A segment of a row, to be copied; raises `UserError` for what is steered by a metric."""
    return _copyable(_row(design, group, slot, path), index, "copied")


def _row(design: Design, group: int, slot: Slot, path: Path) -> PlacedRow:
    """Raises `UserError` for a row inside of a segment that has no step."""
    row = rows_along(design.group(group), slot, path, design.plan)[-1]
    if row.path != path:
        raise UserError("This part lasts no step of the run; give it a length first.")
    return row


def _numbered(length: Length, steps: int, span: Span) -> Length:
    """So many steps in the unit of a length; what took the rest gets epochs where it is whole ones."""
    if length.unit == "rest" and steps % span.steps_per_epoch == 0:
        return in_unit(steps, "epochs", span)
    return length_like(length, steps, span)


def _without_rests(segments: tuple[Segment, ...], starts: list[int], span: Span) -> tuple[Segment, ...]:
    """Numbers for all that take the rest but the last of them."""
    rests = [index for index, segment in enumerate(segments) if segment.length.unit == "rest"]
    steps = [end - start for start, end in pairwise(starts)]
    return tuple(
        replace(segment, length=_numbered(segment.length, steps[index], span)) if index in rests[:-1] else segment
        for index, segment in enumerate(segments)
    )


def _copyable(row: PlacedRow, index: int, done: str) -> Segment:
    segment = row.segments[index]
    if shape_of(segment.schedule).family == "feedback":
        raise UserError(f"A schedule that is steered by a metric takes the whole run and cannot be {done}.")
    return segment


def _with_row(design: Design, group: int, slot: Slot, row: PlacedRow, segments: tuple[Segment, ...]) -> Design:
    if len(segments) > MOST_SEGMENTS:
        raise UserError(f"A schedule has at most {MOST_SEGMENTS} segments.")
    return with_node(design, group, slot, row.path, Sequence(segments))
