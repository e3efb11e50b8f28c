"""Findings about schedules that a metric steers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lrdesigner.curves import param_groups
from lrdesigner.document import Design
from lrdesigner.findings.finding import Finding
from lrdesigner.findings.moving import Moving, moving
from lrdesigner.schedules import AssumedTrace, Greedy, Plateau, RecordedTrace, Span
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.metric_runs import bounds_of, evaluations, greedy_rates, metric_values, simulate
from lrdesigner.schedules.traces import MOST_EVALUATIONS


def drawn_for_a_trace(design: Design) -> Iterator[Finding]:
    """What the curve is drawn for; in training the real metric decides."""
    for track, node, _ in _steered(design):
        kind = "an assumed" if isinstance(node.metric, AssumedTrace) else "a recorded"
        yield track.finding(
            "metric-drawn",
            "info",
            f"The lr is drawn for {kind} metric; in training the real one decides.",
        )


def too_few_evaluations(design: Design) -> Iterator[Finding]:
    """A patience that the run ends before."""
    for track, node, span in _steered(design):
        useful = (span.steps - 1) // steps_of(node, "every", span)  # one after the last update changes nothing
        needed = node.patience + (1 if isinstance(node, Greedy) else 2)  # the first value always is the best
        if useful < needed:
            yield track.finding(
                "metric-never-acts",
                "warning",
                f"With a patience of {node.patience:,} the lr can change after evaluation {needed:,} at the earliest; "
                f"{useful:,} fall before the last update.",
            )


def evaluations_left_out(design: Design) -> Iterator[Finding]:
    """More evaluations than are looked at."""
    for track, node, span in _steered(design):
        count = evaluations(node, span)
        if count > MOST_EVALUATIONS:
            yield track.finding(
                "metric-cut",
                "warning",
                f"Of {count:,} evaluations the first {MOST_EVALUATIONS:,} are drawn; from then on the lr is held. "
                "Evaluate less often.",
            )


def recorded_too_little(design: Design) -> Iterator[Finding]:
    """A recorded metric that ends before the run does."""
    for track, node, span in _steered(design):
        count = min(evaluations(node, span), MOST_EVALUATIONS)
        if isinstance(node.metric, RecordedTrace) and len(node.metric.values) < count:
            yield track.finding(
                "metric-short",
                "info",
                f"The recorded metric has {len(node.metric.values):,} of {count:,} values; the last one is held.",
            )


def shared_resets(design: Design) -> Iterator[Finding]:
    """GreedyLR begins anew when all groups of its optimizer are at their floors, not when one is."""
    for groups in param_groups(design):
        steered = [
            (group.group, node, design.plan.span_for(group.group.lr.base))
            for group in groups
            if isinstance(node := group.group.lr.schedule, Greedy)
        ]
        if len(steered) < 2:
            continue
        apart = _drawn_otherwise(tuple((node, span) for _, node, span in steered))
        for (group, _, _), differs in zip(steered, apart, strict=True):
            if differs:
                yield Moving(group, "lr", group.lr).finding(
                    "greedy-shared-reset",
                    "warning",
                    "GreedyLR begins anew only when every group of its optimizer is at its floor; this one is drawn "
                    "as if it were alone. Give the groups the same floor, as a fraction of the peak.",
                )


@lru_cache(maxsize=64)
def _drawn_otherwise(groups: tuple[tuple[Greedy, Span], ...]) -> tuple[bool, ...]:
    """For each group, whether its rate beside the others is another than alone."""
    node, span = groups[0]
    every, bounds = steps_of(node, "every", span), [bounds_of(*group) for group in groups]
    together = greedy_rates(node, metric_values(node, span), bounds)
    found = []
    for place, (own, own_span) in enumerate(groups):
        rates, before = [], own_span.base
        for index, all_rates in together:
            if all_rates[place] != before:
                before = all_rates[place]
                rates.append(((index + 1) * every, before / own_span.base))
        found.append(tuple(rates) != simulate(own, own_span))
    return tuple(found)


def _steered(design: Design) -> Iterator[tuple[Moving, Plateau | Greedy, Span]]:
    for track in moving(design):
        node = track.track.schedule
        if isinstance(node, Plateau | Greedy):
            yield track, node, design.plan.span_for(track.track.base)


FEEDBACK_CHECKS = (drawn_for_a_trace, too_few_evaluations, evaluations_left_out, recorded_too_little, shared_resets)
