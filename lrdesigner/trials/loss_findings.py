"""What the loss of a trial says: it was no number any more, rose, or did not fall; and what it cannot say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lrdesigner.curves import lanes_values
from lrdesigner.findings.finding import Finding, Fix, Severity
from lrdesigner.param_groups import steering
from lrdesigner.places import Place
from lrdesigner.tracks import lane_of
from lrdesigner.trials.evidence import Evidence, rate_of

THIRD = 1 / 3

EXPLODED = 4.0
"""Times its best from which on a smoothed loss has exploded: where fastai and Lightning end their range tests."""

LOST = 0.25
"""Of what the loss had fallen by; a loss near 0 is soon four times its best, which does not matter."""

GAVE_BACK = 0.5
"""Of what the loss had fallen by. Ours: the digits at 10 to 100 times a good rate first learn, then lose all of it."""

FELL, FLAT = 0.1, 0.02
"""Of what it was at first. Ours: a smoothed loss that was lower by `FELL` has learnt, one that stays within `FLAT` not.

With the digits, 60 to 450 steps: rates at which they are learnt pass, those at which they are not are told.
"""

ROSE = 1.03
"""Times the very first loss that the first tenth is where training made it worse at once."""

FEWEST_TO_EXPLODE = 10
FEWEST_TO_FALL = 50
"""Updates before which nothing is said of the loss: its noise from batch to batch is larger than what it falls by."""

SKIPPED = 0.05
FEWEST_SKIPPED = 11
"""A scaler that begins at 65536 halves its way to what fits in a handful of updates, and later tries more rarely."""


def diverged(evidence: Evidence) -> Iterator[Finding]:
    """A loss, weight or gradient that was no finite number."""
    if evidence.record.state != "diverged":
        return
    bad = _bad_groups(evidence)
    groups = bad or tuple(group.id for group in evidence.trained)
    if not (all(map(evidence.unchanged, groups)) if bad else evidence.all_unchanged):
        return
    step = evidence.figure("diverged_at_step")
    at = f" at step {step:,}" if step is not None else ""
    subject = _subject(evidence)
    if not evidence.updates:
        yield Finding(
            code="trial-diverged",
            severity="error",
            where="Trial",
            message=f"{subject} was not a finite number{at}, before any update was made: look at the data, the loss "
            "and the weights that it begins with.",
            place=Place(area="model"),
        )
        return
    rising = step is not None and _rises(evidence, groups, int(step))
    advice = " The lr was still rising: a longer warm-up may mend it too." if rising else ""
    message = f"{subject} was not a finite number{at}, {evidence.after}.{advice}"
    fix = evidence.scaled_rates(groups, THIRD, "to a third")
    yield _of_some(evidence, groups, "diverged", message, fix, is_error=True)


def _subject(evidence: Evidence) -> str:
    said = evidence.record.summary
    tensor, groups = said.get("bad_tensor"), said.get("bad_groups")
    what = {"gradient": "The gradient of", "weight": "The weight"}.get(str(said.get("bad_what")))
    if what is None or not tensor:
        return "The loss"
    number = len(groups) if isinstance(groups, list) else 1
    return f"{what} {tensor}{f', the first of those in {number} param groups,' if number > 1 else ''}"


def _bad_groups(evidence: Evidence) -> tuple[int, ...]:
    """The groups of the design that hold what was not finite; none where the child does not say so."""
    said = evidence.record.summary
    names = said.get("bad_groups")
    wanted = names if isinstance(names, list) else [said.get("bad_group")]
    return tuple(dict.fromkeys(part.group.id for part in evidence.record.parts if part.name in wanted))


def _rises(evidence: Evidence, groups: tuple[int, ...], step: int) -> bool:
    """Whether the plan raises the rate of one of these groups at a step."""
    plan = evidence.record.design.plan
    if step + 1 >= plan.total_steps:
        return False
    parts = [part for group in groups for part in evidence.record.parts_of(group) if not steering(part.group)]
    values = lanes_values([lane_of(part.group, "lr", plan) for part in parts], plan, [step, step + 1])
    return bool((values[:, 1] > values[:, 0]).any())


def _of_some(
    evidence: Evidence, groups: tuple[int, ...], code: str, message: str, fix: Fix | None, *, is_error: bool = False
) -> Finding:
    """About one group, or about the training as a whole, which the first of the groups stands for."""
    severity: Severity = "error" if is_error else "warning"
    if len(groups) == 1:
        return evidence.about_group(groups[0], code, severity, message, fix)
    return Finding(
        code=f"trial-{code}",
        severity=severity,
        where="Trial",
        message=message,
        fix=fix,
        place=rate_of(groups[0]) if groups else None,
    )


def exploded(evidence: Evidence) -> Iterator[Finding]:
    """A loss that is far above its best, or that gave back what it had fallen by, though a number."""
    if evidence.record.state == "diverged" or not _has_exploded(evidence) or not evidence.all_unchanged:
        return
    smoothed = evidence.record.smoothed.array
    groups = tuple(group.id for group in evidence.trained)
    best = int(np.nanargmin(smoothed))
    when = int(evidence.record.steps.array[best])
    message = (
        f"The loss rose again: smoothed, it was {smoothed[best]:.3g} at step {when:,} and is {smoothed[-1]:.3g} "
        f"{evidence.after}."
    )
    yield _of_some(evidence, groups, "loss-exploded", message, evidence.scaled_rates(groups, THIRD, "to a third"))


def _has_exploded(evidence: Evidence) -> bool:
    smoothed = evidence.record.smoothed.array
    if len(smoothed) < FEWEST_TO_EXPLODE or not np.isfinite(smoothed).all():
        return False
    first, last, best = float(smoothed[0]), float(smoothed[-1]), float(smoothed.min())
    gained, lost = first - best, last - best
    if gained > FELL * abs(first) and lost > GAVE_BACK * gained:
        return True
    return best > 0 and last > EXPLODED * best and lost > LOST * gained


def did_not_fall(evidence: Evidence) -> Iterator[Finding]:
    """A loss that is no lower at the end than at the start, and never was."""
    losses, options = evidence.record.losses.array, evidence.record.options
    if len(losses) < FEWEST_TO_FALL or options.data == "synthetic" or evidence.record.state == "diverged":
        return
    first, last = _at_first(losses), float(np.median(losses[-(len(losses) // 10) :]))
    best, highest = float(np.nanmin(evidence.record.smoothed.array)), max(first, float(losses[0]))
    fell = not last > first - FLAT * abs(first) or best < highest - FELL * abs(highest)
    if fell or _has_exploded(evidence) or not evidence.all_unchanged:
        return
    groups = tuple(group.id for group in evidence.trained)
    hardly = "did not fall" if last >= first else "hardly fell"
    data = ", not even on one batch" if options.one_batch else ""
    trained = " The weights come from a checkpoint, which may be as good as it gets." if options.weights else ""
    yield Finding(
        code="trial-loss-flat",
        severity="info" if options.weights else "warning",
        where="Trial",
        message=f"The loss {hardly}{data}: {first:.3g} at first, {last:.3g} in the last tenth, {evidence.after}."
        f"{trained} A range test finds the rates at which it does.",
        place=rate_of(groups[0]) if groups else None,
    )


def _at_first(losses: NDArray[np.float64]) -> float:
    """The median of the first tenth or, where the loss rose at once, the very first."""
    usual, first = float(np.median(losses[: len(losses) // 10])), float(losses[0])
    return first if usual > ROSE * first > 0 else usual


def on_random_data(evidence: Evidence) -> Iterator[Finding]:
    """Noise has nothing to learn."""
    if evidence.record.options.data == "synthetic" and evidence.updates:
        yield Finding(
            code="trial-synthetic",
            severity="info",
            where="Trial",
            message="The data were random: this shows that training runs, and is no evidence about learning rates.",
            place=Place(area="model"),
        )


def skipped_updates(evidence: Evidence) -> Iterator[Finding]:
    """More updates that the gradient scaler skipped than finding its scale takes."""
    skipped = evidence.figure("skipped") or 0
    tried = evidence.updates + skipped
    if skipped < FEWEST_SKIPPED or skipped <= SKIPPED * tried or not evidence.all_unchanged:
        return
    groups = tuple(group.id for group in evidence.trained)
    message = (
        f"Of {tried:,} updates the gradient scaler skipped {skipped:,}, as gradients overflowed in float16; a few at "
        "the start are normal. Train in bfloat16, or at lower rates."
    )
    fix = evidence.scaled_rates(groups, THIRD, "to a third")
    yield _of_some(evidence, groups, "updates-skipped", message, fix)


LOSS_CHECKS = (diverged, exploded, did_not_fall, skipped_updates, on_random_data)
