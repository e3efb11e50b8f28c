"""What the diagnostics of a trial say of single groups: they hardly move, move too fast, or get no gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lrdesigner.document import Group
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.numbers import rate
from lrdesigner.tracks import frozen_stretches
from lrdesigner.trials.evidence import Evidence, rate_of

USUAL = 1e-3
"""Update over weight that a lecture of A. Karpathy gives as a rule of thumb; the limits are two decades from it."""

SLOWEST, FASTEST = 1e-5, 1e-1

FEWEST_REPORTS = 3

LEAST_RATE = 0.01
"""Of the base rate; a group that is at less is not meant to move."""

SAFE = 0.8
"""Of a critical rate: it is measured on few batches."""


def hardly_moves(evidence: Evidence) -> Iterator[Finding]:
    """Updates that are tiny beside the weights."""
    for group, ratio in _ratios(evidence, first=0.0):
        if ratio < SLOWEST and not _is_silent(evidence, group):
            yield evidence.about_group(
                group.id,
                "group-still",
                "warning",
                f"It hardly moves: the median update was {rate(ratio)} of its weights, {evidence.after}; about "
                f"{rate(USUAL)} is usual.",
                evidence.scaled_rates([group.id], 10, "× 10"),
            )


def moves_too_fast(evidence: Evidence) -> Iterator[Finding]:
    """Updates that are large beside the weights, and not at the start alone."""
    for group, ratio in _ratios(evidence, first=0.1):
        if ratio > FASTEST:
            words, scale = ("to a tenth", 0.1) if ratio > 10 * FASTEST else ("to a third", 1 / 3)
            yield evidence.about_group(
                group.id,
                "group-fast",
                "warning",
                f"It moves fast: the median update was {rate(ratio)} of its weights after the first tenth of "
                f"{evidence.updates:,} steps; about {rate(USUAL)} is usual.",
                evidence.scaled_rates([group.id], scale, words),
            )


def without_gradient(evidence: Evidence) -> Iterator[Finding]:
    """Parameters of whole tensors that the loss does not depend on, or that are cut off from it."""
    for group in evidence.trained:
        if not evidence.same_members(group.id):
            continue
        shares = _silent_shares(evidence, group)
        if len(shares) < FEWEST_REPORTS or not (share := float(shares.min())) > 0:
            continue
        told = "None of its parameters got a" if share == 1 else f"{_percent(share)} of its parameters got no"
        yield evidence.about_group(
            group.id,
            "no-gradient",
            "warning",
            f"{told} gradient at any of {len(shares):,} moments, {evidence.after}: the forward pass does not use them, "
            "or something before the loss is detached. Freeze what shall not train.",
            None,
            field="freeze",
        )


def above_critical(evidence: Evidence) -> Iterator[Finding]:
    """Rates above the one that would have raised the loss at once; of the groups the one that limits the run."""
    found: dict[str, list[float]] = {}
    for probe in evidence.record.critical:
        if probe.factor is not None and probe.factor > 0:
            found.setdefault(probe.group, []).append(probe.factor)
    lowest = {group: min(factors) for group, factors in found.items() if min(factors) < 1}
    ids = {group.name: group.id for group in evidence.trained}
    named = [name for name in lowest if name in ids]
    if not named:
        yield from _all_above_critical(evidence, lowest.get(""))
        return
    limiting = min(named, key=lambda name: lowest[name])
    if not evidence.unchanged(ids[limiting]):
        return
    times = sum(factor < 1 for factor in found[limiting])
    moments = sum(probe.group == limiting for probe in evidence.record.critical)
    others = sorted(set(named) - {limiting})
    also = f" So was that of {' and '.join(others)}, by less." if others else ""
    yield evidence.about_group(
        ids[limiting],
        "rate-critical",
        "warning",
        f"Its lr was above what raises the loss along its update at {times:,} of {moments:,} moments; the least was "
        f"{rate(lowest[limiting])} of the lr.{also}",
        _below(evidence, [ids[limiting]], lowest[limiting]),
    )


def _all_above_critical(evidence: Evidence, factor: float | None) -> Iterator[Finding]:
    """Where no group alone is, all together may be."""
    groups = [group.id for group in evidence.trained]
    if factor is None or not groups or not evidence.all_unchanged:
        return
    fix = _below(evidence, groups, factor)
    message = f"The update of all groups together raised the loss at {rate(factor)} of the rates; no group alone did."
    yield Finding("trial-rate-critical", "warning", "Trial", message, fix=fix, place=rate_of(groups[0]))


def _below(evidence: Evidence, groups: list[int], factor: float) -> Fix | None:
    scale = SAFE * factor
    return evidence.scaled_rates(groups, scale, f"× {scale:.2g}")


def _ratios(evidence: Evidence, first: float) -> Iterator[tuple[Group, float]]:
    """The median of update over weight of each group that trains as it did, from this share of the trial on."""
    diagnostics = evidence.record.diagnostics
    steps = diagnostics.steps.array
    if not steps.size:
        return
    late = steps >= steps[0] + first * (steps[-1] - steps[0])
    for group in evidence.trained:
        if evidence.unchanged(group.id):
            ratios = diagnostics.update_ratio(_names(evidence, group))[_trains(evidence, group) & late]
            known = ratios[np.isfinite(ratios)]
            if known.size >= FEWEST_REPORTS:
                yield group, float(np.median(known))


def _trains(evidence: Evidence, group: Group) -> NDArray[np.bool_]:
    """At which reports a group is meant to move: it is not frozen, and its measured rate not close to 0."""
    record = evidence.record
    steps = record.diagnostics.steps.array
    at = np.clip(np.searchsorted(record.steps.array, steps), 0, max(len(record.steps) - 1, 0))
    moving = np.zeros(len(steps), dtype=np.bool_)
    for part in record.parts_of(group.id):
        if part.name in record.rates and len(record.steps):
            moving |= record.rates[part.name].array[at] > LEAST_RATE * part.group.lr.base
    for start, end in frozen_stretches(group.freeze, record.design.plan):
        moving &= (steps < start) | (steps >= end)
    return moving


def _silent_shares(evidence: Evidence, group: Group) -> NDArray[np.float64]:
    shares = evidence.record.diagnostics.without_gradient(_names(evidence, group))[_trains(evidence, group)]
    known: NDArray[np.float64] = shares[np.isfinite(shares)]
    return known


def _is_silent(evidence: Evidence, group: Group) -> bool:
    """Without any gradient no rate makes it move."""
    shares = _silent_shares(evidence, group)
    return bool(shares.size) and float(shares.min()) == 1


def _names(evidence: Evidence, group: Group) -> list[str]:
    return [part.name for part in evidence.record.parts_of(group.id)]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.005 else "Under 1 %"


MOVEMENT_CHECKS = (hardly_moves, moves_too_fast, without_gradient, above_critical)
