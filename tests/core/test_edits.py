"""Edits of a design: pure, the same object when nothing changes, refused in words when out of bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import designs

from lrdesigner import edits
from lrdesigner.design_file import decode, encode
from lrdesigner.document import DecayExemption, Design, LayerDecay, Model, Pin, Plan, new_design
from lrdesigner.errors import UserError
from lrdesigner.expansion_edits import use_exemption, use_layer_decay
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import ancestors, membership
from lrdesigner.optimizers import AdamWOptions, SGDOptions
from lrdesigner.schedules import Constant, Cosine

BACKBONE = 2


def pins(design: Design) -> dict[str, int]:
    return {pin.path: pin.group for pin in design.pins}


@pytest.fixture
def tied() -> Design:
    inventory = Inventory(
        (ModuleInfo("", "GPT"), ModuleInfo("wte", "Embedding"), ModuleInfo("head", "Linear")),
        (
            ParameterInfo("wte.weight", (8,), "float32", 8, True),
            ParameterInfo("head.weight", (8,), "float32", 8, True, "wte.weight"),
            ParameterInfo("head.bias", (2,), "float32", 2, True),
        ),
    )
    return edits.add_group(new_design(Model("", {}, inventory)), "two")


NOTHING: list[Callable[[Design], Design]] = [
    lambda d: edits.assign(d, ["features"], BACKBONE),
    lambda d: edits.assign(d, [], BACKBONE),
    lambda d: edits.unpin(d, ["classifier"]),
    lambda d: edits.rename_group(d, BACKBONE, "  backbone "),
    lambda d: edits.set_colour(d, BACKBONE, d.group(BACKBONE).colour),
    lambda d: edits.move_group(d, BACKBONE, 1),
    lambda d: edits.move_group(d, BACKBONE, 99),
    lambda d: edits.set_optimizer(d, BACKBONE, "AdamW"),
    lambda d: edits.set_option(d, BACKBONE, "beta1", 0.9),
    lambda d: edits.set_base_lr(d, BACKBONE, 1e-3),
    lambda d: edits.set_schedule(d, BACKBONE, Constant()),
    lambda d: edits.set_plan(d, Plan(45, 10)),
    lambda d: edits.set_model(d, replace(d.model)),
]


@pytest.mark.parametrize("edit", NOTHING)
def test_an_edit_that_changes_nothing_returns_the_same_object(design: Design, edit: Callable[[Design], Design]) -> None:
    assert edit(design) is design


@settings(max_examples=40, deadline=None)
@given(designs(only_members=True), st.data())
def test_assigned_modules_are_in_the_group_but_for_pins_that_are_nearer(design: Design, data: st.DataObject) -> None:
    places = sorted(
        {m.path for m in design.model.inventory.modules} | {p.name for p in design.model.inventory.parameters}
    )
    paths = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3))
    group = data.draw(st.sampled_from([g.id for g in design.groups]))
    after = edits.assign(design, paths, group)
    outermost = {path for path in paths if not any(outer in paths for outer in list(ancestors(path))[1:])}
    ties = {p.name: p.tied_to or p.name for p in design.model.inventory.parameters}
    assert all(pins(after)[ties.get(path, path)] == group for path in outermost)
    untouched = {path for path in pins(design) if ties.get(path, path) not in {ties.get(o, o) for o in outermost}}
    assert {path: pins(after)[path] for path in untouched} == {path: pins(design)[path] for path in untouched}
    assert edits.assign(after, paths, group) is after
    assert after.groups is design.groups


def test_dragging_a_module_with_its_children_pins_the_module_only(design: Design) -> None:
    after = edits.assign(design, ["classifier.1.weight", "classifier", "classifier.5"], BACKBONE)
    assert pins(after) == {"classifier": BACKBONE, "features": BACKBONE}
    assert pins(edits.assign(design, ["features.0", "", "classifier"], 1)) == {"": 1, "features": BACKBONE}


def test_whichever_name_of_a_tied_tensor_is_assigned_its_first_is_pinned(tied: Design) -> None:
    assert pins(edits.assign(tied, ["head.weight"], 2)) == {"wte.weight": 2}
    assert pins(edits.assign(tied, ["head.weight", "wte.weight"], 2)) == {"wte.weight": 2}
    pinned_by_hand = replace(tied, pins=(Pin("head.weight", 2),))
    assert pins(edits.assign(pinned_by_hand, ["wte.weight"], 1)) == {"wte.weight": 1}


def test_whichever_name_of_a_tied_tensor_is_unpinned_no_name_stays_pinned(tied: Design) -> None:
    both = replace(tied, pins=(Pin("head", 1), Pin("head.weight", 2), Pin("wte.weight", 2)))
    for name in ("head.weight", "wte.weight"):
        assert pins(edits.unpin(both, [name])) == {"head": 1}


def test_what_the_model_does_not_have_cannot_be_assigned(design: Design) -> None:
    with pytest.raises(UserError, match=r"no module or parameter 'features\.9'"):
        edits.assign(design, ["features.9"], BACKBONE)


def test_a_new_group_is_like_the_remainder_with_a_free_name_and_colour(design: Design) -> None:
    design = edits.set_base_lr(edits.set_optimizer(design, 1, "SGD"), 1, 0.5)
    after = edits.add_group(design, " back\nbone ", ["classifier.5"])
    again = edits.add_group(edits.add_group(after, "backbone"), "backbone")
    new = after.groups[-1]
    assert (new.name, new.options, new.lr) == ("back bone", SGDOptions(), design.group(1).lr)
    assert pins(after)["classifier.5"] == new.id
    assert [group.name for group in again.groups[3:]] == ["backbone 2", "backbone 3"]
    assert len({group.id for group in again.groups}) == len({group.colour for group in again.groups}) == 5


def test_a_new_group_keeps_the_exemption_of_the_remainder_but_not_its_layer_decay(design: Design) -> None:
    exemption = DecayExemption(embeddings=True)
    design = use_exemption(use_layer_decay(design, design.remainder, LayerDecay(0.9)), design.remainder, exemption)
    new = edits.add_group(design, "head", ["classifier.5"]).groups[-1]
    assert (new.layer_decay, new.exempt) == (None, exemption)


def test_names_of_new_groups_fit_into_a_design_file(design: Design) -> None:
    with pytest.raises(UserError, match="60"):
        edits.add_group(design, "x" * 61)
    twice = edits.add_group(edits.add_group(design, "x" * 60), "x" * 60)
    assert decode(encode(twice), "file") == twice
    assert edits.add_group(design, "  ").groups[-1].name == "group"


def test_a_removed_group_gives_its_modules_to_outer_pins_or_the_remainder(design: Design) -> None:
    inner = edits.add_group(design, "inner", ["features.3", "classifier.5"])
    after = edits.remove_group(inner, inner.groups[-1].id)
    assert after == design
    with pytest.raises(UserError, match="takes what no other group has"):
        edits.remove_group(design, design.remainder)


def test_names_are_unique_and_not_empty(design: Design) -> None:
    assert edits.rename_group(design, BACKBONE, " a  b\n").group(BACKBONE).name == "a b"
    with pytest.raises(UserError, match="already is a group 'everything'"):
        edits.rename_group(design, BACKBONE, "everything")
    with pytest.raises(UserError, match="needs a name"):
        edits.rename_group(design, BACKBONE, " \t")
    with pytest.raises(UserError, match="60"):
        edits.rename_group(design, BACKBONE, "x" * 61)


@given(st.integers(0, 5), st.integers(0, 7))
def test_moving_keeps_the_order_of_the_others(which: int, position: int) -> None:
    design = new_design(Model())
    for _ in range(5):
        design = edits.add_group(design)
    moved = design.groups[which]
    after = edits.move_group(design, moved.id, position)
    assert after.groups[min(position, 5)] is moved
    assert [g for g in after.groups if g is not moved] == [g for g in design.groups if g is not moved]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: edits.set_base_lr(d, 1, 0.0), ("Base lr", "above 0", "not 0")),
        (lambda d: edits.set_base_lr(d, 1, 2e6), ("Base lr", "at most 1e6", "not 2e6")),
        (lambda d: edits.set_base_lr(d, 1, math.nan), ("Base lr", "must be a number", "nan")),
        (lambda d: edits.set_base_lr(d, 1, math.inf), ("Base lr", "at most 1e6", "inf")),
        (lambda d: edits.set_option(d, 1, "beta2", 1.0), ("Beta 2", "below 1", "not 1")),
        (lambda d: edits.set_option(d, 1, "weight_decay", -5e-4), ("Weight decay", "at least 0", "not -5e-4")),
        (lambda d: edits.set_plan(d, Plan(epoch=0)), ("Steps per epoch", "at least 1", "not 0")),
        (lambda d: edits.set_plan(d, Plan(epochs=10**7)), ("Epochs", "at most 1e6", "not 1e7")),
        (lambda d: edits.set_colour(d, 1, 12), ("Colour", "below 12", "not 12")),
    ],
)
def test_what_is_out_of_bounds_is_refused_with_field_bound_and_value(
    design: Design, edit: Callable[[Design], Design], words: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as caught:
        edit(design)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("value", ["0.1", None, [1.0], True])
def test_a_rate_of_the_wrong_type_is_refused(design: Design, value: Any) -> None:
    with pytest.raises(UserError):
        edits.set_base_lr(design, 1, value)


def test_a_whole_number_in_a_field_of_fractions_becomes_one(design: Design) -> None:
    after = edits.set_base_lr(design, 1, 1)
    assert isinstance(after.group(1).lr.base, float)
    assert encode(decode(encode(after), "file")) == encode(after)


def test_options_that_contradict_each_other_are_refused(design: Design) -> None:
    design = edits.set_optimizer(design, 1, "SGD")
    nesterov = edits.set_option(design, 1, "nesterov", True)
    with pytest.raises(UserError, match="momentum above 0"):
        edits.set_option(nesterov, 1, "momentum", 0.0)
    with pytest.raises(UserError, match="dampening of 0"):
        edits.set_option(nesterov, 1, "dampening", 0.5)


def test_another_optimizer_keeps_what_both_know_but_weight_decay(design: Design) -> None:
    design = edits.set_option(edits.set_option(design, 1, "beta1", 0.8), 1, "weight_decay", 0.3)
    design = edits.set_schedule(edits.set_base_lr(design, 1, 0.2), 1, Cosine())
    adam = edits.set_optimizer(design, 1, "Adam").group(1)
    assert (adam.options.beta1, adam.options.weight_decay) == (0.8, 0.0)  # type: ignore[union-attr]
    assert adam.lr is design.group(1).lr
    back = edits.set_optimizer(edits.set_optimizer(design, 1, "SGD"), 1, "AdamW")
    assert back.group(1).options == AdamWOptions()


def test_parts_that_an_edit_does_not_touch_keep_their_identity(design: Design) -> None:
    after = edits.set_option(edits.rename_group(design, BACKBONE, "body"), BACKBONE, "eps", 1e-6)
    assert after.group(BACKBONE).lr is design.group(BACKBONE).lr
    assert after.group(1) is design.group(1)
    assert (after.model, after.plan, after.pins) == (design.model, design.plan, design.pins)
    assert after.model is design.model


def test_another_model_keeps_all_pins_and_those_on_names_that_are_gone_reach_nothing(
    design: Design, lenet_inventory: Inventory
) -> None:
    design = edits.assign(design, ["classifier.5", "classifier.1.bias"], BACKBONE)
    gone = {"classifier.5", "classifier.1.bias"}
    smaller = Inventory(
        modules=tuple(m for m in lenet_inventory.modules if m.path not in gone),
        parameters=tuple(p for p in lenet_inventory.parameters if not any(a in gone for a in ancestors(p.name))),
    )
    after = edits.set_model(design, Model("other.py:Net", {}, smaller))
    assert pins(after) == pins(design)
    assert {found.pinned_by for found in membership(after).placements.values()} <= {None, "features"}
    assert set(membership(after).placements) == {p.name for p in smaller.parameters}
    assert after.groups is design.groups
