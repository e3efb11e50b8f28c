"""Findings about the values of the learning rate."""

from __future__ import annotations

from collections.abc import Iterator

from lrdesigner.curves import first_impossible, looks_at_every_step
from lrdesigner.document import Design
from lrdesigner.findings.finding import Finding
from lrdesigner.numbers import rate
from lrdesigner.schedules import Sequence, has_formula, segment_starts


def impossible_rates(design: Design) -> Iterator[Finding]:
    """A factor that is negative or not a finite number; the export refuses it."""
    for group in design.groups:
        found = first_impossible(group.lr, design.plan)
        if found is not None:
            yield Finding(
                code="rate-impossible",
                severity="error",
                where=group.name,
                message=f"The lr is {impossible_words(*found)}.",
                group=group.id,
            )


def partly_checked(design: Design) -> Iterator[Finding]:
    """A formula over a run so long that only some of its steps were looked at."""
    for group in design.groups:
        if has_formula(group.lr.schedule) and not looks_at_every_step(group.lr, design.plan):
            yield Finding(
                code="rate-partly-checked",
                severity="info",
                where=group.name,
                message="The run is so long that its formula was checked at some steps only; verify checks them all.",
                group=group.id,
            )


def impossible_words(step: int, factor: float) -> str:
    """What is wrong with a factor, and where."""
    if factor < 0:
        return f"negative at step {step:,} (factor {rate(factor)})"
    return f"not a finite number at step {step:,}"


def segments_beyond_the_run(design: Design) -> Iterator[Finding]:
    """A segment that starts when the run is over never acts."""
    span = design.plan.span
    for group in design.groups:
        schedule = group.lr.schedule
        if not isinstance(schedule, Sequence):
            continue
        starts = segment_starts(schedule, span)
        late = [number for number, start in enumerate(starts[:-1], 1) if start >= span.steps]
        if late:
            start = starts[late[0] - 1]
            yield Finding(
                code="segment-beyond-the-run",
                severity="warning",
                where=group.name,
                message=f"Segment {late[0]} would start at step {start:,}; the run ends at {span.steps:,}.",
                group=group.id,
            )


RATE_CHECKS = (impossible_rates, partly_checked, segments_beyond_the_run)
