"""The command that tells the registry, and the plan's options of `new`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lrdesigner.cli.commands import run
from lrdesigner.design_file import load
from lrdesigner.document import Batches
from lrdesigner.schedules import SHAPES, default_node, fields_of


def test_every_shape_is_listed_with_the_scheduler_of_torch_that_it_covers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes"]) == 0
    listed = capsys.readouterr().out
    assert all(shape.tag in listed and shape.title in listed for shape in SHAPES)
    assert "OneCycleLR" in listed


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.tag)
def test_a_shape_tells_its_formula_its_fields_and_their_bounds(shape: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", shape.tag]) == 0
    told = capsys.readouterr().out
    assert shape.doc.splitlines()[0] in told
    for field in fields_of(shape.node):
        assert f"{field.name}: {field.title}. {field.help}" in told


def test_the_registry_is_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", "--json"]) == 0
    found = {entry["shape"]: entry for entry in json.loads(capsys.readouterr().out)["shapes"]}
    assert set(found) == {shape.tag for shape in SHAPES}
    modes = next(field for field in found["cyclic"]["fields"] if field["name"] == "mode")
    assert modes["choices"] == ["triangular", "triangular2", "exp_range"]
    gamma = next(field for field in found["step"]["fields"] if field["name"] == "gamma")
    assert (gamma["above"], gamma["maximum"]) == (0, 10)


def test_an_unknown_shape_is_bad_usage_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", "cosin"]) == 2
    assert capsys.readouterr().err == "lrdesigner: There is no shape 'cosin'; did you mean 'cosine'?\n"


def test_defaults_of_all_shapes_are_nodes_of_theirs() -> None:
    assert all(type(default_node(shape)) is shape.node for shape in SHAPES)


def test_the_steps_of_a_new_design_follow_from_samples_batches_accumulation_and_devices(tmp_path: Path) -> None:
    file = tmp_path / "net.lrd.json"
    sizes = ["--samples", "50000", "--batch-size", "128", "--accumulation", "2", "--devices", "4", "--epochs", "3"]
    assert run(["new", "demo:lenet", "-o", str(file), *sizes]) == 0
    plan = load(file).plan
    assert plan.epoch == Batches(50_000, 128, 2, 4)
    assert (plan.steps_per_epoch, plan.total_steps) == (49, 147)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--batch-size", "0"], "Batch size must be at least 1, not 0."),
        (["--epochs", "0"], "Epochs must be at least 1, not 0."),
        (["--steps-per-epoch", "20000000"], "Steps per epoch must be at most 1e7, not 2e7."),
        (["--steps-per-epoch", "10", "--samples", "5"], "not both"),
    ],
)
def test_nonsense_in_the_plan_is_told_by_field_value_and_bound_and_nothing_is_written(
    options: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "net.lrd.json"
    assert run(["new", "demo:lenet", "-o", str(file), *options]) == 2
    assert sentence in capsys.readouterr().err
    assert not file.exists()
