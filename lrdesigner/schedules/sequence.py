"""Schedules one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError
from lrdesigner.schedules.decays import Constant, Exponential, MultiStep, StepDecay
from lrdesigner.schedules.expression import Expression
from lrdesigner.schedules.length import REST, Length, Span, resolve
from lrdesigner.schedules.ramps import Cosine, Linear
from lrdesigner.schedules.shape import Factors, Node, Shape, Steps

DEEPEST = 20
"""Sequences in sequences. Python itself gives up on code that is nested a hundred levels deep."""


class Segment(Struct, frozen=True, forbid_unknown_fields=True):
    """One part of a `Sequence`: a schedule and how long it lasts."""

    schedule: AnySchedule
    length: Annotated[Length, Meta(title="Length", description="How long this segment lasts.")] = REST


class Sequence(Node, frozen=True, tag="sequence"):
    """Segments one after the other; each starts again at its own step 0, and the last one goes on past its end.

    `rest` takes what the other segments leave; several rests share it equally. In torch: `SequentialLR`, whose faults
    (nested composites, OneCycleLR inside) do not apply: the export is one function.
    """

    segments: Annotated[
        tuple[Segment, ...], Meta(min_length=1, max_length=200, title="Segments", description="In order of time.")
    ]

    def __post_init__(self) -> None:
        if _depth(self) > DEEPEST:
            raise InvalidValueError(f"Sequences are nested more than {DEEPEST} levels deep.")


AnySchedule = Constant | StepDecay | MultiStep | Exponential | Linear | Cosine | Expression | Sequence


def _depth(node: AnySchedule) -> int:
    return 1 + max(_depth(s.schedule) for s in node.segments) if isinstance(node, Sequence) and node.segments else 0


def segment_starts(node: Sequence, span: Span) -> list[int]:
    """Local step at which each segment starts, and at which the last one ends: one more than there are segments."""
    fixed = [None if s.length.unit == "rest" else resolve(s.length, span) for s in node.segments]
    rests = fixed.count(None)
    left = max(span.steps - sum(length or 0 for length in fixed), 0)
    starts, given = [0], 0
    for length in fixed:
        if length is None:
            given += 1
            length = left * given // rests - left * (given - 1) // rests
        starts.append(starts[-1] + length)
    return starts


def _parts(node: Sequence, span: Span) -> Iterator[tuple[int, int, Any, Span]]:
    """(first step, one past the last step, schedule, its span) of each segment that is not empty."""
    starts = segment_starts(node, span)
    last = len(node.segments) - 1
    for index, (segment, (start, end)) in enumerate(zip(node.segments, pairwise(starts), strict=True)):
        if end > start or index == last:
            yield start, end, segment.schedule, span.part(end - start)


class _SequenceBehaviour:
    """Each child is asked about its own steps only."""

    def evaluate(self, node: Sequence, steps: Steps, span: Span) -> Factors:
        from lrdesigner.schedules.registry import shape_of

        factors = np.empty(steps.shape, dtype=np.float64)
        parts = list(_parts(node, span))
        ends = np.array([end for _, end, _, _ in parts[:-1]], dtype=np.int64)
        which = np.searchsorted(ends, steps, side="right")
        for index, (start, _, child, part) in enumerate(parts):
            here = which == index
            if here.any():
                factors[here] = shape_of(child).behaviour.evaluate(child, steps[here] - start, part)
        return factors

    def write(self, node: Sequence, span: Span) -> list[str]:
        from lrdesigner.schedules.registry import shape_of

        lines: list[str] = []
        parts = list(_parts(node, span))
        for start, end, child, part in parts[:-1]:
            lines.append(f"if step < {end - start:_}:" if end - start >= 1000 else f"if step < {end - start}:")
            lines += ["    " + line for line in shape_of(child).behaviour.write(child, part)]
            lines.append(f"step -= {end - start:_}" if end - start >= 1000 else f"step -= {end - start}")
        *_, child, part = parts[-1]
        lines += shape_of(child).behaviour.write(child, part)
        return lines


def _breakpoints(node: Sequence, span: Span) -> list[int]:
    from lrdesigner.schedules.registry import shape_of

    points: list[int] = []
    parts = list(_parts(node, span))
    for start, end, child, part in parts[:-1]:
        points.append(start)
        points += [start + p for p in shape_of(child).breakpoints(child, part) if start + p <= end]
    start, _, child, part = parts[-1]  # goes on past its end
    return [*points, start, *(start + p for p in shape_of(child).breakpoints(child, part))]


def _describe(node: Sequence, span: Span) -> str:
    from lrdesigner.schedules.registry import shape_of

    return ", then ".join(shape_of(child).describe(child, part) for *_, child, part in _parts(node, span))


SEQUENCES = (
    Shape(
        node=Sequence,
        title="Sequence",
        doc=Sequence.__doc__ or "",
        behaviour=_SequenceBehaviour(),
        breakpoints=_breakpoints,
        describe=_describe,
    ),
)
