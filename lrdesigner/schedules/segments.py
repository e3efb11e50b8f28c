"""Any schedule seen as a row of segments: a plain shape is a row of one that lasts the whole run."""

from __future__ import annotations

from typing import Any

from lrdesigner.schedules.composites import NOTHING, AnySchedule, Segment, Sequence
from lrdesigner.schedules.length import REST


def as_segments(schedule: Any) -> tuple[Segment, ...]:
    """The segments of a `Sequence`, or the shape itself as the only one."""
    return schedule.segments if isinstance(schedule, Sequence) else (Segment(schedule, REST),)


def from_segments(segments: tuple[Segment, ...]) -> AnySchedule:
    """The reverse: one segment that lasts the whole run is just its shape."""
    if len(segments) == 1 and segments[0] == Segment(segments[0].schedule, REST, NOTHING):
        return segments[0].schedule
    return Sequence(segments=segments)
