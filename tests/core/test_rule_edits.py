"""Edits of rules, of layer decay and exemptions, and of groups that follow others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from placing_cases import CASES, design_of, transformer
from strategies import ruled_designs

from lrdesigner import edits, expansion_edits, rule_edits
from lrdesigner.curves import track_factors
from lrdesigner.document import DecayExemption, Design, Follow, LayerDecay
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.following import follow, followed, followers_of, leader_of, unfollow
from lrdesigner.membership import membership
from lrdesigner.param_groups import trained_groups
from lrdesigner.schedules import Cosine, Expression, Linear


def groups() -> Design:
    return design_of(transformer(2), "a", "b")


def rules_of(design: Design) -> list[tuple[str, int, str]]:
    return [(rule.name, rule.group, rule.where) for rule in design.rules]


def names_in(design: Design, group: int) -> set[str]:
    return {info.name for info in membership(design).trainable(group)}


# Rules


def test_a_rule_is_named_after_its_query_and_gets_a_name_of_its_own() -> None:
    design = rule_edits.add_rule(rule_edits.add_rule(groups(), 2, " *.bias "), 3, "*.bias")
    assert rules_of(design) == [("*.bias", 2, "*.bias"), ("*.bias 2", 3, "*.bias")]
    assert rule_edits.add_rule(design, 2, "head", name="n" * 60).rules[-1].name == "n" * 60
    long = rule_edits.add_rule(design, 2, "x" * 300, position=0).rules[0]
    assert len(long.name) <= 60
    assert long.where == "x" * 300


def test_of_rules_that_fit_the_same_the_first_counts_and_a_pin_before_all() -> None:
    design = rule_edits.add_rule(rule_edits.add_rule(groups(), 2, "head"), 3, "*.bias")
    assert "head.bias" in names_in(design, 2)
    design = rule_edits.move_rule(design, 1, 0)
    assert "head.bias" in names_in(design, 3)
    assert "head.bias" in names_in(edits.assign(design, ["head"], 1), 1)
    assert "head.bias" in names_in(rule_edits.remove_rule(design, 0), 2)


def test_a_rule_changes_its_name_group_and_query() -> None:
    design = rule_edits.add_rule(groups(), 2, "head")
    assert rules_of(rule_edits.set_rule(design, 0, where="norm")) == [("norm", 2, "norm")]
    renamed = rule_edits.set_rule(design, 0, name="mine", group=3)
    assert rules_of(rule_edits.set_rule(renamed, 0, where="norm")) == [("mine", 3, "norm")]
    assert rule_edits.set_rule(design, 0, name="head", where="head") is design
    assert rule_edits.move_rule(design, 0, 0) is design


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: rule_edits.add_rule(d, 2, "  "), "needs something to look for"),
        (lambda d: rule_edits.add_rule(d, 2, "ndim:x"), "wants a number"),
        (lambda d: rule_edits.add_rule(d, 2, "x", name="n" * 61), "Name must be text of 1 to 60 characters"),
        (lambda d: rule_edits.set_rule(d, 0, name="n" * 61), "Name must be text of 1 to 60 characters"),
        (lambda d: rule_edits.set_rule(d, 0, where="  "), "needs something to look for"),
        (lambda d: rule_edits.set_rule(d, 0, name=" "), "needs a name"),
        (lambda d: rule_edits.set_rule(d, 0, where="/(a|aa)+b/"), "take for ever"),
        (lambda d: rule_edits.set_rule(rule_edits.add_rule(d, 2, "x"), 1, name="head"), "already is a rule"),
    ],
)
def test_what_no_rule_can_be_is_told(edit: Callable[[Design], Design], words: str) -> None:
    with pytest.raises(UserError, match=words):
        edit(rule_edits.add_rule(groups(), 2, "head"))


# Layer decay and exemptions


def test_layers_have_their_share_of_the_rate_but_no_less_than_the_lowest() -> None:
    design = expansion_edits.use_layer_decay(groups(), 1, LayerDecay(0.5, 0.2))
    rates = {part.name: part.group.lr.base / 1e-3 for part in trained_groups(design)}
    assert list(rates.values()) == pytest.approx([0.2, 0.25, 0.5, 1.0])
    assert list(rates) == [f"everything.layer{layer}" for layer in range(4)]
    merged = expansion_edits.set_layer_decay(design, 1, minimum=0.5)
    assert [part.name for part in trained_groups(merged)] == ["everything.layers0-2", "everything.layer3"]
    assert expansion_edits.set_layer_decay(design, 1, minimum=0.2) is design
    assert expansion_edits.use_layer_decay(design, 1, None) == groups()


@pytest.mark.parametrize(
    ("exemption", "names"),
    [
        (DecayExemption(norm=False, one_dimensional=False), {"blocks.0.attn.qkv.bias", "head.bias", "norm.bias"}),
        (DecayExemption(bias=False, one_dimensional=False), {"blocks.0.norm1.weight", "norm.bias", "norm.weight"}),
        (DecayExemption(bias=False, norm=False, one_dimensional=False, where="qkv"), {"blocks.0.attn.qkv.weight"}),
        (DecayExemption(bias=False, norm=False, one_dimensional=False, embeddings=True), {"embed.weight"}),
        (DecayExemption(bias=False, norm=False), {"head.bias", "blocks.1.norm2.weight"}),
    ],
)
@pytest.mark.parametrize("typed", [True, False])
def test_what_is_exempt_has_no_weight_decay(exemption: DecayExemption, names: set[str], typed: bool) -> None:
    design = expansion_edits.use_exemption(design_of(transformer(2, typed=typed)), 1, exemption)
    decays, free = trained_groups(design)
    assert names <= {info.name for info in free.parameters}
    assert (decays.name, free.name) == ("everything", "everything.no_decay")
    assert (free.group.options.weight_decay, decays.group.options.weight_decay) == (0.0, 0.01)  # type: ignore[union-attr]


def test_a_group_without_weight_decay_has_nothing_to_be_exempt_from() -> None:
    design = expansion_edits.use_exemption(groups(), 1, DecayExemption())
    assert [part.name for part in trained_groups(edits.set_option(design, 1, "weight_decay", 0.0))] == ["everything"]
    assert expansion_edits.set_exemption(design, 1, bias=True) is design


def test_param_groups_that_are_called_like_a_group_get_a_number() -> None:
    names = [part.name for part in trained_groups(CASES["colliding"])]
    assert len(set(names)) == len(names)
    assert {"net.layer2_2", "net.layer1.no_decay_2", "net.layer1.no_decay.no_decay"} < set(names)


# Following


def test_a_follower_has_its_leaders_schedule_times_its_scale() -> None:
    design = follow(edits.set_schedule(edits.set_base_lr(groups(), 1, 0.2), 1, Cosine()), 2, 1, 0.5)
    leader, follower = design.group(1), design.group(2)
    assert follower.lr == replace(leader.lr, base=0.1)
    design = edits.set_schedule(design, 2, Linear())  # edits of the follower's schedule are the leader's
    assert design.group(1).lr.schedule == design.group(2).lr.schedule == Linear()
    design = edits.set_base_lr(design, 1, 0.4)
    assert design.group(2).lr.base == pytest.approx(0.2)
    design = edits.set_base_lr(design, 2, 0.8)
    assert design.group(2).follow == Follow(1, 2.0)
    assert unfollow(design, 2).group(2) == replace(design.group(2), follow=None)


def test_nobody_follows_a_follower_or_oneself() -> None:
    design = follow(groups(), 2, 1)
    assert follow(design, 3, 2).group(3).follow == Follow(1, 1.0)
    moved = follow(design, 1, 3)
    assert {group.id for group in followers_of(moved, 3)} == {1, 2}
    assert leader_of(moved, moved.group(2)).id == 3
    with pytest.raises(UserError, match="cannot follow"):
        follow(design, 1, 2)
    assert follow(design, 2, 1) is design
    assert edits.remove_group(follow(groups(), 1, 2), 2).group(1).follow is None


@settings(max_examples=20, deadline=None)
@given(ruled_designs(), st.lists(st.integers(0, 1000), min_size=1, max_size=4))
def test_what_follows_is_at_each_step_scale_times_the_leader(design: Design, looks: list[int]) -> None:
    assert followed(design) is design
    for group in design.groups:
        if group.follow is not None and not isinstance(group.lr.schedule, Expression):
            leader = design.group(group.follow.leader)
            assert group.lr.base == pytest.approx(leader.lr.base * group.follow.scale, rel=1e-12)
            assert group.lr.schedule == leader.lr.schedule
            same: Any = replace(group.lr, base=leader.lr.base)
            assert (track_factors(same, design.plan, looks) == track_factors(leader.lr, design.plan, looks)).all()


# What cannot be exported


def test_parameters_without_a_size_are_not_exported() -> None:
    design = CASES["layered"]
    inventory = design.model.inventory
    lazy = tuple(
        replace(p, lazy=True, shape=(), numel=0) if p.name == "head.weight" else p for p in inventory.parameters
    )
    lazy_design = replace(design, model=replace(design.model, inventory=replace(inventory, parameters=lazy)))
    with pytest.raises(UserError, match=r"head\.weight has no size before a first forward pass"):
        export(lazy_design)
    frozen = tuple(replace(p, trainable=not p.lazy) for p in lazy)
    export(replace(design, model=replace(design.model, inventory=replace(inventory, parameters=frozen))))


def test_a_remainder_on_muon_is_not_exported_where_it_holds_biases() -> None:
    with pytest.raises(UserError, match="Muon takes matrices only"):
        export(edits.set_optimizer(groups(), 1, "Muon"))


def test_a_tied_tensor_that_muon_refuses_under_its_other_name_is_not_assigned_to_it() -> None:
    with pytest.raises(UserError, match=r"head\.weight cannot be in 'hidden': an embedding"):
        edits.assign(CASES["muon_tied"], ["head.weight"], 2)
    assert "head.weight" in names_in(edits.assign(CASES["muon"], ["head.weight"], 2), 2)


def test_a_leader_cannot_have_a_rate_at_which_a_follower_has_none() -> None:
    design = follow(groups(), 2, 1, 1e6)
    with pytest.raises(UserError, match=r"'a' follows 'everything' at 1e6 times .* at most 1e6, not 1e8\."):
        edits.set_base_lr(design, 1, 100.0)
    with pytest.raises(UserError, match=r"must be above 0"):
        edits.set_base_lr(follow(groups(), 2, 1, 1e-300), 1, 1e-300)
