"""A factor multiplied at every step: torch's MultiplicativeLR, without going through the run for each value."""

from __future__ import annotations

import itertools
import math
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import plans

from lrdesigner.curves import first_impossible, track_factors
from lrdesigner.document import Group, Plan, Track
from lrdesigner.errors import InvalidValueError, UserError
from lrdesigner.export.factor_functions import factor_functions
from lrdesigner.param_groups import ParamGroup
from lrdesigner.plot_points import plot_points
from lrdesigner.schedules import (
    REST,
    Clamp,
    Exponential,
    Length,
    Linear,
    Multiplicative,
    Repeat,
    Segment,
    Sequence,
    Span,
    factors,
    shape_of,
)
from lrdesigner.schedules.running_products import MOST_MULTIPLIED
from lrdesigner.tracks import Lane

STEADY = ("0.999", "1 - 1 / 300", "1", "1.01")
VARYING = (
    "0.5 if step % 30 == 0 else 1",
    "0.99 ** epoch",
    "1 - 0.01 * progress",
    "1 + 0.02 * cos(step)",
    "0.9 if 5 <= step < 9 else 1 + 1e-3 / step",
    "exp(-step / 1e4)",
    "max(1 - step / 700, 0)",
)
HORIZONS = 3


def formulas() -> st.SearchStrategy[str]:
    return st.sampled_from(STEADY + VARYING)


def steps(count: float) -> Length:
    return Length(float(count), "steps")


def exported(schedule: Any, plan: Plan) -> tuple[Any, str]:
    group = Group(1, "head", lr=Track(0.1, schedule))
    functions, names = factor_functions([ParamGroup("head", group, ())], plan)
    scope: dict[str, Any] = {"math": math, "itertools": itertools, "operator": operator}
    scope["TOTAL_STEPS"] = plan.total_steps
    exec(functions[0].source, scope)
    return scope[names["head", "lr"]], functions[0].source


@pytest.mark.torch
@settings(max_examples=60, deadline=None)
@given(formulas(), plans(), st.sampled_from([1.0, 0.1, 3e-4]))
def test_it_is_torchs_multiplicative_over_several_horizons(formula: str, plan: Plan, base_lr: float) -> None:
    import torch

    node = Multiplicative(formula)
    form = shape_of(node).torch_form(node, plan.span)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base_lr)
    scheduler = getattr(torch.optim.lr_scheduler, form.name)(optimizer, **form.arguments)
    real = []
    for _ in range(HORIZONS * plan.total_steps):
        real.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    designed = base_lr * factors(node, np.arange(len(real)), plan.span)
    assert (np.abs(np.array(real) - designed) <= 1e-9 * np.maximum(base_lr, designed)).all()


def test_it_is_the_product_from_step_1_on_of_the_formula_at_each_step() -> None:
    found = factors(Multiplicative("1 + step / 10"), [0, 1, 2, 3], Span(10, 10, 5))
    assert found.tolist() == [1.0, 1.1, 1.1 * 1.2, 1.1 * 1.2 * 1.3]


@settings(max_examples=60, deadline=None)
@given(formulas(), st.permutations(range(400)), st.integers(1, 90))
def test_it_is_the_same_in_any_order_in_chunks_and_one_by_one(formula: str, order: list[int], size: int) -> None:
    node, span = Multiplicative(formula), Span(150, 300, 20)
    at_once = factors(node, np.arange(400), span)
    assert factors(node, np.array(order), span).tobytes() == at_once[order].tobytes()
    chunks = np.split(np.arange(400), range(size, 400, size))
    assert np.concatenate([factors(node, chunk, span) for chunk in chunks]).tobytes() == at_once.tobytes()
    alone = np.array([factors(node, step, span) for step in range(0, 400, 37)])
    assert alone.tobytes() == at_once[::37].tobytes()
    assert factors(node, np.array(order).reshape(20, 20), span).tobytes() == at_once[order].tobytes()


@pytest.mark.parametrize("formula", VARYING)
def test_far_into_a_long_run_it_is_the_same_as_when_every_step_is_asked_for(formula: str) -> None:
    node, span = Multiplicative(formula), Span(300_000, 300_000, 1000)
    every = factors(node, np.arange(300_001), span)
    some = np.array([299_999, 5, 150_000, 31, 32, 33, 300_000, 0])
    assert factors(node, some, span).tobytes() == every[some].tobytes()


def test_the_base_value_and_what_the_formula_does_not_use_change_nothing() -> None:
    node, at = Multiplicative("1 - 1 / (step + 9)"), np.arange(100)
    plain = factors(node, at, Span(100, 100, 10))
    assert factors(node, at, Span(300, 500, 7, base=0.1)).tobytes() == plain.tobytes()


@settings(max_examples=60, deadline=None)
@given(formulas(), plans())
def test_the_exported_function_equals_the_curve_at_every_step(formula: str, plan: Plan) -> None:
    schedules = (
        Multiplicative(formula),
        Sequence((Segment(Linear(), steps(7)), Segment(Multiplicative(formula), REST, skip=steps(20)))),
        Clamp(Sequence((Segment(Multiplicative(formula), steps(12)), Segment(Multiplicative(formula), REST)))),
        Repeat(Multiplicative(formula), steps(13), decay=0.5),
        Repeat(Multiplicative(formula), steps(13), growth=1.5),
    )
    every = np.arange(-2, plan.total_steps + 3)
    for schedule in schedules:
        function, _ = exported(schedule, plan)
        expected = track_factors(Track(0.1, schedule), plan, every).tolist()
        assert [function(step) for step in every.tolist()] == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_a_formula_that_is_a_number_is_written_as_a_power() -> None:
    _, source = exported(Multiplicative("1 - 1/1000"), Plan(10**7, 10))
    assert source.endswith("return 0.999**step")


def test_one_that_varies_is_written_as_a_table_as_long_as_it_is_asked_for() -> None:
    schedule = Sequence((Segment(Multiplicative("1 / (1 + 1 / step)"), steps(50)), Segment(Exponential())))
    _, source = exported(schedule, Plan(100, 10))
    assert "for step in range(1, 50))" in source
    assert source.count("return HEAD_LR_FACTOR_TABLE_1[step]") == 1
    # Beyond the segment the formula would divide by 0; nobody asks it there.
    function, _ = exported(
        Sequence((Segment(Multiplicative("1 - 1 / (99 - step)"), steps(50)), Segment(Linear()))), Plan(200)
    )
    assert function(49) == pytest.approx(49 / 98)


def test_a_table_that_would_be_too_long_is_refused_in_a_sentence() -> None:
    with pytest.raises(UserError, match=r"the code would have to work out 3,000,001 products.*use an exponential"):
        exported(Multiplicative("0.5 if step == 9 else 1"), Plan(3_000_001, 1))


@pytest.mark.parametrize(
    ("formula", "step", "value"),
    [
        ("0.12 - step / 20", 3, -0.000042),
        ("1 / abs(step - 5)", 5, math.nan),
        ("1 / 0", 1, math.nan),
        ("-0.5", 1, -0.5),
        ("10.0 ** step", 25, math.nan),
        ("2", 1024, math.nan),
    ],
)
def test_what_no_rate_can_be_is_found_at_its_step_and_not_exported(formula: str, step: int, value: float) -> None:
    track, plan = Track(0.1, Multiplicative(formula)), Plan(1100, 1)
    found = first_impossible(track, plan)
    assert found is not None
    assert found == pytest.approx((step, value), nan_ok=True)
    with pytest.raises(UserError, match=f"step {step:,}"):
        exported(track.schedule, plan)


def test_a_formula_that_gives_0_stays_there() -> None:
    assert factors(Multiplicative("max(1 - step / 4, 0)"), [3, 4, 5, 1000], Span(9, 9, 9)).tolist() == [
        0.75 * 0.5 * 0.25,
        0.0,
        0.0,
        0.0,
    ]


def test_beyond_the_longest_product_it_is_no_number() -> None:
    node, span = Multiplicative("1 if step else 2"), Span(10**12, 10**12, 10**6)
    found = factors(node, [0, MOST_MULTIPLIED, MOST_MULTIPLIED + 1, 10**12], span)
    assert found[:2].tolist() == [1.0, 1.0]
    assert np.isnan(found[2:]).all()


def test_the_plot_of_a_long_run_has_its_epochs_and_looks_between_its_columns_only_if_it_turns() -> None:
    plan = Plan(1000, 1000)
    falls = plot_points(Lane(Track(0.1, Multiplicative("0.5 if step % 30000 == 0 else 1"))), plan, 0, plan.total_steps)
    assert len(falls.steps) == 2001
    epochs = plot_points(Lane(Track(0.1, Multiplicative("0.9999 ** (epoch / 1000)"))), plan, 0, plan.total_steps)
    assert set(range(1000, 1_000_000, 1000)) <= set(epochs.steps.tolist())
    turning = Track(0.1, Multiplicative("1.5 if step % 7 == 1 else 1 / 1.5 if step % 7 == 4 else 1"))
    turns = plot_points(Lane(turning), plan, 0, plan.total_steps)
    assert turns.values.max() == pytest.approx(0.15)
    assert turns.values.min() == pytest.approx(0.1)


@pytest.mark.parametrize("formula", ["", "lr * 0.9", "0.9 **", "open('x')"])
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(InvalidValueError):
        Multiplicative(formula)


def test_it_says_in_words_what_it_is_without_a_persons_comments() -> None:
    node = Multiplicative("0.5 if step%30==0 else 1 # halved")
    assert shape_of(node).describe(node, Span(9, 9, 9)) == "times 0.5 if step % 30 == 0 else 1 at every step"


def test_equal_formulas_of_equal_runs_have_equal_torch_forms() -> None:
    node, span = Multiplicative("0.99 ** epoch"), Span(100, 100, 10)
    shape = shape_of(node)
    assert shape.torch_form(node, span) == shape.torch_form(Multiplicative("0.99 ** epoch"), Span(100, 100, 10))
    assert shape.torch_form(node, span).arguments["lr_lambda"](25) == pytest.approx(0.99**2)
