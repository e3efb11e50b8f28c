"""What a schedule that follows a metric would have been given by a trial: its losses, at the plan's evaluations."""

from __future__ import annotations

import math

import numpy as np

from lrdesigner.schedules import Greedy, Plateau, Span
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.traces import losses_per_evaluation
from lrdesigner.trials.record import TrialRecord


def can_be_followed(record: TrialRecord) -> bool:
    """Whether a trial has losses from the plan's first step on; without these, evaluations before would be made up."""
    losses = record.losses.array
    ended = not record.running and not record.discarded
    return ended and record.first_step == 0 and len(losses) > 0 and math.isfinite(losses[0])


def metric_of(record: TrialRecord, node: Plateau | Greedy, span: Span) -> tuple[float, ...]:
    """One value for each evaluation that the trial came to: the mean loss of the planned steps since the last one.

    For a metric that should rise it is the likelihood, exp(-loss), that the schedule was given in the trial as well. A
    loss that is not finite ends it.
    """
    losses = record.losses.array
    bad = np.flatnonzero(~np.isfinite(losses))
    count = int(bad[0]) if bad.size else len(losses)
    end = int(record.steps.array[count]) if bad.size else record.reached
    means = losses_per_evaluation(record.steps.array[:count], losses[:count], steps_of(node, "every", span), end)
    return tuple(math.exp(-mean) for mean in means) if node.mode == "max" else means
