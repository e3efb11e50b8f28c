"""What an exported file builds is captured as the design that it was exported from, as far as objects tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from export_cases import CASES, MOVES, exportable_designs
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from placing_cases import CASES as PLACING_CASES
from strategies import FUNCTIONS, ruled_designs, run_export, torch_model

from lrdesigner import edits
from lrdesigner.capturing.design import Captured
from lrdesigner.capturing.live import capture_with_notes
from lrdesigner.capturing.own_code import AS_DESIGNED
from lrdesigner.curves import values_at
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Freeze, Track
from lrdesigner.export import ExportOptions, export
from lrdesigner.param_groups import steering, trained_groups
from lrdesigner.schedules import REST, Cosine, Length, Linear, Plateau

pytestmark = pytest.mark.torch


def built(text: str, design: Design) -> tuple[dict[str, Any], Any, Any, Any]:
    exported, model = run_export(text), torch_model(design.model.inventory)
    many = "s" if "build_optimizers" in exported else ""
    optimizer = exported[f"build_optimizer{many}"](model)
    return exported, model, optimizer, exported[f"build_scheduler{many}"](optimizer)


def captured(design: Design, options: ExportOptions = FUNCTIONS, **given: Any) -> Captured:
    _, model, optimizer, scheduler = built(export(design, options), design)
    return capture_with_notes(model, optimizer, scheduler, **given)


def here(design: Design) -> Design:
    """The design as objects tell it: they do not tell where the model came from, nor the order of its modules."""
    return replace(design, model=captured_model(design))


def captured_model(design: Design) -> Any:
    import torch

    model = torch_model(design.model.inventory)
    rest = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    return capture_with_notes(model, rest).design.model


def check_alike(found: Design, wanted: Design, near: float) -> None:
    """Equal in all that torch sees: param groups, members, options, and values at every step."""
    before, after = trained_groups(wanted), trained_groups(found)
    assert [part.name for part in after] == [part.name for part in before]
    steps = np.arange(wanted.plan.total_steps)
    for one, other in zip(before, after, strict=True):
        assert [p.name for p in other.parameters] == [p.name for p in one.parameters]
        assert other.group.options == one.group.options
        planned, real = values_at(one, wanted.plan, steps), values_at(other, found.plan, steps)
        assert planned.keys() == real.keys()
        for track, values in planned.items():
            assert np.abs(values - real[track]).max() <= near * max(one.group.lr.base, values.max()), (one.name, track)


@settings(max_examples=20, deadline=None)
@given(st.one_of(exportable_designs(), ruled_designs()))
def test_any_design_with_curves_comes_back_whole(design: Design) -> None:
    parts = trained_groups(design)
    assume(parts and not all(steering(part.group) for part in parts))
    found = captured(design)
    assert found.notes == (AS_DESIGNED,)
    assert found.design == here(design)


@pytest.mark.parametrize("name", ["demo", "weight_decay", "betas", "thaw", "many_freezes", "never_trains", "layered"])
def test_names_layers_moves_and_freezes_come_back_with_their_shapes(name: str) -> None:
    design = {"demo": demo_design(), **CASES, **PLACING_CASES}[name]
    found = captured(design)
    assert found.design == here(design)


def test_a_frozen_group_comes_back_while_it_needs_no_gradient() -> None:
    design = CASES["thaw"]
    exported, model, optimizer, scheduler = built(export(design, FUNCTIONS), design)
    exported["apply_freeze"](model, 0)
    assert not all(p.requires_grad for p in model.parameters())
    assert capture_with_notes(model, optimizer, scheduler).design == here(design)


def test_in_the_middle_of_a_run_the_design_is_the_same() -> None:
    design = CASES["betas"]
    _, model, optimizer, scheduler = built(export(design, FUNCTIONS), design)
    for _ in range(40):
        optimizer.step()
        scheduler.step()
    found = capture_with_notes(model, optimizer, scheduler)
    assert found.design == here(design)
    assert found.notes == (AS_DESIGNED, "The run is at step 40; the schedules were followed from step 0 on.")


def test_edited_code_is_captured_as_it_is_and_what_was_not_edited_keeps_its_shape() -> None:
    design = demo_design()
    exported, model = run_export(export(design, FUNCTIONS)), torch_model(design.model.inventory)
    original = exported["LR_FACTORS"]["head"]
    exported["EXPECTED_LR"]["head"] = {}
    # Written into the module, as an edited function would be: with the module around it.
    exec("_shape = LR_FACTORS['head']\ndef halved(step: int) -> float:\n    return 0.5 * _shape(step)\n", exported)
    exported["LR_FACTORS"]["head"] = exported["halved"]
    optimizer = exported["build_optimizer"](model)
    found = capture_with_notes(model, optimizer, exported["build_scheduler"](optimizer))
    assert AS_DESIGNED not in found.notes
    backbone, head = found.design.groups
    assert backbone.lr == design.groups[0].lr
    assert found.design.plan == design.plan
    (part,) = (one for one in trained_groups(found.design) if one.name == "head")
    steps = np.arange(450)
    wanted = [0.004 * 0.5 * original(step) for step in steps.tolist()]
    assert np.abs(values_at(part, design.plan, steps)["lr"] - wanted).max() <= 1e-4 * 0.004
    assert head.lr.schedule != design.groups[1].lr.schedule


@pytest.mark.parametrize(
    "change",
    [
        lambda scope: scope["GROUPS"][1].update(weight_decay=0.5),
        lambda scope: scope["GROUPS"][1].update(betas=(0.5, 0.999)),
        lambda scope: scope["PINS"].update({"classifier.3": "head"}),
    ],
)
def test_edited_options_and_members_are_captured_as_they_are(change: Any) -> None:
    design = demo_design()
    exported = run_export(export(design, FUNCTIONS))
    change(exported)
    exported["_check_members"] = lambda members: None
    model = torch_model(design.model.inventory)
    optimizer = exported["build_optimizer"](model)
    found = capture_with_notes(model, optimizer, exported["build_scheduler"](optimizer))
    assert AS_DESIGNED not in found.notes
    (part,) = (one for one in trained_groups(found.design) if one.name == "head")
    live = optimizer.param_groups[1]
    assert sum(p.numel for p in part.parameters) == sum(p.numel() for p in live["params"])
    options = part.group.options
    assert (options.weight_decay, options.beta1) == (live["weight_decay"], live["betas"][0])  # type: ignore[union-attr]
    assert part.group.lr == design.groups[1].lr  # which nobody edited


@pytest.mark.parametrize("data", ["", "x", "eNo=", 3])
def test_data_that_is_no_design_is_passed_over(data: object) -> None:
    design = demo_design()
    exported, model, optimizer, scheduler = built(export(design, FUNCTIONS), design)
    exported["DESIGN"] = data
    found = capture_with_notes(model, optimizer, scheduler)
    assert AS_DESIGNED not in found.notes
    check_alike(found.design, design, 1e-4)


def test_another_length_of_the_run_than_planned_is_no_design_of_that_code() -> None:
    found = captured(demo_design(), steps=100)
    assert AS_DESIGNED not in found.notes
    assert found.design.plan.total_steps == 100
    assert AS_DESIGNED not in captured(demo_design(), steps_per_epoch=9).notes
    assert captured(demo_design(), fold=False).design.groups[0].lr == demo_design().groups[0].lr


@pytest.mark.parametrize("move", [Cosine(), Linear(1.0, 0.1), MOVES[3]])
def test_classes_of_torch_come_back_by_what_they_are(move: Any) -> None:
    demo = demo_design()
    groups = tuple(replace(group, lr=Track(group.lr.base, move), follow=None) for group in demo.groups)
    design = replace(demo, groups=groups)
    options = ExportOptions(schedule_form="native")
    plan = design.plan
    found = captured(design, options, steps=plan.total_steps, steps_per_epoch=plan.steps_per_epoch).design
    assert [type(group.lr.schedule) for group in found.groups] == [type(move)] * 2
    check_alike(found, design, 1e-9)


def test_a_metric_that_steers_keeps_its_settings() -> None:
    design = CASES["plateau"]
    found = captured(design).design
    for one, other in zip(design.groups, found.groups, strict=True):
        before, after = one.lr.schedule, other.lr.schedule
        assert isinstance(before, Plateau)
        assert isinstance(after, Plateau)
        assert (after.factor, after.patience, after.threshold) == (before.factor, before.patience, before.threshold)
        assert (one.name, one.lr.base) == (other.name, other.lr.base)


def test_groups_that_differ_in_exemptions_alone_stay_apart_by_their_names() -> None:
    design = PLACING_CASES["several_exemptions"]
    assert [group.name for group in captured(design, ExportOptions()).design.groups] == [g.name for g in design.groups]


def test_a_freeze_to_the_end_is_no_less_a_freeze() -> None:
    design = edits.set_freeze(demo_design(), 2, (Freeze(Length(100, "steps"), REST),))
    assert captured(design).design.groups[1].freeze == design.groups[1].freeze
