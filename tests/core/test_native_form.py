"""Schedules as torch's own classes: where they draw the same, and only there; exact on resume, told why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from export_cases import CASES, steps
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import Training, plans, run_export, torch_model
from text_corpora import CLASSES, both

from lrdesigner import edits
from lrdesigner.curves import values_at
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.export import DEFAULT_OPTIONS, ExportOptions, export
from lrdesigner.export.schedule_forms import MOST_NATIVE_STEPS, chosen_form, forms_of
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import (
    REST,
    Absolute,
    Cosine,
    Length,
    Linear,
    OneCycle,
    Segment,
    Sequence,
)

NATIVE = ExportOptions(schedule_form="native")


def two_optimizers() -> Design:
    return edits.set_optimizer(edits.set_schedule(both(Cosine()), 2, OneCycle()), 2, "SGD")


def drawn(design: Design, first: int, count: int) -> np.ndarray:
    groups = (group for found in param_groups(design) for group in found)
    at = np.arange(first, first + count)
    return np.stack([values_at(group, design.plan, at)["lr"] for group in groups], axis=1)


def assert_drawn(design: Design, rates: list[list[float]], first: int = 0) -> None:
    planned = drawn(design, first, len(rates))
    bases = np.array([group.group.lr.base for found in param_groups(design) for group in found])
    assert np.max(np.abs(np.array(rates) - planned) / np.maximum(bases, planned)) <= 1e-9


@pytest.mark.torch
@pytest.mark.parametrize("name", CLASSES)
def test_a_shape_that_all_groups_share_is_the_class_of_torch_and_draws_it(name: str) -> None:
    design = both(CLASSES[name])
    text = export(design)
    assert f"return {name}(" in text
    assert "LR_FACTORS" not in text
    training = Training(design, DEFAULT_OPTIONS)
    assert type(training.pairs[0][1]).__name__ == name
    training.train(design.plan.total_steps)
    assert_drawn(design, training.rates)


@pytest.mark.torch
@settings(max_examples=25, deadline=None)
@given(st.sampled_from(list(CLASSES.values())), plans(), st.booleans(), st.data())
def test_whatever_the_form_says_it_draws_it_draws(schedule: Any, plan: Plan, alike: bool, data: st.DataObject) -> None:
    bases = (1e-3, 1e-3 if alike else data.draw(st.sampled_from([2e-3, 0.5])))
    design = edits.set_plan(both(schedule, bases), replace(plan, epochs=min(plan.epochs, 3)))
    assume(chosen_form(design, "auto").name == "native")
    training = Training(design, DEFAULT_OPTIONS)
    training.train(min(design.plan.total_steps, 400))
    assert_drawn(design, training.rates)


@pytest.mark.torch
@pytest.mark.parametrize("name", [*CLASSES, "two"])
def test_a_run_resumed_in_the_middle_is_the_same_run(name: str) -> None:
    import torch

    design = two_optimizers() if name == "two" else both(CLASSES[name])
    straight, first, second = (Training(design, NATIVE) for _ in range(3))
    straight.train(155)
    first.train(150)
    second.resume(first.checkpoint())
    second.train(5)
    assert second.rates == straight.rates[150:]
    for key, weights in second.model.state_dict().items():
        torch.testing.assert_close(weights, straight.model.state_dict()[key], rtol=0, atol=0)


@pytest.mark.torch
@pytest.mark.parametrize("name", CLASSES)
def test_edited_numbers_are_taken_from_the_saved_step_on_where_that_is_asked_for(name: str) -> None:
    old = both(CLASSES[name])
    edited = edits.set_option(both(CLASSES[name], (2e-3, 8e-3)), 2, "weight_decay", 0.25)
    before, after = Training(old, NATIVE), Training(edited, NATIVE)
    before.train(150)
    after.resume(before.checkpoint(), apply_edits=True)
    after.train(10)
    assert_drawn(edited, after.rates, first=150)
    assert after.pairs[0][0].param_groups[1]["weight_decay"] == 0.25


@pytest.mark.torch
def test_an_edited_shape_is_taken_too() -> None:
    before, after = Training(both(Cosine()), NATIVE), Training(both(Cosine(length=steps(200))), DEFAULT_OPTIONS)
    assert "T_max=200" not in export(both(Cosine(length=steps(200))))  # it would rise again within the run
    before.train(100)
    longer = edits.set_plan(both(Cosine()), Plan(90, 10))
    after = Training(longer, NATIVE)
    after.resume(before.checkpoint(), apply_edits=True)
    after.train(10)
    assert_drawn(longer, after.rates, first=100)


@pytest.mark.torch
def test_a_class_that_does_not_draw_what_was_designed_is_refused_when_it_is_made() -> None:
    exported = run_export(export(both(Cosine())).replace("T_max=450", "T_max=449"))
    optimizer = exported["build_optimizer"](torch_model(both(Cosine()).model.inventory))
    with pytest.raises(ValueError, match=r"'backbone' has lr .* at step 1, not"):
        exported["build_scheduler"](optimizer)


WARMED = Sequence((Segment(Linear(0.1, 1.0), steps(20)), Segment(Cosine(), REST)))


@pytest.mark.parametrize(
    ("design", "why"),
    [
        (demo_design(), "none draws the"),
        (edits.set_schedule(both(Cosine()), 2, Linear(1.0, 0.5)), "backbone and head have different shapes"),
        (both(Cosine(floor=0.1)), "CosineAnnealingLR has one eta_min for all groups of AdamW"),
        (both(Cosine(length=steps(200))), "CosineAnnealingLR goes on differently after step 200"),
        (both(WARMED), "none draws the sequence of backbone"),
        (CASES["thaw"], "backbone"),
        (CASES["weight_decay"], "backbone"),
        (CASES["plateau"], "a metric steers backbone"),
        (edits.set_plan(both(Cosine()), Plan(MOST_NATIVE_STEPS + 1, 1)), "the run is longer than 200,000 steps"),
    ],
)  # fmt: skip
def test_where_torch_has_no_class_functions_are_written_and_the_reason_is_told(design: Design, why: str) -> None:
    functions, native = forms_of(design)
    assert (functions.name, functions.possible, native.name, native.possible) == ("functions", True, "native", False)
    assert why in native.reason
    assert export(design) == export(design, ExportOptions(schedule_form="functions"))
    with pytest.raises(UserError, match="torch has no class for these schedules"):
        export(design, NATIVE)


def test_a_floor_that_is_the_same_rate_for_all_groups_is_native() -> None:
    assert forms_of(both(Cosine(floor=Absolute(1e-5))))[0].possible
    assert "eta_min=1e-05" in export(both(Cosine(floor=Absolute(1e-5))))


def test_a_sequence_of_one_segment_is_that_segment() -> None:
    single = Sequence((Segment(Cosine(), REST),))
    assert "CosineAnnealingLR" in forms_of(both(single))[0].title
    assert forms_of(both(Sequence((Segment(Cosine(), Length(50, "percent")),))))[0].name == "functions"


def test_functions_can_be_preferred() -> None:
    text = export(both(Cosine()), ExportOptions(schedule_form="functions"))
    assert "return LambdaLR(" in text
    assert "CosineAnnealingLR" not in text
