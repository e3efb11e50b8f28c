"""Findings about how segments follow one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from msgspec.structs import replace

from lrdesigner.document import Plan, Track
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.findings.mending import joined
from lrdesigner.findings.moving import Grouped, Moving, Place, each_place, places
from lrdesigner.numbers import rate
from lrdesigner.schedule_edits import replace_node
from lrdesigner.schedules import (
    Constant,
    Sequence,
    Span,
    factors,
    resolve,
    segment_starts,
    shape_of,
)
from lrdesigner.schedules.composites import NOTHING

JUMP = 0.2
"""A smaller step between two segments, as a share of the larger value, is nobody's surprise."""

_LOOKS = 64


def segments_beyond_the_run(design: Grouped) -> Iterator[Finding]:
    """A segment that starts when the run is over never acts."""
    run = design.plan.total_steps
    for track, place in _sequences(design):
        starts = [place.origin + start for start in segment_starts(place.node, place.span)]
        late = [index for index, start in enumerate(starts[:-1]) if start >= run]
        if late:
            yield track.finding(
                "segment-beyond-the-run",
                "warning",
                f"Segment {late[0] + 1} would start at step {starts[late[0]]:,}; the run ends at {run:,}.",
                place,
                track.fix("Remove what never acts", place, without_segments(place.node, late)),
                field="segments",
            )


def empty_segments(design: Grouped) -> Iterator[Finding]:
    """A segment between others that lasts no step."""
    for track, place in _sequences(design):
        starts = segment_starts(place.node, place.span)
        empty = [
            index
            for index, (start, end) in enumerate(pairwise(starts[:-1]))
            if start == end and place.origin + start < design.plan.total_steps
        ]
        if empty and not place.grows:
            numbers = ", ".join(str(index + 1) for index in empty)
            yield track.finding(
                "segment-empty",
                "warning",
                f"Segment {numbers} lasts no step." if len(empty) == 1 else f"Segments {numbers} last no step.",
                place,
                track.fix("Remove what lasts no step", place, without_segments(place.node, empty)),
                field="segments",
            )


def without_segments(node: Sequence, indexes: list[int]) -> Sequence:
    """The sequence without some of its segments, which did not act: the lengths of the others stay what they are."""
    return Sequence(tuple(segment for index, segment in enumerate(node.segments) if index not in indexes))


def jumps_at_joins(design: Grouped) -> Iterator[Finding]:
    """The value changes at once where one segment ends and the next begins; two constants make a step on purpose."""
    for track, place in _sequences(design):
        jumps = _jumps(place.node, place.span, design.plan.total_steps - place.origin)
        if jumps:
            worst = max(jumps, key=lambda jump: abs(jump.after - jump.before))
            more = f"; so it does at {len(jumps) - 1} more" if len(jumps) > 1 else ""
            before, after = (rate(track.track.base * factor) for factor in (worst.before, worst.after))
            yield track.finding(
                "jump-at-join",
                "warning",
                f"It jumps from {before} to {after} at step {place.origin + worst.step:,}, where segment "
                f"{worst.index + 1} begins{more}.",
                place,
                _join(track, place, design.plan),
                at=track.place_of((*place.path, worst.index), design.plan),
            )


def _join(track: Moving, place: Place, plan: Plan) -> Fix | None:
    """Let the segments of a row meet, if that takes no more than other levels where one begins or ends.

    A segment at the edge of an inner row ends or begins a segment of the outer one: no jump may move there.
    """
    run = plan.total_steps - place.origin
    others = _rows_that_jump(track.track, plan) - {place.path}

    def found(row: Sequence, number: int) -> tuple[float, float] | None:
        jump = next((jump for jump in _jumps(row, place.span, run) if jump.index == number), None)
        return (jump.before, jump.after) if jump else None

    def meets(row: Sequence) -> bool:
        if _jumps(row, place.span, run):
            return False
        schedule = replace_node(track.track.schedule, place.path, row)
        return _rows_that_jump(replace(track.track, schedule=schedule), plan) <= others

    node = joined(place, meets, found)
    return track.fix("Let the segments meet", place, node) if node is not None else None


def _rows_that_jump(track: Track, plan: Plan) -> set[tuple[int, ...]]:
    return {
        place.path
        for place in places(track, plan)
        if isinstance(place.node, Sequence) and _jumps(place.node, place.span, plan.total_steps - place.origin)
    }


@dataclass(frozen=True, slots=True)
class _Jump:
    index: int
    step: int
    before: float
    after: float


@lru_cache(maxsize=1024)
def _jumps(node: Sequence, span: Span, run: int) -> tuple[_Jump, ...]:
    """Where the next segment begins with neither the last value of the one before nor what that would go on with."""
    found = []
    for left, right in pairwise(shape_of(node).parts(node, span)):
        both_constant = isinstance(left.schedule, Constant) and isinstance(right.schedule, Constant)
        if right.first >= run or both_constant:
            continue
        step = right.first
        last, on = factors(left.schedule, [step - 1 - left.origin, step - left.origin], left.span).tolist()
        after = float(factors(right.schedule, [step - right.origin], right.span)[0])
        nearest = min((last, on), key=lambda before: abs(after - before))
        if abs(after - nearest) > JUMP * max(abs(after), abs(nearest)):
            found.append(_Jump(right.index, step, on, after))
    return tuple(found)


def skips_without_effect(design: Grouped) -> Iterator[Finding]:
    """A segment that enters its shape later, where that makes no difference."""
    for track, place in _sequences(design):
        for index, segment in enumerate(place.node.segments):
            if resolve(segment.skip, place.span) == 0 or place.grows:
                continue
            whole = (*place.node.segments[:index], replace(segment, skip=NOTHING), *place.node.segments[index + 1 :])
            if _same_in_segment(place, Sequence(whole), index):
                yield track.finding(
                    "skip-unused",
                    "info",
                    f"Segment {index + 1} starts at {segment.skip} of its shape, which changes nothing.",
                    place,
                    track.fix("Start at its beginning", place, Sequence(whole)),
                    at=track.place_of((*place.path, index), design.plan),
                    field="skip",
                )


def _same_in_segment(place: Place, other: Sequence, index: int) -> bool:
    """Whether another sequence has the same values as the one at a place while one of its segments acts."""
    part = next((part for part in shape_of(other).parts(other, place.span) if part.index == index), None)
    if part is None:
        return False
    last = min(part.end, place.end - place.origin) - 1
    if part.first > last:
        return False
    breaks = [shape_of(node).breaks(node, place.span).listed(part.first, last, _LOOKS) for node in (place.node, other)]
    looks = np.concatenate([np.linspace(part.first, last, _LOOKS).astype(np.int64), *breaks])
    looks = np.concatenate([looks, np.maximum(looks - 1, part.first)])
    here, there = (factors(node, looks, place.span) for node in (place.node, other))
    return bool(np.array_equal(here, there, equal_nan=True))


def _sequences(design: Grouped) -> Iterator[tuple[Moving, Place]]:
    for track, place in each_place(design):
        if isinstance(place.node, Sequence):
            yield track, place


SEGMENT_CHECKS = (segments_beyond_the_run, empty_segments, jumps_at_joins, skips_without_effect)
