"""Exported files whose rates `GreedyLR` of transformers steers, on real optimizers."""

from __future__ import annotations

import numpy as np
import pytest
from export_cases import CASES, MovingTraining, demo_with, planned, small
from feedback_cases import feedback_plans, greedys
from hypothesis import given, settings
from msgspec.structs import replace

from lrdesigner.document import Design, Plan, Track
from lrdesigner.schedules import Greedy

pytestmark = pytest.mark.peers


def assert_as_planned(design: Design) -> MovingTraining:
    pytest.importorskip("transformers.optimization")
    training = MovingTraining(design)
    training.train(design.plan.total_steps)
    for group, track, near, values in planned(design, len(training.found)):
        found = np.array([row[group][track] for row in training.found])
        assert (abs(found - values) <= near).all(), (group, track)
    return training


@pytest.mark.parametrize("name", [name for name in CASES if "greedy" in name])
def test_the_cases_are_at_every_step_what_was_drawn(name: str) -> None:
    assert_as_planned(small(CASES[name]))


@settings(max_examples=40, deadline=None)
@given(greedys(), feedback_plans())
def test_a_file_is_at_every_step_what_was_drawn(node: Greedy, plan: Plan) -> None:
    assert_as_planned(replace(small(demo_with({"lr": Track(0.01, node)})), plan=plan))


@settings(max_examples=20, deadline=None)
@given(greedys(), feedback_plans())
def test_a_run_resumed_in_the_middle_is_the_same_run(node: Greedy, plan: Plan) -> None:
    design = replace(small(demo_with({"lr": Track(0.01, node)})), plan=plan)
    straight = assert_as_planned(design)
    first, second = MovingTraining(design), MovingTraining(design)
    half = plan.total_steps // 2
    first.train(half)
    second.resume(first.checkpoint())
    second.train(plan.total_steps - half)
    assert second.found == straight.found[half:]


def test_a_resumed_run_follows_the_files_settings_and_if_asked_its_base_rate() -> None:
    pytest.importorskip("transformers.optimization")
    old = demo_with({"lr": Track(0.01, Greedy(patience=0, factor=0.5))})
    edited = demo_with({"lr": Track(0.02, Greedy(patience=3, factor=0.5))})
    before = MovingTraining(old)
    for _ in range(2):
        before.pairs[0][1].step(1.0)  # better, then not
    before.pairs[0][1].step(1.0)
    for apply_edits, rate, first in ((False, 0.005, 0.01), (True, 0.01, 0.02)):
        after = MovingTraining(edited)
        after.resume(before.checkpoint(), apply_edits=apply_edits)
        optimizer, scheduler = after.pairs[0]
        assert (optimizer.param_groups[0]["lr"], scheduler.patience) == (rate, 3)
        assert scheduler._init_lrs == [first]
