"""Why a parameter or module is where it is, in words, and the command that tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from placing_cases import CASES, transformer
from strategies import ruled_designs

from lrdesigner import edits, rule_edits
from lrdesigner.cli.commands import run
from lrdesigner.design_file import save
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.membership import membership
from lrdesigner.reasons import why


def ruled() -> Design:
    design = edits.add_group(CASES["layered"], "head", ["head"])
    return rule_edits.add_rule(design, 2, "type:norm ndim:1", "norms")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("head", "in head: pinned here"),
        ("head.bias", "in head: pinned by head"),
        ("norm.weight", "in head: rule 1, norms (type:norm ndim:1)"),
        ("blocks.0.mlp", "in everything: the remainder takes what no pin or rule reaches"),
    ],
)
def test_a_pin_a_rule_or_the_remainder_is_the_reason(path: str, words: str) -> None:
    assert why(ruled(), path).splitlines()[0] == words


def test_layer_scale_and_the_conditions_that_free_from_decay_are_told() -> None:
    assert why(CASES["layered"], "blocks.1.norm1.weight").splitlines()[1:] == [
        "param group everything.layer2.no_decay",
        "layer 2 of 0 to 5 (blocks.#): 0.2746 x the group's rate, base lr 2.746e-4",
        "no weight decay: in a norm, at most one dimension",
    ]
    assert why(CASES["layered"], "cls_token").endswith("no weight decay: fits *cls_token")


def test_who_refused_it_and_the_other_names_are_told() -> None:
    bias = why(CASES["muon"], "blocks.0.norm1.bias")
    assert "not in hidden (pinned by blocks): 1-D: Muon takes matrices only" in bias
    lines = why(CASES["muon_tied"], "head.weight").splitlines()
    assert "not in hidden (pinned by embed): an embedding: Muon is for hidden matrices" in lines
    assert "one tensor with embed.weight: of all its names the nearest pin decides" in lines


def test_a_module_in_several_groups_tells_how_many_tensors_are_there_for_which_reason() -> None:
    assert why(CASES["muon"], "blocks").splitlines() == [
        "in 2 groups: everything, hidden",
        "16 tensors in everything: the remainder takes what no pin reaches",
        "16 tensors in hidden: pinned here",
    ]


def test_what_never_trains_and_what_is_not_there_are_told() -> None:
    inventory = transformer()
    frozen = tuple(replace(p, trainable=p.name != "cls_token") for p in inventory.parameters)
    design = CASES["layered"]
    design = replace(design, model=replace(design.model, inventory=replace(inventory, parameters=frozen)))
    assert why(design, "cls_token").endswith("never trains: requires_grad is False")
    with pytest.raises(UserError, match="no module or parameter 'nothing'"):
        why(design, "nothing")


@settings(max_examples=15, deadline=None)
@given(ruled_designs(only_members=True))
def test_every_path_of_any_design_has_a_reason_that_names_its_group(design: Design) -> None:
    members = membership(design)
    for info in design.model.inventory.parameters:
        group = design.group(members.placements[info.name].group)
        assert why(design, info.name).startswith(f"in {group.name}: ")
    for module in design.model.inventory.modules:
        assert why(design, module.path).startswith("in ")


def test_show_tells_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(ruled(), tmp_path / "net.lrd.json")
    assert run(["show", str(tmp_path / "net.lrd.json"), "--why", "head.bias"]) == 0
    assert capsys.readouterr().out.startswith("in head: pinned by head\n")
    assert run(["show", str(tmp_path / "net.lrd.json"), "--why", "head.bias", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["why"][0] == "in head: pinned by head"


def test_show_lists_rules_with_counts_and_folds_layers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(ruled(), tmp_path / "net.lrd.json")
    assert run(["show", str(tmp_path / "net.lrd.json")]) == 0
    out = capsys.readouterr().out
    assert "  1. norms (type:norm ndim:1) -> head: fits 14 tensors, decides 14\n" in out
    assert "  layer decay 0.65 over 5 layers by blocks.#, base lr 1.785e-4 to 0.001\n" in out
    assert "  no weight decay for biases, norms, 1-D, *cls_token\n" in out
    assert "  param groups: everything.layer0 to everything.layer4, 5 param groups, " in out


def test_curves_have_the_param_groups_of_the_exported_optimizer_in_its_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = CASES["layered"]
    save(design, tmp_path / "net.lrd.json")
    assert run(["curves", str(tmp_path / "net.lrd.json"), "--at", "0", "--format", "json"]) == 0
    names = list(json.loads(capsys.readouterr().out)["groups"])
    text = export(design)
    assert names == sorted(names, key=lambda name: text.index(f'"{name}"'))
    assert run(["show", str(tmp_path / "net.lrd.json"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [part["name"] for part in shown["param_groups"]] == names
    assert shown["param_groups"][1]["layers"] == [0, 0]
    assert shown["groups"][0]["layer_decay"]["factor"] == 0.65
