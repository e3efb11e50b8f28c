"""Designs for checkpoints: verified with a skeleton of names and shapes, never tried."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lrdesigner.cli.commands import run
from lrdesigner.design_file import load, save
from lrdesigner.document import Design, Model, new_design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.jobs.protocol import Hello, ReadRequest
from lrdesigner.jobs.run import run_job

TREE = Inventory(
    modules=tuple(
        ModuleInfo(path, kind) for path, kind in (("", "Net"), ("body", "FancyLinear"), ("head", ""), ("more", "Net"))
    ),
    parameters=(
        ParameterInfo("body.weight", (3, 2), "bfloat16", 6, True),
        ParameterInfo("body.scale", (), "float8_unheard_of", 1, False),
        ParameterInfo("head.weight", (3, 2), "bfloat16", 6, True, tied_to="body.weight"),
        ParameterInfo("head.inner.bias", (4,), "int64", 4, False),
    ),
    bases={"FancyLinear": ("Linear", "Base")},
)


def skeleton(folder: Path, inventory: Inventory) -> Any:
    from lrdesigner.child.skeleton import build_skeleton

    (folder / "inventory.json").write_bytes(msgspec.json.encode(inventory))
    return build_skeleton(str(folder / "inventory.json"))


@pytest.mark.torch
def test_a_skeleton_has_the_names_shapes_ties_and_types_of_the_inventory(tmp_path: Path) -> None:
    model = skeleton(tmp_path, TREE)
    parameters = dict(model.named_parameters(remove_duplicate=False))
    assert {n: (tuple(p.shape), p.requires_grad, p.is_meta) for n, p in parameters.items()} == {
        p.name: (p.shape, p.trainable, True) for p in TREE.parameters
    }
    assert parameters["head.weight"] is parameters["body.weight"]
    assert [c.__name__ for c in type(model.body).__mro__] == ["FancyLinear", "Linear", "Base", "Module", "object"]
    assert type(model.head).__name__ == "Module"
    assert type(model.more) is type(model)


@pytest.mark.torch
def test_a_skeleton_of_3000_levels_is_made(tmp_path: Path) -> None:
    paths = [".".join(["a"] * depth) for depth in range(3001)]
    modules = tuple(ModuleInfo(path, "Sequential") for path in paths)
    model = skeleton(tmp_path, Inventory(modules, (ParameterInfo(f"{paths[-1]}.b", (1,), "float32", 1, True),)))
    for _ in range(3000):
        model = model.a
    assert list(model._parameters) == ["b"]


@pytest.mark.torch
@pytest.mark.parametrize(
    ("row", "told"),
    [
        (ParameterInfo("weight", (), "float32", 0, True, lazy=True), "size of weight is not known"),
        (ParameterInfo("weight", (2,), "int8", 2, True), "weight holds int8 numbers, which cannot be trained"),
    ],
)
def test_what_no_skeleton_can_have_is_told(tmp_path: Path, row: ParameterInfo, told: str) -> None:
    from lrdesigner.child.failures import JobError

    with pytest.raises(JobError, match=told):
        skeleton(tmp_path, Inventory((ModuleInfo("", ""),), (row,)))


def checkpoint(file: Path) -> None:
    """A file of safetensors with two tensors."""
    header = {
        "body.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "head.bias": {"dtype": "F32", "shape": [2], "data_offsets": [16, 24]},
    }
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(24))


def test_a_checkpoint_becomes_a_design_that_is_verified_without_a_question_and_never_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint(tmp_path / "net.safetensors")
    design = tmp_path / "net.lrd.json"
    assert run(["new", str(tmp_path / "net.safetensors"), "-o", str(design), "--epochs", "1"]) == 0
    assert json.loads(design.read_text())["design"]["model"]["source"] == "net.safetensors"
    assert run(["verify", str(design)]) == 0
    assert run(["trial", str(design)]) == 2
    said = capsys.readouterr().err
    assert "The exported code equals the design: 100 steps" in said
    assert "has names and shapes only, and a trial trains the model" in said


def test_a_checkpoint_is_read_by_our_own_interpreter_without_torch(tmp_path: Path) -> None:
    checkpoint(tmp_path / "net.safetensors")
    seen: list[Any] = []
    request = ReadRequest(str(tmp_path / "net.safetensors"))
    outcome = run_job(request, seen.append, time_limit=60, python="/nowhere/python")
    assert outcome.metrics["parameters"] == 2
    assert [report.torch for report in seen if isinstance(report, Hello)] == [""]


def test_a_checkpoint_takes_no_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint(tmp_path / "net.safetensors")
    assert run(["inspect", str(tmp_path / "net.safetensors"), "--kwargs", '{"a": 1}']) == 2
    assert "only read, not built" in capsys.readouterr().err


# Interpreters


def script(file: Path, text: str) -> str:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exit 3", r"ended before it was ready \(exit code 3\); check that the interpreter is a Python"),
        ("echo no such option >&2; exit 2", r"\(exit code 2\): no such option; check"),
    ],
)
def test_an_interpreter_that_is_none_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    import re

    assert run(["inspect", "demo:lenet", "--python", script(tmp_path / "python", text)]) == 2
    assert re.search(told, capsys.readouterr().err)


def test_an_interpreter_without_torch_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    python = script(tmp_path / "python", f'exec {sys.executable} -S "$@"')
    assert run(["inspect", "demo:lenet", "--python", python]) == 2
    said = capsys.readouterr().err
    assert "cannot import torch" in said
    assert "install torch there" in said


def test_another_interpreter_builds_the_model_and_stands_in_the_design(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = script(tmp_path / ".venv" / "bin" / "python", f'touch {tmp_path}/used; exec {sys.executable} "$@"')
    file = tmp_path / "lenet.lrd.json"
    assert run(["new", "demo:lenet", "--python", str(tmp_path / ".venv"), "-o", str(file)]) == 0
    assert (tmp_path / "used").exists()
    assert json.loads(file.read_text())["design"]["model"]["python"] == ".venv/bin/python"
    assert load(file).model.python == python
    assert run(["verify", str(file)]) == 2
    assert f"runs the code of {python} with {python}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "told"), [("nowhere", "no Python at"), ("no-such-python", "on the PATH"), ("folder", "folder without")]
)
def test_what_cannot_be_an_interpreter_is_told(tmp_path: Path, name: str, told: str) -> None:
    from lrdesigner.errors import UserError
    from lrdesigner.models.interpreter import parse_python

    (tmp_path / "folder").mkdir()
    text = name if told == "on the PATH" else str(tmp_path / name)
    with pytest.raises(UserError, match=told):
        parse_python(text)


def test_our_own_interpreter_is_none_in_particular() -> None:
    import sys

    from lrdesigner.models.interpreter import parse_python

    assert parse_python(sys.executable) == parse_python("") == ""


def test_an_interpreter_elsewhere_keeps_its_place_in_a_design(tmp_path: Path, plain_design: Design) -> None:
    model = Model("demo:lenet", {}, plain_design.model.inventory, "/opt/env/bin/python")
    save(new_design(model), tmp_path / "a.lrd.json")
    assert load(tmp_path / "a.lrd.json").model.python == "/opt/env/bin/python"
