"""A trial's losses as what a schedule that follows a metric is given: where the plan has their steps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdesigner.document import Design
from lrdesigner.jobs.protocol import Metrics, Progress
from lrdesigner.schedules import Length, Plateau
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TRAINING, TrialRecord
from lrdesigner.trials.trial_metric import can_be_followed, metric_of


def compressed(design: Design, updates: int, done: int) -> TrialRecord:
    """A trial that made `done` of `updates` updates over the whole plan, whose loss is the planned step."""
    record = TrialRecord(design, TrialOptions(whole=True, steps=updates))
    record.note(Progress(TRAINING, total=updates))
    total = design.plan.total_steps
    record.add([Metrics(u * total // updates, float(u * total // updates), {}) for u in range(done)])
    record.state = "stopped"
    return record


@given(data=st.data(), every=st.integers(1, 60), updates=st.integers(1, 900))
def test_each_value_is_a_loss_of_the_steps_before_its_evaluation(
    any_design: Design, data: st.DataObject, every: int, updates: int
) -> None:
    record = compressed(any_design, updates, data.draw(st.integers(1, updates)))
    values = metric_of(record, Plateau(every=Length(every, "steps")), any_design.plan.span)
    stride = any_design.plan.total_steps / updates
    assert len(values) * every <= record.reached <= any_design.plan.total_steps
    for number, value in enumerate(values):
        assert number * every - stride <= value <= (number + 1) * every + stride
    if stride <= every:  # no evaluation went without a loss
        assert len(values) == record.reached // every


@pytest.fixture(scope="module")
def any_design() -> Design:
    from lrdesigner.demos import demo_design

    return demo_design()


def test_a_whole_compressed_trial_reaches_the_end_of_the_plan(any_design: Design) -> None:
    record = compressed(any_design, 7, 7)
    assert record.reached == any_design.plan.total_steps
    assert compressed(any_design, 7, 3).reached == 3 * any_design.plan.total_steps // 7


def test_for_a_metric_that_rises_it_is_the_likelihood(any_design: Design) -> None:
    record = TrialRecord(any_design)
    record.add([Metrics(step, loss, {}) for step, loss in enumerate([1.0, 3.0, 0.5, 0.5])])
    record.state = "finished"
    node = Plateau(mode="max", every=Length(2, "steps"))
    assert metric_of(record, node, any_design.plan.span) == pytest.approx((math.exp(-2), math.exp(-0.5)))


def test_a_loss_that_is_not_finite_ends_it(any_design: Design) -> None:
    record = TrialRecord(any_design)
    record.add([Metrics(step, loss, {}) for step, loss in enumerate([1.0, 3.0, 0.5, math.nan, 1.0])])
    record.state = "diverged"
    assert can_be_followed(record)
    assert metric_of(record, Plateau(every=Length(2, "steps")), any_design.plan.span) == (2.0,)


def test_a_window_that_begins_later_cannot_be_followed(any_design: Design) -> None:
    record = TrialRecord(any_design, TrialOptions(start=5))
    record.add([Metrics(5, 1.0, {})])
    record.state = "finished"
    assert not can_be_followed(record)
