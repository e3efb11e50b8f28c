"""The handlers of pytorch-ignite, run by a real engine, against their recipes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from peers import ignite_recipes as recipes
from peers.comparison import assert_same
from peers.reference import ignite_rates

from lrdesigner.schedules import Cosine, Exponential, Length, Linear, Polynomial, Span, StepDecay, factors, shape_of

pytestmark = pytest.mark.peers

BASES = st.sampled_from([1.0, 0.1, 3e-4])
COUNTS = st.integers(2, 150)
VALUES = st.one_of(st.sampled_from([0.0, 1e-4, 0.5, 1.0]), st.floats(0, 1))

Parameters = dict[str, Any]


def cycles(multiples: st.SearchStrategy[float], warmups: st.SearchStrategy[int]) -> st.SearchStrategy[Parameters]:
    return st.fixed_dictionaries(
        {"start_value": VALUES, "end_value": VALUES, "cycle_size": st.integers(2, 40)},
        optional={
            "cycle_mult": multiples,
            "start_value_mult": st.sampled_from([1.0, 0.5, 1.1]),
            "end_value_mult": st.sampled_from([1.0, 0.5, 1.1]),
            "warmup_duration": warmups,
        },
    )


MULTIPLES = st.one_of(st.sampled_from([1.0, 2, 1.5, 0.8]), st.floats(1, 3))
WARMUPS = st.one_of(st.sampled_from([0, 1]), st.integers(0, 12))


def recipe_or_none(build: Any, **parameters: Any) -> Any:
    """None where ignite itself fails: a cycle multiplied down to no update."""
    try:
        return build(**parameters)
    except ZeroDivisionError:
        return None


@settings(max_examples=150, deadline=None)
@given(BASES, COUNTS, cycles(MULTIPLES, WARMUPS))
def test_cosine_annealing(base: float, count: int, parameters: Parameters) -> None:
    node = recipe_or_none(recipes.cosine_annealing, updates=count, **parameters)
    assume(node is not None)
    assert_same(ignite_rates("CosineAnnealingScheduler", base, count, **parameters), node, base)


@settings(max_examples=150, deadline=None)
@given(BASES, COUNTS, cycles(MULTIPLES, st.just(0)))
def test_triangles(base: float, count: int, parameters: Parameters) -> None:
    node = recipe_or_none(recipes.linear_cyclical, updates=count, **parameters)
    assume(node is not None)
    assert_same(ignite_rates("LinearCyclicalScheduler", base, count, **parameters), node, base)


@settings(max_examples=150, deadline=None)
@given(BASES, COUNTS, cycles(MULTIPLES, WARMUPS))
def test_saw_teeth(base: float, count: int, parameters: Parameters) -> None:
    node = recipe_or_none(recipes.linear_cyclical, monotonic=True, updates=count, **parameters)
    assume(node is not None)
    assert_same(ignite_rates("LinearCyclicalScheduler", base, count, monotonic=True, **parameters), node, base)


@settings(max_examples=150, deadline=None)
@given(BASES, COUNTS, st.lists(st.tuples(st.integers(0, 140), VALUES), min_size=1, max_size=8))
def test_piecewise_linear(base: float, count: int, points: list[tuple[int, float]]) -> None:
    points = sorted(points, key=lambda point: point[0])  # milestones may be equal: the value jumps
    real = ignite_rates("PiecewiseLinear", [base, 1.0], count, milestones_values=points)
    for lr, rates in zip([base, 1.0], real.T, strict=True):
        assert_same(rates, recipes.piecewise_linear(lr=lr, milestones_values=points), lr)


CHILDREN = st.lists(st.tuples(st.booleans(), cycles(st.just(1.0), st.just(0))), min_size=2, max_size=4)


@settings(max_examples=100, deadline=None)
@given(BASES, COUNTS, CHILDREN, st.lists(st.integers(1, 30), min_size=3, max_size=3), st.booleans())
def test_concatenation(
    base: float, count: int, children: list[tuple[bool, Parameters]], lasting: list[int], first_is_empty: bool
) -> None:
    durations = [0 if first_is_empty else lasting[0], *lasting[1:]][: len(children) - 1]

    def build(handlers: Any, optimizer: Any) -> Any:
        kinds = [handlers.CosineAnnealingScheduler if c else handlers.LinearCyclicalScheduler for c, _ in children]
        parts = [kind(optimizer, "lr", **own) for kind, (_, own) in zip(kinds, children, strict=True)]
        return handlers.ConcatScheduler(parts, durations=durations)

    nodes = [
        (recipes.cosine_annealing if cosine else recipes.linear_cyclical)(updates=count, **own)
        for cosine, own in children
    ]
    assert_same(ignite_rates(build, base, count), recipes.concatenated(nodes, durations), base)


def warm_ups() -> st.SearchStrategy[Parameters]:
    return st.fixed_dictionaries(
        {
            "warmup_start_value": VALUES,
            "warmup_duration": st.one_of(st.just(2), st.integers(2, 40)),
            "warmup_end_value": st.one_of(st.none(), VALUES),
        }
    )


@settings(max_examples=80, deadline=None)
@given(BASES, COUNTS, cycles(st.just(1.0), st.just(0)), warm_ups())
def test_warm_up_before_one_of_its_own(base: float, count: int, parameters: Parameters, warmup: Parameters) -> None:
    warmup = warmup | {"warmup_end_value": warmup["warmup_end_value"] or 0.25}
    real = ignite_rates(
        lambda handlers, optimizer: handlers.create_lr_scheduler_with_warmup(
            handlers.CosineAnnealingScheduler(optimizer, "lr", **parameters), **warmup
        ),
        base,
        count,
    )
    after = recipes.cosine_annealing(updates=count, **parameters)
    assert_same(real, recipes.with_warmup(after, parameters["start_value"], **warmup), base)


OF_TORCH = st.sampled_from(
    [
        Exponential(0.98, Length(1, "steps")),
        StepDecay(Length(7, "steps"), 0.5),
        Linear(0.25, 1.0, Length(20, "steps")),
        Polynomial(2.0, 0.0, Length(40, "steps")),
        Cosine(0.1, Length(500, "steps")),
    ]
)


@settings(max_examples=120, deadline=None)
@given(BASES, COUNTS, OF_TORCH, warm_ups())
def test_warm_up_before_a_scheduler_of_torch(base: float, count: int, after: Any, warmup: Parameters) -> None:
    import torch

    span = Span(count, count, 1, base)
    form = shape_of(after).torch_form(after, span)
    assert form is not None
    real = ignite_rates(
        lambda handlers, optimizer: handlers.create_lr_scheduler_with_warmup(
            getattr(torch.optim.lr_scheduler, form.name)(optimizer, **form.arguments), **warmup
        ),
        base,
        count,
    )
    first = base * float(factors(after, [0], span)[0])
    assert_same(real, recipes.with_warmup(after, first, **warmup), base)
