"""What an ended trial says about its design: findings with their repairs, like those of the checks before training.

Limits are named beside the checks with where they come from. A short run gives rules of thumb, which warn; errors are
what happened: numbers that were not finite, memory that did not suffice.
"""

from __future__ import annotations

from lrdesigner.document import Design, Model
from lrdesigner.findings import in_order
from lrdesigner.findings.finding import Finding
from lrdesigner.trials.evidence import Evidence
from lrdesigner.trials.loss_findings import LOSS_CHECKS
from lrdesigner.trials.movement_findings import MOVEMENT_CHECKS
from lrdesigner.trials.record import TrialRecord
from lrdesigner.trials.run_findings import RUN_CHECKS

TRIAL_CHECKS = (*LOSS_CHECKS, *MOVEMENT_CHECKS, *RUN_CHECKS)


def trial_findings(record: TrialRecord, design: Design) -> tuple[Finding, ...]:
    """All that a trial says of the design as it is now, errors first; their codes begin with "trial-".

    Nothing while it runs, after it was cancelled, and of another model. What is about a group is said as long as that
    trains as it did in the trial.
    """
    if record.running or record.discarded or not _same_model(record.design.model, design.model):
        return ()
    evidence = Evidence(record, design)
    return in_order(finding for check in TRIAL_CHECKS for finding in check(evidence))


def _same_model(before: Model, now: Model) -> bool:
    if before is now:
        return True
    return (before.source, before.kwargs, before.inventory) == (now.source, now.kwargs, now.inventory)
