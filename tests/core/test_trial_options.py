from __future__ import annotations

from dataclasses import fields

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner.child.plan_walk import plan_walk
from lrdesigner.child.trial_settings import TrialSettings, settings_of
from lrdesigner.demos import demo_design
from lrdesigner.errors import UserError
from lrdesigner.proof import checked_options
from lrdesigner.trials.options import RangeOptions, TrialOptions


def test_the_childs_side_has_the_same_options_with_the_same_defaults() -> None:
    assert msgspec.to_builtins(TrialOptions()) == {field.name: field.default for field in fields(TrialSettings)}


def test_options_come_to_the_child_as_they_are() -> None:
    wanted = TrialOptions(steps=7, whole=True, precision="bfloat16", clip=0.5, seed=3)
    found = settings_of({"options": msgspec.to_builtins(wanted)})
    assert {field.name: getattr(found, field.name) for field in fields(found)} == msgspec.to_builtins(wanted)


@given(total=st.integers(1, 10**7), updates=st.integers(1, 10**4))
def test_a_compressed_trial_goes_from_the_first_step_to_the_end_without_going_back(total: int, updates: int) -> None:
    walk = plan_walk(total, updates, 0, whole=True)
    assert walk.step(0) == 0
    assert walk.step(walk.updates) == total
    assert walk.step(walk.updates - 1) < total
    assert all(0 <= walk.step(u + 1) - walk.step(u) <= total // updates + 1 for u in range(0, updates, 97))


@given(total=st.integers(1, 10**7), start=st.integers(0, 10**7), steps=st.none() | st.integers(1, 10**7))
def test_a_true_scale_trial_has_the_plans_own_steps_and_ends_with_the_plan(
    total: int, start: int, steps: int | None
) -> None:
    start = min(start, total - 1)
    walk = plan_walk(total, steps, start, whole=False)
    assert walk.step(0) == start
    assert walk.step(walk.updates - 1) == min(start + (steps or total), total) - 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (TrialOptions(start=450), "steps 0 to 449: a trial cannot begin at 450"),
        (TrialOptions(start=400, steps=51), "between 1 and 50, not 51"),
        (TrialOptions(weights="no_such.pt"), "The checkpoint no_such.pt does not exist"),
        (TrialOptions(data="numbers.csv"), "'numbers.csv' is no data"),
        (TrialOptions(data="no_such.py:batches"), "no_such.py does not exist"),
    ],
)
def test_options_that_the_design_has_no_trial_for_are_refused(options: TrialOptions, told: str) -> None:
    with pytest.raises(UserError, match=told):
        checked_options(demo_design(), options)


def test_a_compressed_trial_may_have_any_number_of_updates() -> None:
    options = TrialOptions(whole=True, steps=10_000)
    assert checked_options(demo_design(), options) == options


@pytest.mark.parametrize("given", [{"whole": True, "start": 3}, {"sharded": True}, {"steps": 0}, {"clip": -1.0}])
def test_options_that_contradict_each_other_cannot_be_read(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, TrialOptions)


def test_a_range_must_grow() -> None:
    with pytest.raises(UserError, match="must grow"):
        replace(RangeOptions(), low=10.0, high=1.0)
