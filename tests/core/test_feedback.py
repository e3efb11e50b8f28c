"""Schedules that a metric steers: the curve for a trace is what the real scheduler makes of that trace."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from feedback_cases import feedback_plans, plateaus
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.curves import breakpoints, track_factors, track_values
from lrdesigner.design_file import decode, encode
from lrdesigner.document import Design, Plan, Track
from lrdesigner.errors import UserError
from lrdesigner.schedules import (
    Absolute,
    AssumedTrace,
    Constant,
    Cosine,
    Greedy,
    Length,
    Plateau,
    Product,
    RecordedTrace,
    Segment,
    Sequence,
    Span,
    factors,
    losses_per_evaluation,
    shape_of,
)
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.feedback import ONLY_WHOLE
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.metric_runs import Bounds, evaluations, greedy_rates, metric_values, simulate
from lrdesigner.schedules.traces import MOST_EVALUATIONS

EACH_STEP = Length(1.0, "steps")
BACKBONE = 2


def recorded(*values: float) -> RecordedTrace:
    return RecordedTrace(values)


def rates_of_torch(node: Plateau, span: Span) -> list[float]:
    """The rate of every update and of one more, from the real scheduler on a real optimizer."""
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=span.base)
    form = shape_of(node).torch_form(node, span)
    assert form is not None
    scheduler = getattr(torch.optim.lr_scheduler, form.name)(optimizer, **form.arguments)
    every, metrics, rates = steps_of(node, "every", span), iter(metric_values(node, span)), [span.base]
    for update in range(1, span.steps + 1):
        optimizer.step()
        if update % every == 0:
            scheduler.step(next(metrics))
        rates.append(optimizer.param_groups[0]["lr"])
    assert next(metrics, None) is None
    return rates


@pytest.mark.torch
@settings(max_examples=150, deadline=None)
@given(plateaus(), feedback_plans(), st.sampled_from([1.0, 0.1, 3e-4, 2e-8]))
def test_a_plateau_is_torchs_at_every_step(node: Plateau, plan: Plan, base: float) -> None:
    real = np.array(rates_of_torch(node, plan.span_for(base)))
    drawn = track_values(Track(base, node), plan, np.arange(plan.total_steps + 1))
    assert (np.abs(real - drawn) <= 1e-9 * base).all()


@pytest.mark.torch
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_with_torchs_defaults_a_levelling_metric_lowers_the_rate_as_in_torch(mode: Any, threshold_mode: Any) -> None:
    start, end = (2.3, 0.3) if mode == "min" else (0.1, 0.9)
    trace = AssumedTrace(start, end, Length(5, "percent"))
    node = Plateau(mode=mode, threshold_mode=threshold_mode, metric=trace)
    plan = Plan(7, 200)
    drawn = track_values(Track(0.1, node), plan, np.arange(plan.total_steps + 1))
    assert drawn.tolist() == pytest.approx(rates_of_torch(node, plan.span_for(0.1)), rel=1e-12)
    assert drawn[-1] < 1e-4


def test_a_reduction_acts_from_the_step_of_its_evaluation_on() -> None:
    node = Plateau(factor=0.5, patience=1, every=Length(10, "steps"), metric=recorded(1.0))
    events = simulate(node, Span(100, 100, 10))
    assert events == ((30, 0.5), (50, 0.25), (70, 0.125), (90, 0.0625))
    assert factors(node, [0, 29, 30, 49, 50, 99], Span(100, 100, 10)).tolist() == [1, 1, 0.5, 0.5, 0.25, 0.0625]


def test_the_reductions_are_the_breakpoints_of_the_curve() -> None:
    node = Plateau(factor=0.5, patience=0, every=Length(2, "epochs"), metric=recorded(3, 2, 2, 1, 1))
    assert breakpoints(Track(1.0, node), Plan(5, 12)).tolist() == [30, 50, 60]


def test_after_the_run_the_rate_stays() -> None:
    node, plan = Plateau(factor=0.5, patience=0, every=EACH_STEP, metric=recorded(1.0)), Plan(5, 1)
    assert track_factors(Track(1.0, node), plan, [4, 5, 6, 500]).tolist() == [0.125, 0.0625, 0.0625, 0.0625]


def test_an_absolute_floor_is_that_rate_whatever_the_base_is() -> None:
    node = Plateau(factor=0.1, patience=0, every=EACH_STEP, metric=recorded(1.0), floor=Absolute(3e-4))
    for base in (0.1, 7e-3):
        assert base * float(factors(node, [20], Span(20, 20, 10, base))[0]) == pytest.approx(3e-4, rel=1e-15)


def test_reductions_by_less_than_epsilon_are_left_out_of_small_rates_only() -> None:
    node = Plateau(factor=0.5, patience=0, every=EACH_STEP, metric=recorded(1.0), eps=1e-4)
    assert factors(node, [5], Span(5, 5, 1, 1.0)).tolist() == [0.5**4]
    assert factors(node, [5], Span(5, 5, 1, 1e-4)).tolist() == [1.0]


def test_the_assumed_metric_goes_two_thirds_of_the_way_in_its_time() -> None:
    node = Plateau(every=Length(5, "steps"), metric=AssumedTrace(3.0, 1.0, Length(10, "steps")))
    values = metric_values(node, Span(20, 20, 10))
    assert values == pytest.approx([1 + 2 * math.exp(-step / 10) for step in (5, 10, 15, 20)])


def test_the_last_recorded_value_is_held() -> None:
    node = Plateau(every=EACH_STEP, metric=recorded(3.0, 2.0))
    assert metric_values(node, Span(4, 4, 1)) == [3.0, 2.0, 2.0, 2.0]
    assert metric_values(node, Span(1, 1, 1)) == [3.0]


def test_of_an_endless_run_the_first_evaluations_are_looked_at() -> None:
    node = Greedy(patience=0, every=EACH_STEP, factor=0.5, floor=0.0, metric=recorded(1.0), eps=0.0)
    span = Span(10**9, 10**9, 10**6)
    assert evaluations(node, span) == 10**9
    assert len(metric_values(node, span)) == MOST_EVALUATIONS
    assert simulate(node, span)[-1][0] <= MOST_EVALUATIONS
    assert factors(node, [10**9], span)[0] == simulate(node, span)[-1][1]


@pytest.mark.parametrize("node", [Plateau(), Greedy()], ids=["plateau", "greedy"])
def test_it_cannot_be_written_as_a_function_of_the_step_and_says_why(node: Any) -> None:
    with pytest.raises(UserError, match="follows a metric"):
        CodeWriter().lines(node, Span(10, 10, 10))


def test_greedy_raises_on_improvement_and_lowers_without() -> None:
    node = Greedy(patience=1, factor=0.5, every=EACH_STEP, metric=recorded(5, 4, 3, 2, 2, 2, 2), floor=0.0)
    assert simulate(node, Span(7, 7, 1, 0.1)) == ((2, 2.0), (4, 4.0), (6, 2.0))


def test_greedy_begins_anew_only_when_all_groups_of_the_optimizer_are_at_their_lowest() -> None:
    node = Greedy(patience=0, factor=0.5, reset_start=1, every=EACH_STEP, floor=0.0)
    near, far = Bounds(1.0, lowest=0.5, highest=1.0), Bounds(1.0, lowest=0.25, highest=1.0)
    values = [2.0] * 6
    assert greedy_rates(node, values, [near]) == []  # lowered and set back at once
    assert greedy_rates(node, values, [near, far])[:2] == [(1, (0.5, 0.5)), (2, (1.0, 1.0))]


def test_losses_become_the_means_since_the_evaluation_before() -> None:
    assert losses_per_evaluation(range(5), [1, 2, 3, 4, 5], 2, 5) == (1.5, 3.5)
    assert losses_per_evaluation(range(2), [1, 2], 3, 2) == ()
    assert losses_per_evaluation([], [], 1, 0) == ()
    many = MOST_EVALUATIONS + 5
    assert len(losses_per_evaluation(range(many), [1.0] * many, 1, many)) == MOST_EVALUATIONS


def test_losses_of_a_compressed_trial_stand_where_the_plan_has_their_steps() -> None:
    half = [0, 2, 4, 6, 8, 10]
    assert losses_per_evaluation(half, [6, 4, 3, 1, 2, 9], 4, 12) == (5, 2, 5.5)
    assert losses_per_evaluation(half, [6, 4, 3, 1, 2, 9], 4, 11) == (5, 2)
    assert losses_per_evaluation(half, [6, 4, 3, 1, 2, 9], 1, 12) == (6, 5, 4, 3.5, 3, 2, 1, 1.5, 2, 5.5, 9)
    twice = [0, 0, 1, 1, 2, 2]
    assert losses_per_evaluation(twice, [6, 4, 3, 1, 2, 9], 1, 3) == (5, 2, 5.5)


def test_the_losses_of_a_trial_become_the_metric_of_a_plateau(design: Design) -> None:
    node = Plateau(patience=0, every=Length(1, "epochs"))
    steered = edits.set_schedule(design, BACKBONE, node)
    losses = [1.0] * 45 + [0.5] * 45 + [0.6] * 30
    values = losses_per_evaluation(range(120), losses, steps_of(node, "every", design.plan.span), 120)
    used = edits.use_metric(steered, BACKBONE, values, "trial 3")
    schedule = used.group(BACKBONE).lr.schedule
    assert schedule == replace(node, metric=RecordedTrace((1.0, 0.5), "trial 3"))
    assert edits.use_metric(used, BACKBONE, values, "trial 3") is used
    assert "trial 3" in shape_of(schedule).describe(schedule, design.plan.span)
    assert decode(encode(used), "design") == used


def test_a_metric_needs_a_schedule_that_follows_it_and_numbers(design: Design) -> None:
    with pytest.raises(UserError, match=r"The schedule of 'backbone' follows no metric\."):
        edits.use_metric(edits.set_schedule(design, BACKBONE, Cosine()), BACKBONE, [1.0])
    steered = edits.set_schedule(design, BACKBONE, Greedy())
    with pytest.raises(UserError, match="ended before the first evaluation"):
        edits.use_metric(steered, BACKBONE, [])
    with pytest.raises(UserError, match=r"Value 2 of the recorded metric is not a finite number\."):
        edits.use_metric(steered, BACKBONE, [1.0, math.nan])


@pytest.mark.parametrize("node", [Plateau(), Greedy()], ids=["plateau", "greedy"])
def test_as_a_part_or_on_another_track_it_is_refused_in_a_sentence(design: Design, node: Any) -> None:
    for refused in (Sequence((Segment(Cosine()), Segment(node))), Product((Cosine(), node))):
        with pytest.raises(UserError, match=ONLY_WHOLE):
            edits.set_schedule(design, BACKBONE, refused)
    with pytest.raises(UserError, match=ONLY_WHOLE):
        edits.set_track(design, BACKBONE, "weight_decay", node)


def test_as_a_part_in_a_design_file_it_is_told_at_its_place(design: Design) -> None:
    inside = edits.set_schedule(design, BACKBONE, Sequence((Segment(Constant()), Segment(Cosine()))))
    text = encode(inside).replace(b'"cosine"', b'"plateau"')
    with pytest.raises(UserError, match=f"segment 2: Schedule: a{ONLY_WHOLE[1:]}"):
        decode(text, "design")
