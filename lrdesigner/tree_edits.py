"""Edits of the tree of a track's schedule at any depth: pure functions Design -> Design.

A path names a node by the children that lead to it from the track's schedule; () is the schedule itself.
"""

from __future__ import annotations

from typing import Any

from lrdesigner.checked import replaced
from lrdesigner.document import Design
from lrdesigner.edits import set_track
from lrdesigner.errors import UserError
from lrdesigner.reshaping import reshaped
from lrdesigner.schedule_edits import (
    Path,
    moved,
    node_at,
    replace_node,
    row_with_new,
    row_without,
)
from lrdesigner.schedules import (
    Clamp,
    Constant,
    Keyframes,
    Product,
    Repeat,
    Segment,
    Sequence,
    Span,
    resolve,
    shape_named,
    shape_of,
)
from lrdesigner.schedules.composites import MOST_PARTS
from lrdesigner.schedules.key_bake import Baked, bake
from lrdesigner.schedules.key_simplify import simplify
from lrdesigner.schedules.segments import as_segments, from_segments
from lrdesigner.tracks import Slot, track_of

WRAPPERS = ("product", "repeat", "clamp", "sequence")
"""Tags of the composites that a node can be put into."""

BAKED_KEYS = 256
"""Looks at a curve that becomes keyframes."""

BAKED = 0.002
"""How far lines may be off a curve at these, so that fewer keys are left."""

SIMPLIFIED = 0.01
"""How far lines may be off keys that are dropped."""


def span_at(schedule: Any, path: Path, span: Span) -> Span:
    """The steps over which the node at a path runs; those of an empty segment are none."""
    for index in path:
        shape = shape_of(schedule)
        parts = {part.index: part for part in shape.parts(schedule, span)}
        span = parts[index].span if index in parts else span.part(0)
        schedule = shape.children(schedule)[index]
    return span


def existing(schedule: Any, path: Path) -> Path:
    """The path as far as it exists."""
    for depth, index in enumerate(path):
        children = shape_of(schedule).children(schedule)
        if not 0 <= index < len(children):
            return path[:depth]
        schedule = children[index]
    return path


def set_shape(design: Design, group: int, slot: Slot, path: Path, tag: str) -> Design:
    """Give the node at a path another shape; what both know is kept. The same shape changes nothing."""
    if shape_named(tag).family == "feedback" and (path or slot != "lr"):
        raise UserError("A schedule that is steered by a metric is the whole schedule of a learning rate.")
    node = node_at(track_of(design.group(group), slot).schedule, path)
    return with_node(design, group, slot, path, reshaped(node, tag))


def set_segment(design: Design, group: int, slot: Slot, path: Path, **changes: Any) -> Design:
    """Change the length of the segment at a path, or where it enters its shape (`skip`)."""
    length, skip = changes.get("length"), changes.get("skip")
    if length is not None and length.unit != "rest" and resolve(length, design.plan.span) < 1:
        raise UserError(f"A segment lasts at least 1 step; {length} is none.")
    if skip is not None and skip.unit == "rest":
        raise UserError("Enters at needs a number of steps, epochs or %, not the rest.")
    sequence = node_at(track_of(design.group(group), slot).schedule, path[:-1])
    segment = replaced(sequence.segments[path[-1]], **changes)
    if segment is sequence.segments[path[-1]]:
        return design
    row = (*sequence.segments[: path[-1]], segment, *sequence.segments[path[-1] + 1 :])
    return with_node(design, group, slot, path[:-1], Sequence(row))


def wrap(design: Design, group: int, slot: Slot, path: Path, tag: str) -> Design:
    """Put the node at a path into a new composite, which at first changes as little as it can."""
    node = node_at(track_of(design.group(group), slot).schedule, path)
    if shape_of(node).family == "feedback":
        raise UserError("A schedule that is steered by a metric cannot be part of another.")
    made: Any
    match tag:
        case "product":
            made = Product((node, Constant()))
        case "repeat":
            made = Repeat(node)
        case "clamp":
            made = Clamp(node)
        case "sequence":
            made = Sequence((Segment(node),))
        case _:
            raise KeyError(tag)
    return with_node(design, group, slot, path, made)


def unwrap(design: Design, group: int, slot: Slot, path: Path, index: int = 0) -> Design:
    """Replace the composite at a path by one of its parts; the others go. A shape without parts stays."""
    node = node_at(track_of(design.group(group), slot).schedule, path)
    parts = shape_of(node).children(node)
    return with_node(design, group, slot, path, parts[index]) if parts else design


def baked(design: Design, group: int, slot: Slot, path: Path) -> Baked:
    """The node at a path as keyframes, and how far off; raises `UserError` where keys cannot hold a factor."""
    schedule = track_of(design.group(group), slot).schedule
    return bake(node_at(schedule, path), span_at(schedule, path, design.plan.span), BAKED_KEYS, tolerance=BAKED)


def bake_node(design: Design, group: int, slot: Slot, path: Path) -> Design:
    """Put keyframes in the place of the node at a path; raises `UserError` as `baked` does."""
    return with_node(design, group, slot, path, baked(design, group, slot, path).node)


def simplify_keys(design: Design, group: int, slot: Slot, path: Path) -> Design:
    """Drop the keys at a path without which lines and holds stay within `SIMPLIFIED` of the factor; others stay."""
    schedule = track_of(design.group(group), slot).schedule
    node = node_at(schedule, path)
    if not isinstance(node, Keyframes):
        return design
    return with_node(design, group, slot, path, simplify(node, span_at(schedule, path, design.plan.span), SIMPLIFIED))


def insert_part(design: Design, group: int, slot: Slot, path: Path) -> Design:
    """Add a constant after the part at a path: a segment takes half of the rest, a factor of a product is 1."""
    schedule = track_of(design.group(group), slot).schedule
    parent, index = node_at(schedule, path[:-1]), path[-1]
    if isinstance(parent, Product):
        if len(parent.factors) >= MOST_PARTS:
            raise UserError(f"A product has at most {MOST_PARTS} parts.")
        made: Any = Product((*parent.factors[: index + 1], Constant(), *parent.factors[index + 1 :]))
    elif isinstance(parent, Sequence):
        made = Sequence(row_with_new(parent.segments, index, span_at(schedule, path[:-1], design.plan.span)))
    else:
        raise UserError(f"A {_title(parent)} has one part only.")
    return with_node(design, group, slot, path[:-1], made)


def remove_part(design: Design, group: int, slot: Slot, path: Path) -> Design:
    """Remove one part of a sequence or product; the only one stays."""
    parent, index = node_at(track_of(design.group(group), slot).schedule, path[:-1]), path[-1]
    if isinstance(parent, Product) and len(parent.factors) > 1:
        return with_node(design, group, slot, path[:-1], Product(_without(parent.factors, index)))
    if isinstance(parent, Sequence):
        return with_node(design, group, slot, path[:-1], Sequence(row_without(parent.segments, index)))
    raise UserError(f"A {_title(parent)} needs a part; unwrap it instead.")


def move_part(design: Design, group: int, slot: Slot, path: Path, by: int) -> Design:
    """Move one part of a sequence or product earlier (-1) or later (+1); beyond the ends nothing happens."""
    parent, index = node_at(track_of(design.group(group), slot).schedule, path[:-1]), path[-1]
    made: Any = parent
    if isinstance(parent, Product):
        factors = moved(parent.factors, index, by)
        made = parent if factors is parent.factors else Product(factors)
    elif isinstance(parent, Sequence):
        row = moved(parent.segments, index, by)
        made = parent if row is parent.segments else Sequence(row)
    return with_node(design, group, slot, path[:-1], made)


def with_node(design: Design, group: int, slot: Slot, path: Path, node: Any) -> Design:
    """Put a node in the place of the one at a path; a schedule of one segment that lasts the run is just its shape."""
    schedule = track_of(design.group(group), slot).schedule
    changed = replace_node(schedule, path, node)
    return design if changed is schedule else set_track(design, group, slot, from_segments(as_segments(changed)))


def _without(parts: tuple[Any, ...], index: int) -> tuple[Any, ...]:
    return (*parts[:index], *parts[index + 1 :])


def _title(node: Any) -> str:
    return shape_of(node).title.lower()
