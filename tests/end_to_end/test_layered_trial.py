"""A real trial of a design that torch sees as several optimizers and many param groups."""

from __future__ import annotations

from typing import Any

import pytest

from lrdesigner import edits
from lrdesigner.curves import TOLERANCE
from lrdesigner.demos import demo_design
from lrdesigner.document import DecayExemption, LayerDecay, Plan
from lrdesigner.expansion_edits import use_exemption, use_layer_decay
from lrdesigner.following import follow
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.jobs.run import run_job
from lrdesigner.param_groups import param_groups
from lrdesigner.proof import exported_file, trial_request
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.trial.words import deviation_details, off_plan

pytestmark = pytest.mark.torch


@pytest.mark.timeout(120)
def test_every_param_group_of_layers_exemptions_and_muon_lies_on_its_plan() -> None:
    design = edits.set_plan(demo_design(), Plan(epoch=10, epochs=3))
    everything = design.remainder
    design = edits.assign(design, ["classifier"], everything)
    design = use_layer_decay(design, everything, LayerDecay(0.5, layers="features.#|classifier.#"))
    design = edits.set_option(design, everything, "weight_decay", 0.05)
    design = use_exemption(design, everything, DecayExemption())
    design = edits.add_group(design, "matrices", ["classifier.3"])
    matrices = design.groups[-1].id
    design = use_exemption(use_layer_decay(design, matrices, None), matrices, None)
    design = follow(edits.set_optimizer(design, matrices, "Muon"), matrices, everything, 5.0)
    assert len(param_groups(design)) == 2

    seen: list[Any] = []
    with exported_file(design) as file:
        outcome = run_job(
            trial_request(design, file, TrialOptions(steps=30, device="cpu")), seen.append, time_limit=100
        )
    assert outcome.state == "finished", outcome.message
    record = TrialRecord(design, TrialOptions(steps=30))
    record.add([report for report in seen if isinstance(report, Metrics)])
    assert set(record.deviations) == {part.name for found in param_groups(design) for part in found}
    assert len(record.deviations) == 8
    assert not off_plan(record)
    assert max(record.deviations.values()) <= TOLERANCE
    assert "param groups)" in deviation_details(record)
    assert set(record.worst) >= {design.group(everything).name, "matrices"}
