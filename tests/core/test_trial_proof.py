"""What a trial is for: a good design learns within the demo's budget, and a bad rate is called by its name."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.jobs.reader import Outcome
from lrdesigner.jobs.run import run_job
from lrdesigner.proof import exported_file, trial_request
from lrdesigner.trials.findings import trial_findings
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord

pytestmark = pytest.mark.torch

IN_A_THIRD = TrialOptions(device="cpu", steps=150, whole=True)


def tried(design: Design, options: TrialOptions) -> tuple[Outcome, TrialRecord]:
    record = TrialRecord(design, options)

    def take(report: Any) -> None:
        if isinstance(report, Metrics):
            record.add([report])
        else:
            record.note(report)

    with exported_file(design) as file:
        outcome = run_job(trial_request(design, file, options), take, time_limit=100)
    record.end(outcome)
    return outcome, record


def test_the_demo_learns_nine_of_ten_digits_with_its_whole_schedule_in_a_third_of_the_steps() -> None:
    outcome, record = tried(demo_design(), IN_A_THIRD)
    assert outcome.state == "finished"
    assert outcome.metrics["test_accuracy"] >= 0.9
    assert record.steps.array.tolist() == [float(update * 3) for update in range(150)]
    assert max(record.deviations.values()) <= 1e-12  # measured at its planned steps
    assert trial_findings(record, record.design) == ()
    assert len(record.diagnostics.steps) == 16


def test_a_rate_that_is_too_high_is_diagnosed_and_mended() -> None:
    demo = demo_design()
    bad = edits.set_base_lr(demo, demo.groups[0].id, 30.0)
    _, record = tried(bad, replace(IN_A_THIRD, steps=60))
    found = trial_findings(record, bad)
    assert found
    assert any(finding.severity in ("error", "warning") and finding.fix is not None for finding in found)
    fix = next(finding.fix for finding in found if finding.fix is not None)
    assert fix.edit(bad).groups[0].lr.base < 30.0


def test_a_rate_that_is_far_too_low_is_diagnosed() -> None:
    slow = demo_design()
    for group in slow.groups:
        slow = edits.set_base_lr(slow, group.id, 1e-8)
    _, record = tried(slow, replace(IN_A_THIRD, steps=60))
    codes = {finding.code for finding in trial_findings(record, slow)}
    assert codes & {"trial-group-still", "trial-loss-flat"}
