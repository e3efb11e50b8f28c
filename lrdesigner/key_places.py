"""Which part of a track's schedule draws the curve at a step: where a key could be put."""

from __future__ import annotations

from typing import Any

from lrdesigner.document import Plan, Track
from lrdesigner.schedule_edits import Path
from lrdesigner.schedules import Keyframes, Product, Repeat, Span, contains, shape_of


def part_at(track: Track, plan: Plan, step: int) -> Path:
    """The path of the innermost node that alone draws the curve at a step of the run.

    Of a product it is the factor with keys, if one has some, else all of it; of a repeat the shape of the first cycle,
    and all of it later on.

    >>> from lrdesigner.schedules import Cosine, Length, Linear, Segment, Sequence
    >>> warm_up = Sequence((Segment(Linear(), Length(50, "steps")), Segment(Cosine())))
    >>> part_at(Track(1e-3, warm_up), Plan(100, 2), 60)
    (1,)
    """
    return _within(track.schedule, plan.span_for(track.base), step)


def _within(node: Any, span: Span, step: int) -> Path:
    parts = [part for part in shape_of(node).parts(node, span) if part.first <= step < part.end]
    if isinstance(node, Product):
        parts = [part for part in parts if contains(part.schedule, Keyframes)]
    if len(parts) != 1 or (isinstance(node, Repeat) and step >= parts[0].end):
        return ()
    part = parts[0]
    return (part.index, *_within(part.schedule, part.span, step - part.origin))
