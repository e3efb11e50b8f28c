"""The maps between the design and what can be dragged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdesigner import edits
from lrdesigner.curves import track_values
from lrdesigner.document import Design, Group, Plan, Track
from lrdesigner.handles import base_handle, handles_of, notch, settled
from lrdesigner.schedules import Constant, Cosine, Expression, Length, Linear, Segment, Sequence, StepDecay

PLAN = Plan(epoch=45, epochs=10)
WARM_UP = Sequence((Segment(Linear(0.1, 1.0), Length(45, "steps")), Segment(Cosine())))
rates = st.floats(1e-9, 1e3)


def group_with(schedule: object, base: float = 1e-3) -> Group:
    return Group(id=7, name="head", lr=Track(base=base, schedule=schedule))  # type: ignore[arg-type]


@pytest.mark.parametrize(("schedule", "step"), [(WARM_UP, 45), (Cosine(), 0), (StepDecay(), 0), (Constant(), 225)])
def test_base_lr_handle_sits_where_the_curve_is_highest_and_in_the_middle_of_a_constant(
    schedule: object, step: int
) -> None:
    handle = base_handle(group_with(schedule), "lr", PLAN)
    assert handle is not None
    assert handle.step == step
    assert handle.value == pytest.approx(1e-3)


@given(base=rates, target=rates)
def test_dragging_never_moves_the_handle_along_the_time_axis(base: float, target: float) -> None:
    handle = base_handle(group_with(WARM_UP, base), "lr", PLAN)
    assert handle is not None
    edit = handle.moved(300, target)
    again = base_handle(group_with(WARM_UP, edit.arguments[1]), "lr", PLAN)
    assert again is not None
    assert again.step == handle.step


@pytest.mark.parametrize("factor", ["0.0", "-1.0", "0.0 * step", "log(step - step)"])
def test_a_curve_without_a_positive_factor_has_no_handle(factor: str) -> None:
    assert handles_of(group_with(Expression(factor)), "lr", PLAN) == ()


def test_steps_without_a_finite_factor_do_not_attract_the_handle() -> None:
    handle = base_handle(group_with(Expression("1 / step")), "lr", PLAN)
    assert handle is not None
    assert handle.step == 1


@given(target=rates)
def test_the_edit_of_a_move_puts_the_curve_through_the_pointer(target: float) -> None:
    handle = base_handle(group_with(Sequence((Segment(Linear(0.1, 0.5)),))), "lr", PLAN)
    assert handle is not None
    value = handle.moved(0, target, "fine").arguments[1]
    curve = track_values(Track(base=value, schedule=Linear(0.1, 0.5)), PLAN, [handle.step])
    assert curve[0] == pytest.approx(target, rel=1e-4)


def test_the_edit_of_a_move_is_applied_by_the_store_as_it_stands(design: Design) -> None:
    handle = handles_of(design.groups[0], "lr", design.plan)[0]
    edit = handle.moved(0, 0.01)
    after = edit.edit(design, *edit.arguments)
    assert after == edits.set_base_lr(design, design.groups[0].id, 0.01)
    assert edit.label == f"Base lr of {design.groups[0].name}"


@pytest.mark.parametrize(("target", "expected"), [(1e9, 1e6), (0.0, 1e-12), (-5.0, 1e-12), (float("inf"), 1e6)])
def test_a_pointer_outside_the_bounds_gives_the_nearest_value_that_may_be(target: float, expected: float) -> None:
    handle = base_handle(group_with(Constant()), "lr", PLAN)
    assert handle is not None
    assert handle.moved(0, target).arguments[1] == expected


def test_its_text_says_the_base_lr_and_the_step() -> None:
    handle = base_handle(group_with(WARM_UP, 5e-4), "lr", PLAN)
    assert handle is not None
    assert handle.text == "base lr 5e-4 · step 45"


@given(value=rates)
def test_settling_keeps_three_digits_and_snapping_gives_one_two_or_five(value: float) -> None:
    assert settled(value, "normal") == pytest.approx(value, rel=5.1e-3)
    assert settled(value, "fine") == pytest.approx(value, rel=5.1e-5)
    snapped = settled(value, "snap")
    assert f"{snapped:.3e}"[:5] in ("1.000", "2.000", "5.000")
    assert abs(np.log10(snapped / value)) <= np.log10(5 / 2) / 2 + 1e-9


@given(value=rates, precision=st.sampled_from(["normal", "fine", "snap"]))
def test_a_notch_up_is_larger_and_a_notch_down_is_smaller_but_positive(value: float, precision: str) -> None:
    up, down = notch(value, 1, precision), notch(value, -1, precision)  # type: ignore[arg-type]
    assert 0 < down < value < up
    assert up / value < 2.6
    assert value / down < 2.6


@given(value=st.floats(1e-6, 1e2))
def test_a_notch_up_and_down_again_comes_back(value: float) -> None:
    start = settled(value, "normal")
    on_grid = notch(start, 1, "normal")
    assert notch(notch(on_grid, 1, "normal"), -1, "normal") == pytest.approx(on_grid)
