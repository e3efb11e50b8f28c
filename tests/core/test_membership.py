"""Membership: every trainable tensor in exactly one group, for the same reason here as in the exported code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from strategies import designs, inventories, run_export, torch_model

from lrdesigner import edits
from lrdesigner.document import Design, Group, Model, Pin, Plan, new_design
from lrdesigner.export import export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import ancestors, membership


def parameter(name: str, tied_to: str | None = None, trainable: bool = True) -> ParameterInfo:
    return ParameterInfo(name, (3,), "float32", 3, trainable, tied_to)


def design_of(parameters: Iterable[ParameterInfo], pins: dict[str, int], remainder: int = 1) -> Design:
    """Groups 1 "rest", 2 "two" and 3 "three" over modules that the parameters' names imply."""
    parameters = tuple(parameters)
    paths = {path for p in parameters for path in ancestors(p.name)} - {p.name for p in parameters}
    modules = tuple(ModuleInfo(path, "Block") for path in sorted(paths))
    return Design(
        model=Model("", {}, Inventory(modules, parameters)),
        plan=Plan(5, 2),
        groups=(Group(1, "rest"), Group(2, "two"), Group(3, "three")),
        remainder=remainder,
        pins=tuple(Pin(path, group) for path, group in sorted(pins.items())),
    )


def exported_members(design: Design, model: Any) -> dict[str, set[str]]:
    """Names of the parameters of each group, as the exported file finds them in a real model."""
    found = run_export(export(design))["group_members"](model)
    return {group: {name for name, _ in members} for group, members in found.items()}


def designed_members(design: Design) -> dict[str, set[str]]:
    members = membership(design)
    named = {group.name: {p.name for p in members.trainable(group.id)} for group in design.groups}
    return {name: found for name, found in named.items() if found}


def compiled(module: Any) -> Any:
    import torch

    wrapper = torch.nn.Module()  # as torch.compile names it, without importing torch's compiler
    wrapper.add_module("_orig_mod", module)
    return wrapper


@settings(max_examples=80, deadline=None)
@given(designs(only_members=True))
def test_every_tensor_is_in_exactly_one_group(design: Design) -> None:
    members = membership(design)
    listed = Counter(p.name for group in design.groups for p in members.members(group.id))
    assert listed == Counter(p.name for p in design.model.inventory.parameters if p.tied_to is None)
    trainable = [p for group in design.groups for p in members.trainable(group.id)]
    assert sum(p.numel for p in trainable) == design.model.inventory.trainable_parameters
    assert set(members.placements) == {p.name for p in design.model.inventory.parameters}


@settings(max_examples=100, deadline=None)
@given(designs(only_members=True))
def test_the_nearest_pin_over_all_names_of_a_tensor_decides_and_tied_names_agree(design: Design) -> None:
    placements = membership(design).placements
    pins = {pin.path: pin.group for pin in design.pins}
    names: dict[str, list[str]] = {}
    for p in design.model.inventory.parameters:
        names.setdefault(p.tied_to or p.name, []).append(p.name)
    for aliases in names.values():
        assert len({placements[alias] for alias in aliases}) == 1
        reachable = [(len(alias.split(".")) - path.count(".") - bool(path), order, path) for order, alias in
                     enumerate(aliases) for path in ancestors(alias) if path in pins]  # fmt: skip
        decided = placements[aliases[0]]
        if reachable:
            assert decided.pinned_by == min(reachable)[2]
            assert decided.group == pins[min(reachable)[2]]
        else:
            assert (decided.pinned_by, decided.group) == (None, design.remainder)


@pytest.mark.torch
@settings(max_examples=40, deadline=None)
@given(designs(only_members=True))
def test_the_exported_file_finds_the_same_members_in_the_real_model(design: Design) -> None:
    assert exported_members(design, torch_model(design.model.inventory)) == designed_members(design)


@settings(max_examples=20, deadline=None)
@given(inventories())
def test_without_pins_all_is_in_the_remainder(inventory: Inventory) -> None:
    design = new_design(Model("", {}, inventory))
    assert {p.group for p in membership(design).placements.values()} <= {design.remainder}


def test_a_pin_on_the_model_leaves_nothing_to_the_remainder() -> None:
    design = design_of([parameter("a.w"), parameter("b.w"), parameter("w")], {"": 2, "b": 3})
    assert designed_members(design) == {"two": {"a.w", "w"}, "three": {"b.w"}}


def test_a_pin_on_a_parameter_beats_one_on_its_module() -> None:
    design = design_of([parameter("a.w"), parameter("a.b")], {"a": 2, "a.b": 3})
    assert designed_members(design) == {"two": {"a.w"}, "three": {"a.b"}}


def test_a_pin_reaches_whole_components_only() -> None:
    design = design_of([parameter("layers.1.w"), parameter("layers.10.w")], {"layers.1": 2})
    assert designed_members(design) == {"two": {"layers.1.w"}, "rest": {"layers.10.w"}}


@pytest.mark.torch
@pytest.mark.parametrize(
    ("pins", "members"),
    [
        ({"emb": 2, "head": 3}, {"two": {"emb.w"}, "three": {"head.b"}}),
        ({"": 2, "head": 3}, {"three": {"emb.w", "head.b"}}),
    ],
)
def test_of_equally_near_pins_on_a_tied_tensor_the_first_name_decides(
    pins: dict[str, int], members: dict[str, set[str]]
) -> None:
    design = design_of([parameter("emb.w"), parameter("head.w", tied_to="emb.w"), parameter("head.b")], pins)
    assert designed_members(design) == members
    assert exported_members(design, torch_model(design.model.inventory)) == members


def test_frozen_parameters_have_a_group_but_are_not_trained() -> None:
    design = design_of([parameter("a.w", trainable=False), parameter("a.b")], {"a": 2})
    members = membership(design)
    assert [p.name for p in members.members(2)] == ["a.w", "a.b"]
    assert [p.name for p in members.trainable(2)] == ["a.b"]


def test_an_edit_elsewhere_gives_the_very_same_answer() -> None:
    design = design_of([parameter("a.w"), parameter("b.w")], {"a": 2})
    before = membership(design)
    assert membership(edits.set_base_lr(design, 1, 0.5)) is before
    assert membership(edits.assign(design, ["b"], 2)) is not before
    assert membership(replace(design, remainder=3)) is not before


@pytest.mark.torch
@pytest.mark.parametrize("wrapping", ["parallel", "compiled", "both"])
def test_names_behind_wrappers_are_found(wrapping: str) -> None:
    import torch

    design = design_of([parameter("enc.w"), parameter("enc.b"), parameter("head.w")], {"enc": 2, "head.w": 3})
    model = torch_model(design.model.inventory)
    if wrapping != "compiled":
        model = torch.nn.DataParallel(model)
    if wrapping != "parallel":
        model = compiled(model)
    assert any("module." in n or "_orig_mod." in n for n, _ in model.named_parameters())
    assert exported_members(design, model) == designed_members(design)


@pytest.mark.torch
def test_wrapped_submodules_are_found() -> None:
    design = design_of([parameter("enc.a.w"), parameter("enc.b.w"), parameter("head.w")], {"enc.a": 2})
    model: Any = torch_model(design.model.inventory)
    model.enc.a = compiled(model.enc.a)
    assert exported_members(design, model) == designed_members(design)


@pytest.mark.torch
def test_a_submodule_that_is_really_called_module_keeps_its_name() -> None:
    import torch

    parameters = [parameter("module.w"), parameter("head.module.w"), parameter("w")]
    design = design_of(parameters, {"module": 2, "head.module": 3})
    model: Any = torch_model(design.model.inventory)
    assert exported_members(design, model) == designed_members(design)
    assert exported_members(design, compiled(model)) == designed_members(design)
    # Which "module." is which cannot be told here, and nothing is guessed.
    with pytest.raises(ValueError, match="the model has changed"):
        run_export(export(design))["build_optimizer"](torch.nn.DataParallel(model))


@pytest.mark.torch
def test_a_tensor_tied_across_a_frozen_and_a_pinned_place_is_trained_once() -> None:
    parameters = [parameter("emb.w"), parameter("mid.w", trainable=False), parameter("head.w", tied_to="emb.w")]
    design = design_of(parameters, {"head.w": 3, "mid": 2})
    assert designed_members(design) == {"three": {"emb.w"}}
    assert exported_members(design, torch_model(design.model.inventory)) == {"three": {"emb.w"}}
