"""Findings about groups, rules, pins, layers and weight decay: said once, and gone after the fix."""

from __future__ import annotations

from typing import Any

import pytest
from group_strategies import grouped_designs
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from preset_models import MODELS, bert, design_for, gpt2, inventory_of, linear, resnet, settings_of, vit
from strategies import designs

from lrdesigner import edits
from lrdesigner.document import Batches, DecayExemption, Design, Freeze, LayerDecay, Pin, Plan
from lrdesigner.errors import UserError
from lrdesigner.expansion_edits import set_exemption, set_layer_decay, use_layer_decay
from lrdesigner.findings import Finding, check
from lrdesigner.following import follow
from lrdesigner.group_merging import merge_groups
from lrdesigner.inventory import Inventory
from lrdesigner.membership import membership
from lrdesigner.param_groups import param_groups
from lrdesigner.presets import PRESETS, preset_named
from lrdesigner.rule_edits import add_rule
from lrdesigner.schedules import Absolute, Cosine, Length, Linear


def named(design: Design, code: str) -> list[Finding]:
    return [finding for finding in check(design) if finding.code == code]


def the(design: Design, code: str) -> Finding:
    (finding,) = named(design, code)
    return finding


def repaired(design: Design, code: str) -> Design:
    finding = the(design, code)
    assert finding.fix is not None
    fixed = finding.fix.edit(design)
    assert not named(fixed, code)
    return fixed


def grouped(inventory: Inventory, *names: str) -> tuple[Design, list[int]]:
    """A design with exempt norms and these groups, empty."""
    design = set_exemption(design_for(inventory), 1)
    for name in names:
        design = edits.add_group(design, name)
    return design, [group.id for group in design.groups[1:]]


# How much is said.


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_of_a_fresh_design_of_a_usual_model_little_is_said(model: Any) -> None:
    assert len(check(design_for(model()))) <= 1


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_a_preset_leaves_little_to_say(model: Any) -> None:
    for preset in PRESETS:
        if preset.fits(model()) is None:
            found = check(preset.apply(design_for(model())))
            assert len(found) <= 3, preset.id
            assert not [finding for finding in found if finding.severity == "error"]


# Rules.


def test_a_rule_that_fits_nothing_is_told_and_removed() -> None:
    design, (one,) = grouped(bert(), "one")
    design = add_rule(add_rule(design, one, "classifier"), one, "decoder")
    finding = the(design, "rule-matches-nothing")
    assert (finding.severity, finding.where, finding.group) == ("warning", "rule decoder", one)
    assert finding.message == "Nothing in the model fits decoder."
    assert [rule.where for rule in repaired(design, "rule-matches-nothing").rules] == ["classifier"]


def test_many_such_rules_are_one_finding() -> None:
    design, (one,) = grouped(bert(), "one")
    design = add_rule(design, one, "classifier")
    for number in range(5):
        design = add_rule(design, one, f"nothing{number}")
    assert the(design, "rule-matches-nothing").message == "Nothing in the model fits nothing0; so do 4 more."
    assert len(repaired(design, "rule-matches-nothing").rules) == 1


def test_a_rule_below_a_wider_one_can_be_moved_above_it() -> None:
    design, (one, two) = grouped(bert(), "one", "two")
    design = add_rule(add_rule(design, one, "encoder"), two, "layer.2")
    finding = the(design, "rule-shadowed")
    assert finding.message == "It decides nothing: all that it fits is taken by rule 'encoder'."
    assert finding.fix is not None
    assert finding.fix.label == "Move layer.2 above encoder"
    fixed = repaired(design, "rule-shadowed")
    assert [rule.where for rule in fixed.rules] == ["layer.2", "encoder"]
    assert "group-empty" not in [finding.code for finding in check(fixed)]


def test_a_rule_that_pins_leave_nothing_is_removed() -> None:
    design, (one, two) = grouped(bert(), "one", "two")
    design = add_rule(edits.assign(design, ["classifier"], one), two, "classifier")
    assert "taken by pins" in the(design, "rule-shadowed").message
    assert repaired(design, "rule-shadowed").rules == ()


def test_two_equal_rules_do_not_change_places_for_ever() -> None:
    design, (one, two) = grouped(bert(), "one", "two")
    design = add_rule(add_rule(design, one, "classifier"), two, "classifier", "same")
    assert [rule.name for rule in repaired(design, "rule-shadowed").rules] == ["classifier"]


# Pins.


def test_a_lost_pin_names_what_looks_like_it() -> None:
    design, (one,) = grouped(bert(), "one")
    design = replace(design, pins=(Pin("bert.encoder.layers.0.output", one), Pin("classifier", one)))
    finding = the(design, "pin-lost")
    assert (finding.severity, finding.where) == ("warning", "one")
    assert "there is bert.encoder.layer.0.output" in finding.message
    assert [pin.path for pin in repaired(design, "pin-lost").pins] == ["classifier"]


def test_names_of_one_tensor_that_are_pinned_apart_are_settled_where_the_tensor_is() -> None:
    design, (one, two) = grouped(gpt2(), "one", "two")
    apart = edits.assign(edits.assign(design, ["transformer"], one), ["lm_head"], two)
    finding = the(apart, "pins-disagree")
    assert finding.message.startswith("transformer.wte.weight and lm_head.weight are one tensor")
    assert finding.where == "two"
    fixed = repaired(apart, "pins-disagree")
    assert membership(fixed).placements == membership(apart).placements | {
        name: membership(fixed).placements[name] for name in ("transformer.wte.weight", "lm_head.weight")
    }
    assert membership(fixed).placements["transformer.wte.weight"].group == two
    same = edits.assign(edits.assign(design, ["transformer"], one), ["lm_head"], one)
    assert not named(same, "pins-disagree")


# Weight decay.


def test_norms_with_weight_decay_are_counted_and_freed() -> None:
    design = edits.add_group(design_for(vit(2)), "head", ["head", "norm"])
    finding = the(design, "decay-on-norms")
    assert finding.severity == "warning"
    assert finding.where == "everything and 1 more"
    assert finding.message == "5 norms or other 1-D parameters and 15 biases have weight decay, which pulls them to 0."
    decays = {name for name, (_, decay) in settings_of(repaired(design, "decay-on-norms")).items() if decay}
    assert not [name for name in decays if "norm" in name or name.endswith("bias")]


def test_biases_alone_are_not_worth_a_word(plain_design: Design) -> None:
    assert check(plain_design) == ()


def test_an_exemption_that_leaves_out_norms_is_completed_and_keeps_the_rest() -> None:
    design = set_exemption(design_for(vit()), 1, norm=False, one_dimensional=False, where="*pos_embed")
    fixed = repaired(design, "decay-on-norms")
    assert fixed.groups[0].exempt == DecayExemption(where="*pos_embed")


def test_hidden_weights_without_decay_beside_others_are_told() -> None:
    design, (one,) = grouped(vit(), "one")
    design = edits.set_option(edits.assign(design, ["blocks.0"], one), one, "weight_decay", 0.0)
    finding = the(design, "weights-without-decay")
    assert (finding.severity, finding.where) == ("info", "one")
    assert finding.message == "4 hidden weights in it have no weight decay, others have."
    assert not named(edits.set_optimizer(design, one, "SGD"), "weights-without-decay")
    assert not named(edits.assign(edits.unpin(design, ["blocks.0"]), ["head"], one), "weights-without-decay")


def test_rates_that_make_decoupled_decay_differ_are_told() -> None:
    design, (one,) = grouped(vit(), "one")
    design = edits.assign(design, ["head"], one)
    assert not named(edits.set_base_lr(design, one, 1e-2), "decay-differs")
    finding = the(edits.set_base_lr(design, one, 0.1), "decay-differs")
    assert finding.message == ("Its weights shrink by lr × weight decay = 0.001 a step, those of everything by 1e-5.")
    assert not named(edits.set_optimizer(edits.set_base_lr(design, one, 0.1), one, "SGD"), "decay-differs")


# Layers.


def test_layer_decay_without_layers_says_how_to_tell_them() -> None:
    entries = [linear("first", 4, 4), linear("second", 4, 4)]
    design = use_layer_decay(set_exemption(design_for(inventory_of("Net", entries)), 1), 1, LayerDecay())
    assert "as in blocks.#" in the(design, "layers-not-found").message
    assert repaired(design, "layers-not-found").groups[0].layer_decay is None


def test_a_pattern_of_layers_that_fits_nothing_can_be_found_out() -> None:
    design = set_layer_decay(set_exemption(design_for(vit()), 1), 1, layers="encoder.#")
    assert the(design, "layers-fit-nothing").message == (
        "No name in it has layers as encoder.# says, so layer decay does nothing."
    )
    decay = repaired(design, "layers-fit-nothing").groups[0].layer_decay
    assert decay is not None
    assert decay.layers == ""


def test_a_rate_that_has_all_but_vanished_at_the_bottom_is_told() -> None:
    design = set_layer_decay(set_exemption(design_for(vit(6)), 1), 1, factor=0.3)
    finding = the(design, "layer-rate-tiny")
    assert finding.message == "The lowest 2 layers learn at 2.187e-4 of its rate and up, and so hardly at all."
    repaired(design, "layer-rate-tiny")


def test_of_many_param_groups_the_lower_layers_can_be_made_one() -> None:
    design = set_layer_decay(set_exemption(design_for(vit(24)), 1), 1, factor=0.9)
    assert the(design, "many-param-groups").message.startswith("The optimizer has 52 param groups")
    assert len(param_groups(repaired(design, "many-param-groups"))[0]) == 30


# Groups that are alike, and merging.


def test_groups_with_the_same_settings_can_be_one() -> None:
    design, (one, two) = grouped(vit(), "one", "two")
    design = edits.assign(edits.assign(design, ["head"], one), ["blocks.0"], two)
    assert not named(design, "groups-alike")
    for group in (one, two):
        design = edits.set_base_lr(design, group, 5e-3)
    assert the(design, "groups-alike").message == "It has the settings of one throughout; one group would do."
    merged = repaired(design, "groups-alike")
    assert {pin.path: pin.group for pin in merged.pins} == {"head": one, "blocks.0": one}


def test_merging_takes_pins_rules_followers_and_the_rest_along() -> None:
    design, (one, two, three) = grouped(vit(), "one", "two", "three")
    design = add_rule(edits.assign(design, ["head"], 1), 1, "norm")
    design = follow(edits.set_base_lr(design, one, 2e-3), two, 1, 5.0)
    merged = merge_groups(design, one, 1)
    assert merged.remainder == one
    assert [(pin.path, pin.group) for pin in merged.pins] == [("head", one)]
    assert [(rule.where, rule.group) for rule in merged.rules] == [("norm", one)]
    assert merged.group(two).lr.base == 5e-3
    assert merged.group(two).follow is not None
    assert merged.group(three) == design.group(three)
    with pytest.raises(UserError, match="cannot be merged with itself"):
        merge_groups(design, one, one)


@settings(max_examples=40, deadline=None)
@given(designs(only_members=True), st.data())
def test_after_merging_every_tensor_is_where_it_was_or_in_the_other(design: Design, data: st.DataObject) -> None:
    ids = [group.id for group in design.groups]
    if len(ids) < 2:
        return
    into, gone = data.draw(st.permutations(ids))[:2]
    before, after = membership(design).placements, membership(merge_groups(design, into, gone)).placements
    assert {name: into if one.group == gone else one.group for name, one in before.items()} == {
        name: one.group for name, one in after.items()
    }


def test_the_leader_can_be_merged_into_its_follower() -> None:
    design, (one,) = grouped(vit(), "one")
    design = follow(design, one, 1, 10.0)
    merged = merge_groups(design, one, 1)
    assert [(group.name, group.follow, group.lr.base) for group in merged.groups] == [("one", None, 1e-2)]


# Muon, lazy parameters, follow, freezing.


def test_what_muon_refused_is_counted_with_where_it_went() -> None:
    design, (muon,) = grouped(vit(2), "muon")
    design = edits.assign(edits.set_optimizer(design, muon, "Muon"), ["blocks"], muon)
    finding = the(design, "muon-refused")
    assert finding.severity == "info"
    assert finding.message == (
        "Muon takes hidden matrices only: of what pins and rules give to it, 16 to everything went instead, as "
        "blocks.0.norm1.weight."
    )
    assert not named(preset_named("muon").apply(design_for(vit())), "muon-refused")


def test_an_absolute_floor_that_layers_have_in_common_is_told_and_made_a_share() -> None:
    design = use_layer_decay(design_for(vit()), 1, LayerDecay(0.5))
    design = edits.set_schedule(design, 1, Cosine(Absolute(2e-6)))
    message = the(design, "floor-absolute").message
    assert message == "Floor is 2e-6 absolute: there the layers lose the ratio of their rates."
    low = edits.set_base_lr(design, 1, 1e-5)
    assert "rates, and the lowest rises to it from 6.25e-7." in the(low, "floor-absolute").message
    assert repaired(low, "floor-absolute").group(1).lr.schedule == Cosine(0.2)
    assert not named(use_layer_decay(low, 1, None), "floor-absolute")


def test_lazy_parameters_are_told() -> None:
    inventory = vit()
    lazy = tuple(replace(p, lazy=True, shape=(), numel=0) if "head" in p.name else p for p in inventory.parameters)
    design = edits.set_model(
        design_for(inventory), replace(design_for(inventory).model, inventory=replace(inventory, parameters=lazy))
    )
    finding = the(design, "lazy-parameters")
    assert finding.severity == "warning"
    assert finding.message.startswith("head.weight and 1 more have no size before a first forward pass")


def test_an_absolute_floor_that_a_follower_does_not_scale_is_told_by_the_finding_of_floors() -> None:
    design = preset_named("backbone-head").apply(preset_named("no-decay").apply(design_for(vit())))
    design = edits.set_schedule(design, 1, Cosine(floor=Absolute(1e-4)))
    found = named(design, "floor-absolute")
    assert [finding.where for finding in found] == ["backbone", "head"]
    assert found[0].fix is not None
    assert not named(found[0].fix.edit(design), "floor-absolute")


def test_thawing_with_several_devices_names_what_ddp_needs() -> None:
    design = set_exemption(design_for(bert()), 1)
    design = edits.set_freeze(design, 1, (Freeze(length=Length(1.0, "epochs")),))
    assert not named(design, "thaw-distributed")
    several = edits.set_plan(design, Plan(Batches(devices=4), 8))
    assert "find_unused_parameters=True" in the(several, "thaw-distributed").message
    forever = edits.set_freeze(edits.add_group(several, "head", ["classifier"]), 1, (Freeze(),))
    forever = edits.set_freeze(forever, forever.groups[-1].id, ())
    assert not named(forever, "thaw-distributed")


def test_statistics_of_many_frozen_groups_are_one_finding() -> None:
    found = named(preset_named("ulmfit").apply(design_for(resnet())), "frozen-norm-statistics")
    assert [finding.message for finding in found] == [
        "9 BatchNorm2d in them still collect statistics while frozen; only eval() stops that."
    ]


# Every fix.


@settings(max_examples=60, deadline=None)
@given(grouped_designs())
def test_every_fix_removes_its_finding(design: Design) -> None:
    found = check(design)
    for finding in found:
        if finding.fix is not None:
            fixed = finding.fix.edit(design)
            assert fixed != design
            after = check(fixed)
            assert _count(after, finding) < _count(found, finding), finding
            assert {f.code for f in after if f.severity == "error"} <= {f.code for f in found if f.severity == "error"}


def _count(found: tuple[Finding, ...], like: Finding) -> int:
    return sum((finding.code, finding.group) == (like.code, like.group) for finding in found)


def test_what_holds_for_a_leader_is_not_said_again_of_those_that_follow() -> None:
    design, (head,) = grouped(vit(), "head")
    for group in design.groups:
        design = edits.set_schedule(design, group.id, Linear(start=0.0, length=Length(50, "percent")))
    assert len(named(design, "first-update-zero")) == 2
    design = follow(design, head, design.remainder, 10.0)
    assert [finding.group for finding in named(design, "first-update-zero")] == [design.remainder]
