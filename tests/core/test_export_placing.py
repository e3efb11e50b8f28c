"""Exported files put every parameter of a live model into the param group that the design says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from placing_cases import CASES, design_of, ruled
from strategies import lengths, ruled_designs, run_export, torch_model, with_something_to_train

from lrdesigner.curves import track_factors, values_at
from lrdesigner.design_file import decode, encode
from lrdesigner.document import Design, Freeze
from lrdesigner.export import export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import membership
from lrdesigner.param_groups import param_groups, trained_groups


def designed(design: Design) -> dict[str, list[str]]:
    """The param groups of a design with their members, and the groups that never train with theirs."""
    found = {part.name: [p.name for p in part.parameters] for part in trained_groups(design)}
    trained = {part.group.id for part in trained_groups(design)}
    others = {
        g.name: [p.name for p in membership(design).trainable(g.id)] for g in design.groups if g.id not in trained
    }
    return found | {name: members for name, members in others.items() if members}


def exported(scope: dict[str, Any], model: Any) -> dict[str, list[str]]:
    return {name: [n for n, _ in members] for name, members in scope["group_members"](model).items()}


def wrapped(model: Any) -> Any:
    """As torch.compile and DataParallel wrap a model, one around the other."""
    import torch

    outer = type("OptimizedModule", (torch.nn.Module,), {})()
    outer.add_module("_orig_mod", model)
    return torch.nn.DataParallel(outer)


@pytest.mark.torch
def test_a_module_called_like_a_wrapper_is_not_taken_for_one() -> None:
    modules = (ModuleInfo("", "Block"), ModuleInfo("module", "LayerNorm"), ModuleInfo("last", "Block"))
    inventory = Inventory(modules, (ParameterInfo("last.weight", (2,), "float32", 2, True, None),))
    design = ruled(design_of(inventory, "b"), [("b", "!type:norm")])
    assert exported(run_export(export(design)), torch_model(inventory)) == {"b": ["last.weight"]}


@pytest.mark.torch
@settings(max_examples=80, deadline=None)
@given(ruled_designs(only_members=True))
def test_the_file_finds_the_members_that_were_designed(design: Design) -> None:
    scope, model = run_export(export(design)), torch_model(design.model.inventory)
    assert exported(scope, model) == designed(design)
    held = Counter(name for members in exported(scope, model).values() for name in members)
    assert held == Counter(p.name for p in design.model.inventory.parameters if p.trainable and p.tied_to is None)
    inventory = design.model.inventory
    places = [*(p.name for p in inventory.parameters), *(module.path for module in inventory.modules)]
    if "module" not in {part for place in places for part in place.split(".")}:
        assert exported(scope, wrapped(model)) == designed(design)


@pytest.mark.torch
@settings(max_examples=30, deadline=None)
@given(ruled_designs(only_members=True), st.data())
def test_membership_and_gradients_are_as_designed_while_groups_freeze(design: Design, data: st.DataObject) -> None:
    freezes = st.lists(st.builds(Freeze, lengths().filter(lambda length: length.unit != "rest"), lengths()), max_size=2)
    groups = tuple(replace(group, freeze=tuple(data.draw(freezes))) for group in design.groups)
    design = with_something_to_train(replace(design, groups=groups))
    scope, model = run_export(export(design)), torch_model(design.model.inventory)
    for step in (0, data.draw(st.integers(0, design.plan.total_steps)), design.plan.total_steps):
        if "apply_freeze" in scope:
            scope["apply_freeze"](model, step)
        assert exported(scope, model) == designed(design)


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_the_cases_are_found_as_designed(name: str) -> None:
    design = CASES[name]
    scope, model = run_export(export(design)), torch_model(design.model.inventory)
    assert exported(scope, model) == designed(design)
    assert exported(scope, wrapped(model)) == designed(design)
    assert (
        any(part.name != part.group.name for part in trained_groups(design)) or "_rule" in scope or "_refusing" in scope
    )


@settings(max_examples=30, deadline=None)
@given(ruled_designs())
def test_every_tensor_is_in_exactly_one_param_group_and_names_are_unique(design: Design) -> None:
    parts = trained_groups(design)
    held = Counter(p.name for part in parts for p in part.parameters)
    assert held == Counter(p.name for p in design.model.inventory.parameters if p.trainable and p.tied_to is None)
    assert len({part.name for part in parts}) == len(parts)
    assert {part.name for part in parts} == {part.name for found in param_groups(design) for part in found}


@settings(max_examples=30, deadline=None)
@given(ruled_designs(), st.data())
def test_curves_of_layers_are_base_times_scale_times_factor(design: Design, data: st.DataObject) -> None:
    steps = np.array(data.draw(st.lists(st.integers(0, design.plan.total_steps), min_size=1, max_size=5)))
    for part in trained_groups(design):
        group = design.group(part.group.id)
        assert part.group.lr.base == pytest.approx(group.lr.base * part.scale, rel=1e-12)
        factors = track_factors(part.group.lr, design.plan, steps)
        np.testing.assert_allclose(values_at(part, design.plan, steps)["lr"], part.group.lr.base * factors, rtol=1e-15)
        if part.exempt:
            assert not values_at(part, design.plan, steps)["weight_decay"].any()


@settings(max_examples=20, deadline=None)
@given(ruled_designs())
def test_a_design_is_read_as_it_was_written(design: Design) -> None:
    again = decode(encode(design), "file")
    assert again == design
    assert np.array_equal(membership(again).owners, membership(design).owners)
