"""Every scheduler of transformers against its recipe, update by update, over horizons before and past its end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import transformers_recipes as recipes
from peers.comparison import assert_same
from peers.reference import transformers_rates

pytestmark = pytest.mark.peers

BASES = st.sampled_from([[1.0], [0.1, 0.03], [3e-4, 1.0]])
FRACTIONS = st.one_of(st.sampled_from([0.0, 1e-3, 0.1, 1.0]), st.floats(0, 1))
CYCLES = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5, 7.0, -0.5]), st.floats(0.01, 12))
CURVES = st.sampled_from(["linear", "cosine", "1-sqrt"])

Horizon = tuple[int, int, int]


@st.composite
def horizons(draw: st.DrawFn) -> Horizon:
    """Steps of warm-up, steps of training, updates made; the warm-up may last longer than the training."""
    total = draw(st.one_of(st.sampled_from([1, 2, 10]), st.integers(1, 60)))
    warmup = draw(st.one_of(st.sampled_from([0, 1, total - 1, total]), st.integers(0, total + 4)))
    count = draw(st.one_of(st.sampled_from([total, total + 1, total + 2]), st.integers(2, 3 * total + 10)))
    return warmup, total, max(count, 2)


def one_of_two(draw: st.DrawFn, lr: float) -> dict[str, float]:
    """`min_lr` or `min_lr_rate`, at times above the rate itself."""
    rate = draw(st.one_of(FRACTIONS, st.just(1.5)))
    return {"min_lr_rate": rate} if draw(st.booleans()) else {"min_lr": rate * lr}


def check(name: str, bases: list[float], horizon: Horizon, count: int | None = None, **specific: Any) -> None:
    """Up to `count` updates, or as many as the horizon has."""
    warmup, total, made = horizon
    steps = {"num_warmup_steps": warmup, "num_training_steps": total}
    real = transformers_rates(name, bases, max(min(made, count or made), 1), **steps, **specific)
    assert_same(real, recipes.RECIPES[name](lr=bases[0], **steps, **specific), bases)


def end_of_cosine(horizon: Horizon) -> int:
    """The first update past which cosines rise again in transformers, and ours holds."""
    warmup, total, _ = horizon
    return warmup + recipes.decay_steps(warmup, total)


def test_there_is_a_recipe_for_each_type() -> None:
    types = pytest.importorskip("transformers.trainer_utils").SchedulerType
    assert {kind.value for kind in types} == set(recipes.RECIPES)


@pytest.mark.parametrize("name", ["linear", "constant", "constant_with_warmup"])
@settings(max_examples=80, deadline=None)
@given(horizon=horizons(), bases=BASES)
def test_without_parameters_of_their_own(name: str, horizon: Horizon, bases: list[float]) -> None:
    check(name, bases, horizon)


@settings(max_examples=100, deadline=None)
@given(horizons(), BASES, CYCLES)
def test_cosine(horizon: Horizon, bases: list[float], num_cycles: float) -> None:
    check("cosine", bases, horizon, end_of_cosine(horizon) + 1, num_cycles=num_cycles)


@settings(max_examples=100, deadline=None)
@given(horizons(), BASES, st.integers(0, 12))
def test_cosine_with_restarts(horizon: Horizon, bases: list[float], num_cycles: int) -> None:
    check("cosine_with_restarts", bases, horizon, num_cycles=num_cycles)


@settings(max_examples=100, deadline=None)
@given(
    horizons().filter(lambda horizon: horizon[0] != horizon[1]),
    BASES,
    st.one_of(st.sampled_from([0.0, 1e-7]), st.floats(0, 0.99)),
    st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.floats(0.1, 10)),
)
def test_polynomial(horizon: Horizon, bases: list[float], end: float, power: float) -> None:
    check("polynomial", bases, horizon, lr_end=end * bases[0], power=power)


@settings(max_examples=100, deadline=None)
@given(horizons(), BASES, st.one_of(st.none(), st.sampled_from([1, 100_000]), st.integers(1, 200)))
def test_inverse_sqrt(horizon: Horizon, bases: list[float], timescale: int | None) -> None:
    check("inverse_sqrt", bases, horizon, timescale=timescale)


@settings(max_examples=100, deadline=None)
@given(horizons(), BASES, CYCLES, st.data())
def test_cosine_with_min_lr(horizon: Horizon, bases: list[float], num_cycles: float, data: st.DataObject) -> None:
    floor = data.draw(st.composite(one_of_two)(bases[0]))
    check("cosine_with_min_lr", bases, horizon, end_of_cosine(horizon) + 1, num_cycles=num_cycles, **floor)


@settings(max_examples=150, deadline=None)
@given(horizons(), BASES, CYCLES, st.one_of(st.none(), FRACTIONS, st.just(1.5)), st.data())
def test_cosine_warmup_with_min_lr(
    horizon: Horizon, bases: list[float], num_cycles: float, start: float | None, data: st.DataObject
) -> None:
    specific = {"num_cycles": num_cycles, "warmup_lr_rate": start} | data.draw(st.composite(one_of_two)(bases[0]))
    check("cosine_warmup_with_min_lr", bases, horizon, end_of_cosine(horizon), **specific)


@settings(max_examples=250, deadline=None)
@given(
    horizons(),
    BASES,
    st.one_of(st.sampled_from([0, 1]), st.integers(0, 70)),
    st.one_of(st.none(), st.integers(0, 60)),
    CURVES,
    CURVES,
    st.one_of(FRACTIONS, st.just(1.5)),
    st.one_of(st.just(0.5), CYCLES),
)
def test_warmup_stable_decay(
    horizon: Horizon,
    bases: list[float],
    num_decay_steps: int,
    num_stable_steps: int | None,
    warmup_type: str,
    decay_type: str,
    min_lr_ratio: float,
    num_cycles: float,
) -> None:
    check(
        "warmup_stable_decay",
        bases,
        horizon,
        num_decay_steps=num_decay_steps,
        num_stable_steps=num_stable_steps,
        warmup_type=warmup_type,
        decay_type=decay_type,
        min_lr_ratio=min_lr_ratio,
        num_cycles=num_cycles,
    )


LONG = {
    "cosine_with_restarts": {"num_cycles": 5},
    "cosine_with_min_lr": {"min_lr": 1e-5},
    "cosine_warmup_with_min_lr": {"min_lr": 1e-5},
    "warmup_stable_decay": {"num_decay_steps": 1000},
}


@pytest.mark.parametrize("name", sorted(set(recipes.RECIPES) - {"reduce_lr_on_plateau", "greedy"}))
def test_over_a_long_run(name: str) -> None:
    check(name, [3e-4, 1e-3], (500, 6000, 6000), **LONG.get(name, {}))


METRICS = st.lists(
    st.one_of(st.sampled_from([-1.0, 0.0, 0.9999, 1.0, 1.0001]), st.floats(-2, 2)), min_size=2, max_size=80
)
FEW = st.integers(0, 4)
FOLLOWING = {
    "mode": st.sampled_from(["min", "max"]),
    "factor": st.sampled_from([0.1, 0.5, 0.95]),
    "patience": FEW,
    "threshold": st.sampled_from([0.0, 1e-6, 1e-4, 0.1]),
    "threshold_mode": st.sampled_from(["rel", "abs"]),
    "cooldown": FEW,
    "min_lr": st.sampled_from([0.0, 1e-3, 0.05]),
    "eps": st.sampled_from([0.0, 1e-8, 0.02]),
}
GREEDY = FOLLOWING | {
    "max_lr": st.sampled_from([0.05, 0.2, 1.0]),
    "warmup": FEW,
    "smooth": st.booleans(),
    "window_size": st.integers(1, 6),
    "reset_start": FEW,
}


@pytest.mark.parametrize(("name", "parameters"), [("reduce_lr_on_plateau", FOLLOWING), ("greedy", GREEDY)])
@settings(max_examples=120, deadline=None)
@given(metrics=METRICS, base=st.sampled_from([1.0, 0.1, 3e-4]), data=st.data())
def test_types_that_follow_a_metric(
    name: str, parameters: dict[str, Any], metrics: list[float], base: float, data: st.DataObject
) -> None:
    specific = data.draw(st.fixed_dictionaries({}, optional=parameters))
    real = transformers_rates(name, base, len(metrics) + 1, metrics=metrics, **specific)
    assert_same(real, recipes.RECIPES[name](lr=base, metrics=metrics, **specific), base)
