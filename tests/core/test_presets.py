"""Presets of all kinds: one edit each, applied once, and nothing of the person's lost."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from preset_models import (
    MODELS,
    applied,
    bert,
    design_for,
    hidden_experts,
    inventory_of,
    linear,
    settings_of,
)
from strategies import designs, torch_model

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.design_file import decode, encode, load
from lrdesigner.document import Design, Model, new_design
from lrdesigner.errors import UserError
from lrdesigner.findings import check
from lrdesigner.history import History
from lrdesigner.membership import membership
from lrdesigner.param_groups import param_groups
from lrdesigner.presets import PRESETS, Preset, preset_named
from lrdesigner.presets.parts import query_for
from lrdesigner.rule_edits import add_rule
from lrdesigner.schedules import fields_of

ALL_PRESETS = pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
ALL_MODELS = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


@ALL_PRESETS
@ALL_MODELS
def test_a_preset_fits_or_says_why_and_applying_it_again_changes_nothing(preset: Preset, model: Any) -> None:
    design = design_for(model())
    why = preset.fits(design.model.inventory)
    if why is not None:
        assert why.endswith(".")
        with pytest.raises(UserError, match=preset.title.split(",")[0].replace("+", r"\+")):
            preset.apply(design)
        return
    once = preset.apply(design)
    assert once != design
    assert preset.apply(once) is once
    assert decode(encode(once), "file") == once
    assert not [finding for finding in check(once) if finding.severity == "error"]
    assert set(settings_of(once)) == set(settings_of(design))


@ALL_PRESETS
def test_a_preset_is_one_step_to_undo(preset: Preset) -> None:
    design = design_for(next(made for make in MODELS.values() if preset.fits(made := make()) is None))
    history = History(design)
    history.push(preset.apply(design), preset.label)
    assert history.undo_label == f"Preset: {preset.title}"
    assert history.undo() is design


@ALL_PRESETS
@ALL_MODELS
def test_pins_and_earlier_rules_stay_and_win(preset: Preset, model: Any) -> None:
    design = edits.add_group(design_for(model()), "mine")
    mine = design.groups[-1].id
    names = [info.name for info in design.model.inventory.parameters if len(info.shape) > 1 and info.trainable]
    design = add_rule(edits.assign(design, names[:1], mine), mine, names[-1])
    if preset.fits(design.model.inventory) is not None:
        return
    after = preset.apply(design)
    assert after.pins == design.pins
    assert after.rules[:1] == design.rules
    assert membership(after).placements[names[0]].group == mine
    assert membership(after).placements[names[-1]].group == mine


@ALL_PRESETS
def test_a_preset_names_its_source_and_says_what_each_parameter_means(preset: Preset) -> None:
    assert preset.summary.endswith(".")
    assert preset.source
    assert preset.notes.endswith(".")
    assert all(field.title and field.help for field in fields_of(preset.parameters))
    assert all(field.kind != "other" for field in fields_of(preset.parameters))


@ALL_PRESETS
def test_without_a_model_no_preset_fits(preset: Preset) -> None:
    with pytest.raises(UserError, match="No model with parameters is open"):
        preset.apply(new_design(Model()))


@settings(max_examples=30, deadline=None)
@given(designs(only_members=True))
def test_on_any_design_that_a_preset_fits_it_applies_once(design: Design) -> None:
    for preset in PRESETS:
        if preset.fits(design.model.inventory) is not None:
            continue
        once = preset.apply(design)
        assert preset.apply(once) is once
        assert once.pins == design.pins


def test_presets_go_together() -> None:
    design = design_for(bert())
    for name in ("layers-bert", "muon", "embeddings", "no-decay"):
        design = preset_named(name).apply(design)
    found = settings_of(design)
    assert found["bert.embeddings.word_embeddings.weight"][1] == 0
    assert found["bert.encoder.layer.0.output.dense.weight"][0] < found["bert.encoder.layer.2.output.dense.weight"][0]
    assert not [finding for finding in check(design) if finding.severity == "error"]


def test_a_rule_that_would_be_too_long_is_refused_in_a_sentence() -> None:
    inventory = inventory_of("Net", [linear(f"module_number_{number}", 2, 2) for number in range(200)])
    every_other = np.arange(len(inventory.parameters)) % 4 == 0
    with pytest.raises(UserError, match="100 parts of the model, too many for one rule"):
        query_for(inventory, every_other)


def test_a_hundred_thousand_tensors_are_no_trouble() -> None:
    inventory = hidden_experts(20, 250)
    after = applied("muon", inventory)
    assert len(param_groups(after)[-1][0].parameters) == 20 * 250 * 2


def test_the_command_lists_and_explains_presets(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets"]) == 0
    listed = capsys.readouterr().out
    assert all(preset.id in listed for preset in PRESETS)
    assert run(["presets", "muon"]) == 0
    told = capsys.readouterr().out
    assert "Keller Jordan" in told
    assert "default 0.02" in told
    assert run(["presets", "--json"]) == 0
    assert [entry["preset"] for entry in json.loads(capsys.readouterr().out)["presets"]] == [p.id for p in PRESETS]


def test_an_unknown_preset_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets", "muonn"]) == 2
    assert "did you mean 'muon'?" in capsys.readouterr().err


@pytest.mark.torch
def test_new_applies_presets_in_order(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "net.lrd.json"
    assert run(["new", "demo:lenet", "-o", str(file), "--preset", "no-decay", "--preset", "by-type"]) == 0
    design = load(file)
    assert [group.name for group in design.groups][2:] == ["Conv2d", "Linear"]
    assert all(group.exempt is not None for group in design.groups)
    assert run(["new", "demo:lenet", "-o", str(file), "--force", "--preset", "lora-plus"]) == 2
    assert "lora_A" in capsys.readouterr().err
    assert load(file) == design


@pytest.mark.torch
@ALL_PRESETS
@ALL_MODELS
def test_torch_gets_the_param_groups_that_a_preset_makes(preset: Preset, model: Any) -> None:
    """By the exported code, on a model with these parameters."""
    design = design_for(model())
    if preset.fits(design.model.inventory) is not None:
        return
    design = preset.apply(design)
    built, _ = design.build(torch_model(design.model.inventory))
    groups = [
        group for optimizer in (built if isinstance(built, tuple) else (built,)) for group in optimizer.param_groups
    ]
    found = {name: (group["initial_lr"], group["weight_decay"]) for group in groups for name in group["param_names"]}
    assert found == settings_of(design)
