"""Greedy against transformers' own `GreedyLR`, stepped on a real optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from feedback_cases import feedback_plans, greedys
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.reference import optimizer_for

from lrdesigner.curves import track_values
from lrdesigner.document import Plan, Track
from lrdesigner.schedules import AssumedTrace, Greedy, Length, RecordedTrace
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.metric_runs import bounds_of, greedy_rates, metric_values

pytestmark = pytest.mark.peers

BASES = st.sampled_from([1.0, 0.1, 3e-3, 3e-4])


def rates_of_transformers(node: Greedy, plan: Plan, bases: list[float]) -> np.ndarray:
    """The rate of each group at every update and at one more."""
    optimization = pytest.importorskip("transformers.optimization")
    bounds = [bounds_of(node, plan.span_for(base)) for base in bases]
    optimizer = optimizer_for(bases)
    scheduler = optimization.GreedyLR(
        optimizer,
        mode=node.mode,
        factor=node.factor,
        patience=node.patience,
        threshold=node.threshold,
        threshold_mode=node.threshold_mode,
        cooldown=node.cooldown,
        warmup=node.warmup,
        min_lr=[bound.lowest for bound in bounds],
        max_lr=[bound.highest for bound in bounds],
        eps=node.eps,
        smooth=node.smooth,
        window_size=node.window,
        reset_start=node.reset_start,
    )
    every, metrics = steps_of(node, "every", plan.span), iter(metric_values(node, plan.span))
    rates = [bases]
    for update in range(1, plan.total_steps + 1):
        optimizer.step()
        if update % every == 0:
            scheduler.step(next(metrics))
        rates.append([group["lr"] for group in optimizer.param_groups])
    assert next(metrics, None) is None
    return np.array(rates)


@settings(max_examples=300, deadline=None)
@given(greedys(), feedback_plans(), BASES)
def test_greedy_is_transformers_at_every_step(node: Greedy, plan: Plan, base: float) -> None:
    real = rates_of_transformers(node, plan, [base])[:, 0]
    drawn = track_values(Track(base, node), plan, np.arange(plan.total_steps + 1))
    assert (np.abs(real - drawn) <= 1e-9 * np.maximum(base, drawn)).all()


@settings(max_examples=150, deadline=None)
@given(greedys(), feedback_plans(), st.lists(BASES, min_size=2, max_size=3))
def test_groups_of_one_optimizer_share_the_reset_as_in_transformers(
    node: Greedy, plan: Plan, bases: list[float]
) -> None:
    real = rates_of_transformers(node, plan, bases)
    bounds = [bounds_of(node, plan.span_for(base)) for base in bases]
    every, together = steps_of(node, "every", plan.span), np.array([bases] * (plan.total_steps + 1))
    for index, rates in greedy_rates(node, metric_values(node, plan.span), bounds):
        together[(index + 1) * every :] = rates
    assert (real == together).all()


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        (AssumedTrace(2.3, 0.3, Length(10, "percent")), {}),
        (RecordedTrace((1.0,)), {"reset_start": 3, "floor": 0.5}),
        (RecordedTrace(tuple(1 / (1 + step) for step in range(900))), {"ceiling": 2.0, "smooth": True}),
    ],
    ids=["assumed", "level", "falling"],
)
def test_with_its_defaults_it_is_transformers_over_a_long_run(metric: Any, options: dict[str, Any]) -> None:
    node, plan = Greedy(metric=metric, **options), Plan(3, 900)
    real = rates_of_transformers(node, plan, [0.05])[:, 0]
    drawn = track_values(Track(0.05, node), plan, np.arange(plan.total_steps + 1))
    assert drawn.tolist() == pytest.approx(real.tolist(), rel=1e-12)
    assert len(set(real.tolist())) > 10
