"""Every scheduler of timm against its recipe, update by update, far past its end."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import timm_recipes as recipes
from peers.comparison import assert_same
from peers.recipe_parts import in_turn, part
from peers.reference import TIMM_CLASSES, timm_rates

from lrdesigner.schedules import Constant, Expression

pytestmark = pytest.mark.peers

BASES = st.sampled_from([[1.0], [0.1, 0.03], [3e-4, 1.0]])
COUNTS = st.integers(2, 180)
WARMUPS = st.fixed_dictionaries(
    {},
    optional={
        "warmup_t": st.one_of(st.sampled_from([0, 1]), st.integers(0, 40)),
        "warmup_lr_init": st.sampled_from([0.0, 1e-5, 0.01, 0.2]),
        "warmup_prefix": st.booleans(),
    },
)
FLOORS = st.one_of(st.sampled_from([0.0, 1e-6, 1e-4]), st.floats(0, 0.05))
LENGTHS = st.one_of(st.sampled_from([1, 2, 16]), st.integers(1, 60))
POWERS = st.one_of(st.sampled_from([0.5, 1.0, 2.0]), st.floats(0.1, 5))
HEIGHTS = st.one_of(st.sampled_from([1.0, 0.5, 0.1, 1.5]), st.floats(0.01, 2))
LIMITS = st.sampled_from([0, 1, 1, 2, 3, 7, 1000])
CYCLES = {"t_initial": LENGTHS, "lr_min": FLOORS, "cycle_decay": HEIGHTS, "cycle_limit": LIMITS}

Parameters = dict[str, Any]


def check(name: str, bases: list[float], count: int, skip: tuple[int, ...] = (), **parameters: Any) -> None:
    """All updates but those to `skip`, with a recipe for each group."""
    real = timm_rates(name, bases, count, **parameters)
    for base, rates in zip(bases, real.T, strict=True):
        assert_same(rates, recipes.RECIPES[name](lr=base, **parameters), base, skip)


def cycles_of(growths: st.SearchStrategy[float]) -> st.SearchStrategy[Parameters]:
    return st.fixed_dictionaries(CYCLES, optional={"cycle_mul": growths})


def first_value(parameters: Parameters) -> tuple[int, ...]:
    """Update 0 where timm does not ask its own formula: without a warm-up the constructor leaves the base value."""
    return () if parameters.get("warmup_t") else (0,)


def missed_restarts(count: int, parameters: Parameters) -> tuple[int, ...]:
    """The updates at which the rounding of a logarithm leaves timm in the cycle that is over."""
    growth, first = Fraction(repr(parameters.get("cycle_mul", 1.0))), parameters["t_initial"]
    if growth == 1:
        return ()
    before = parameters.get("warmup_t", 0) if parameters.get("warmup_prefix") else 0
    missed, start, cycle = [], Fraction(first), 1
    while start < count:
        if start.denominator == 1:
            seen = math.log(1 - int(start) / first * (1 - float(growth)), float(growth))
            missed += [before + int(start)] if math.floor(seen) < cycle else []
        start, cycle = start + first * growth**cycle, cycle + 1
    return tuple(missed)


def test_there_is_a_recipe_for_each_scheduler_that_follows_no_metric() -> None:
    assert set(recipes.RECIPES) == set(TIMM_CLASSES)


GROWTHS = st.one_of(st.sampled_from([1.0, 2.0, 3, 1.5, 1.1, 1.05]), st.integers(105, 400).map(lambda n: n / 100))


@settings(max_examples=200, deadline=None)
@given(BASES, COUNTS, WARMUPS, cycles_of(GROWTHS), st.sampled_from([{}, {"k_decay": 0.5}, {"k_decay": 2.0}]))
def test_cosine(bases: list[float], count: int, warmup: Parameters, cycles: Parameters, k: Parameters) -> None:
    parameters = warmup | cycles | k
    skip = first_value(parameters) if cycles["cycle_limit"] == 0 else ()
    check("cosine", bases, count, (*skip, *missed_restarts(count, parameters)), **parameters)


@settings(max_examples=200, deadline=None)
@given(
    BASES,
    COUNTS,
    WARMUPS,
    cycles_of(st.sampled_from([1.0, 2.0, 3])),
    st.fixed_dictionaries({}, optional={"power": st.one_of(st.just(0.0), POWERS), "k_decay": POWERS}),
)
def test_poly(bases: list[float], count: int, warmup: Parameters, cycles: Parameters, own: Parameters) -> None:
    parameters = warmup | cycles | own
    skip = first_value(parameters) if cycles["cycle_limit"] == 0 else ()
    check("poly", bases, count, (*skip, *missed_restarts(count, parameters)), **parameters)


@settings(max_examples=200, deadline=None)
@given(
    BASES,
    COUNTS,
    WARMUPS,
    cycles_of(st.sampled_from([1.0, 2.0, 3])),
    st.fixed_dictionaries({}, optional={"lb": st.floats(-9, -1), "ub": st.floats(-0.9, 6)}),
)
def test_tanh(bases: list[float], count: int, warmup: Parameters, cycles: Parameters, own: Parameters) -> None:
    parameters = warmup | cycles | own
    check("tanh", bases, count, (*first_value(parameters), *missed_restarts(count, parameters)), **parameters)


@settings(max_examples=100, deadline=None)
@given(BASES, COUNTS, WARMUPS, LENGTHS, st.fixed_dictionaries({}, optional={"decay_rate": HEIGHTS}))
def test_step(bases: list[float], count: int, warmup: Parameters, decay_t: int, own: Parameters) -> None:
    check("step", bases, count, decay_t=decay_t, **warmup, **own)


@settings(max_examples=60, deadline=None)
@given(BASES, COUNTS, WARMUPS)
def test_constant(bases: list[float], count: int, warmup: Parameters) -> None:
    check("constant", bases, count, **warmup)


@settings(max_examples=100, deadline=None)
@given(
    BASES,
    COUNTS,
    WARMUPS,
    st.lists(st.integers(1, 150), min_size=1, max_size=6).map(sorted),
    st.fixed_dictionaries({}, optional={"decay_rate": HEIGHTS}),
)
def test_multistep(bases: list[float], count: int, warmup: Parameters, milestones: list[int], own: Parameters) -> None:
    parameters = {"decay_t": milestones} | warmup | own
    check("multistep", bases, count, first_value(parameters) if milestones[0] == 1 else (), **parameters)


@st.composite
def wsd_parameters(draw: st.DrawFn) -> Parameters:
    length = draw(LENGTHS)
    warmup = draw(WARMUPS)
    warmup.pop("warmup_prefix", None)
    own: Parameters = {
        "t_initial": length,
        "decay_t": draw(st.one_of(st.just(length), st.integers(1, length))),
        "lr_min": draw(FLOORS.map(lambda floor: min(floor, 3e-4))),
        "stable_fn": draw(st.sampled_from(["constant", "rsqrt", "power"])),
        "decay_fn": draw(st.sampled_from(["linear", "1-sqrt", "cosine", "power", "exp"])),
    }
    numbers = {"stable_power": POWERS, "decay_power": POWERS, "decay_ratio": st.sampled_from([0.1, 1e-3, 0.99])}
    scale = None if warmup.get("warmup_t") else 7
    scale = draw(st.one_of(st.just(scale), st.integers(1, 200)))
    return warmup | own | {"stable_timescale": scale} | draw(st.fixed_dictionaries({}, optional=numbers))


@settings(max_examples=300, deadline=None)
@given(BASES, COUNTS, wsd_parameters())
def test_wsd(bases: list[float], count: int, parameters: Parameters) -> None:
    check("wsd", bases, count, **parameters)


@settings(max_examples=80, deadline=None)
@given(BASES, COUNTS, wsd_parameters())
def test_rsqrt(bases: list[float], count: int, parameters: Parameters) -> None:
    own = {name: value for name, value in parameters.items() if name not in ("stable_fn", "decay_fn", "stable_power")}
    check("rsqrt", bases, count, **own)


LONG: dict[str, Parameters] = {
    "cosine": {"t_initial": 1000, "cycle_mul": 2.0, "cycle_limit": 3, "cycle_decay": 0.5},
    "poly": {"t_initial": 6000, "warmup_prefix": True},
    "tanh": {"t_initial": 6000},
    "step": {"decay_t": 900, "decay_rate": 0.7},
    "multistep": {"decay_t": [3000, 5000], "decay_rate": 0.1},
    "wsd": {"t_initial": 5500, "decay_t": 1000},
    "rsqrt": {"t_initial": 5500, "decay_t": 1000},
}


@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_over_a_long_run(name: str) -> None:
    check(name, [3e-4, 1e-3], 7000, warmup_t=500, warmup_lr_init=1e-6, **LONG.get(name, {}))


@pytest.mark.parametrize(("growth", "first"), [(3, 2), (1.5, 16)])
def test_restarts_are_missed_where_it_is_said(growth: float, first: int) -> None:
    parameters = {"t_initial": first, "cycle_mul": growth, "cycle_limit": 9}
    real = timm_rates("cosine", 1.0, 260, **parameters)
    missed = missed_restarts(260, parameters)
    assert missed
    assert np.flatnonzero(real == 0).tolist() == list(missed)


def test_a_decay_function_of_ones_own_is_a_formula() -> None:
    real = timm_rates("wsd", 0.1, 25, t_initial=20, decay_t=8, decay_fn=lambda x: (1 - x) ** 3)
    cubic = Expression("(1 - min(progress, 1)) ** 3")
    assert_same(real, in_turn(part(Constant(1.0), 12), part(cubic, 8), last=Constant(0.0)), 0.1)
