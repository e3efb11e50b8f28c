"""Findings about schedules that a metric steers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from lrdesigner.edits import set_track
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.findings.moving import Grouped, Moving, moving
from lrdesigner.schedule_edits import set_node_fields
from lrdesigner.schedules import AssumedTrace, Greedy, Length, Plateau, RecordedTrace, Span
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.metric_runs import evaluations
from lrdesigner.schedules.traces import MOST_EVALUATIONS
from lrdesigner.tracks import TRACK_KINDS, moves, slots_of


def drawn_for_a_trace(design: Grouped) -> Iterator[Finding]:
    """What the curve is drawn for; in training the real metric decides."""
    for track, node, _ in _steered(design):
        kind = "an assumed" if isinstance(node.metric, AssumedTrace) else "a recorded"
        yield track.finding(
            "metric-drawn",
            "info",
            f"The lr is drawn for {kind} metric; in training the real one decides.",
            field="metric",
        )


def too_few_evaluations(design: Grouped) -> Iterator[Finding]:
    """A patience that the run ends before."""
    for track, node, span in _steered(design):
        useful = (span.steps - 1) // steps_of(node, "every", span)  # one after the last update changes nothing
        more = 1 if isinstance(node, Greedy) else 2  # the first value always is the best
        needed = node.patience + more
        if useful < needed:
            fits = useful - more
            yield track.finding(
                "metric-never-acts",
                "warning",
                f"With a patience of {node.patience:,} the lr can change after evaluation {needed:,} at the earliest; "
                f"{useful:,} fall before the last update.",
                fix=_changed(track, f"Patience of {fits:,}", patience=fits) if fits >= 0 else None,
                field="patience",
            )


def _changed(track: Moving, label: str, **changes: Any) -> Fix:
    values = partial(set_node_fields, group=track.group.id, slot=track.slot, path=(), values=changes)
    return Fix(label, values)


def evaluations_left_out(design: Grouped) -> Iterator[Finding]:
    """More evaluations than are looked at."""
    for track, node, span in _steered(design):
        count = evaluations(node, span)
        if count > MOST_EVALUATIONS:
            rarer = -(-span.steps // MOST_EVALUATIONS)
            yield track.finding(
                "metric-cut",
                "warning",
                f"Of {count:,} evaluations the first {MOST_EVALUATIONS:,} are drawn; from then on the lr is held. "
                "Evaluate less often.",
                fix=_changed(track, f"Evaluate every {rarer:,} steps", every=Length(float(rarer), "steps")),
                field="every",
            )


def recorded_too_little(design: Grouped) -> Iterator[Finding]:
    """A recorded metric that ends before the run does."""
    for track, node, span in _steered(design):
        count = min(evaluations(node, span), MOST_EVALUATIONS)
        if isinstance(node.metric, RecordedTrace) and len(node.metric.values) < count:
            yield track.finding(
                "metric-short",
                "info",
                f"The recorded metric has {len(node.metric.values):,} of {count:,} values; the last one is held.",
                field="metric",
            )


def beside_moving_options(design: Grouped) -> Iterator[Finding]:
    """No scheduler follows a metric with the lr and the steps with something else; the export refuses it."""
    for track, _, _ in _steered(design):
        for slot in slots_of(track.group):
            if slot != "lr" and moves(track.group, slot):
                title = TRACK_KINDS[slot].title
                yield track.finding(
                    "metric-beside-moving",
                    "error",
                    f"The lr follows a metric, the {title.lower()} the steps; no scheduler does both. Give the lr a "
                    f"curve, or keep the {title.lower()} constant.",
                    fix=Fix(
                        f"{title} of {track.group.name} stays constant",
                        partial(set_track, group=track.group.id, slot=slot, schedule=None),
                    ),
                )


def _steered(design: Grouped) -> Iterator[tuple[Moving, Plateau | Greedy, Span]]:
    for track in moving(design):
        node = track.track.schedule
        if isinstance(node, Plateau | Greedy):
            yield track, node, design.plan.span_for(track.track.base)


FEEDBACK_CHECKS = (
    drawn_for_a_trace,
    too_few_evaluations,
    evaluations_left_out,
    recorded_too_little,
    beside_moving_options,
)
