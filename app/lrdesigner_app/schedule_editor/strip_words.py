"""What is said about a segment: its shape, how long it lasts, when, and what it does."""

from __future__ import annotations

from lrdesigner.schedules import resolve, shape_of
from lrdesigner.segment_rows import PlacedRow
from lrdesigner.tree_edits import span_at
from lrdesigner_app.workspace import Workspace


def segment_words(workspace: Workspace, row: PlacedRow, index: int) -> str:
    """Two or three lines; the first one names it: "Cosine · rest"."""
    segment, plan = row.segments[index], workspace.design.plan
    shape = shape_of(segment.schedule)
    start, end = row.starts[index], row.starts[index + 1]
    lines = [f"{shape.title} · {segment.length}", f"{times_words(start, end, plan.steps_per_epoch)}"]
    if end <= start:
        lines[1] = "lasts no step"
    elif start >= plan.total_steps:
        lines[1] += ", past the end of the run"
    skip = resolve(segment.skip, row.span)
    if skip:
        lines.append(f"enters its shape at step {skip:,}")
    span = row.span if row.alone else span_at(row.node, (index,), row.span)
    lines.append(shape.describe(segment.schedule, span))
    return "\n".join(lines)


def times_words(start: int, end: int, steps_per_epoch: int) -> str:
    """A stretch of time: "epoch 1 to 3 · step 45 to 135"."""
    first, last = start / steps_per_epoch, end / steps_per_epoch
    return f"epoch {first:,.4g} to {last:,.4g} · step {start:,} to {end:,}"
