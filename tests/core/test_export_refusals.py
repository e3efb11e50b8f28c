"""Code of a design with errors is not written, unless the person says so; then the file tells of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from reader_files import safetensors_bytes

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import encode, save
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.embedded import code_in
from lrdesigner.export import DEFAULT_OPTIONS, export
from lrdesigner.export.objections import changed_model, objections
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.schedules import Absolute, Cosine

Captured = pytest.CaptureFixture[str]

NET = "from torch import nn\nclass Net(nn.Sequential):\n    def __init__(self):\n        super().__init__({layers})\n"


def written(folder: Path, capsys: Captured, *more: str) -> tuple[int, str, str]:
    """Status, what was said, and what is in the file, of an export over a file that was there before."""
    output = folder / "rates.py"
    output.write_text("mine")
    status = run(["export", str(folder / "net.lrd.json"), "-o", str(output), *more])
    out, err = capsys.readouterr()
    assert out == ""
    assert sorted(path.name for path in folder.glob("*rates*")) == ["rates.py"]
    return status, err, output.read_text()


def refused(folder: Path, capsys: Captured, *more: str) -> str:
    status, said, text = written(folder, capsys, *more)
    assert (status, text, said.count("\n")) == (2, "mine", 1)
    assert said.startswith("lrdesigner: Nothing was written. ")
    return said


def forced(folder: Path, capsys: Captured) -> str:
    status, said, text = written(folder, capsys, "--force")
    assert status == 0
    assert said.endswith(f"Wrote {folder / 'rates.py'} in spite of its errors.\n")
    compile(text, "rates.py", "exec")
    return " ".join(text.partition('\n"""\n')[0].split())


def floored(base: float = 1e-3) -> Design:
    """A floor above the base value, which can be written but cannot be meant."""
    return edits.set_schedule(edits.set_base_lr(demo_design(), 2, base), 2, Cosine(Absolute(1.0)))


def test_a_design_with_an_error_is_written_only_when_that_is_asked_for(tmp_path: Path, capsys: Captured) -> None:
    save(floored(), tmp_path / "net.lrd.json")
    assert "head" in refused(tmp_path, capsys)
    header = forced(tmp_path, capsys)
    assert "Written in spite of errors in the design: - head: Floor is" in header


def test_an_option_that_the_optimizer_does_not_know_is_refused(tmp_path: Path, capsys: Captured) -> None:
    raw = json.loads(encode(demo_design()))
    raw["design"]["groups"][1]["options"]["wieght_decay"] = 0.3
    (tmp_path / "net.lrd.json").write_text(json.dumps(raw))
    assert "wieght_decay" in refused(tmp_path, capsys)
    assert "wieght_decay" in forced(tmp_path, capsys)


def net_design(file: Path) -> Design:
    modules = (ModuleInfo("", "Net"), ModuleInfo("0", "Linear"))
    inventory = Inventory(modules, (ParameterInfo("0.weight", (2, 3), "float32", 6, True),))
    return new_design(Model(f"{file}:Net", {}, inventory), Plan(10, 2))


def test_a_model_that_is_not_there_is_refused(tmp_path: Path, capsys: Captured) -> None:
    save(net_design(tmp_path / "net.py"), tmp_path / "net.lrd.json")
    assert "net.py" in refused(tmp_path, capsys)
    assert "Written in spite of errors in the design: - model: " in forced(tmp_path, capsys)


@pytest.mark.torch
def test_code_that_may_run_is_built_and_compared_with_the_design(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "net.py"
    save(net_design(file), tmp_path / "net.lrd.json")
    file.write_text(NET.format(layers="nn.Linear(3, 2, bias=False)"))
    status, said, text = written(tmp_path, capsys)
    assert (status, text == "mine") == (0, False)
    assert "was not compared" in said
    status, said, _ = written(tmp_path, capsys, "--trust")
    assert (status, said) == (0, f"Wrote {tmp_path / 'rates.py'}.\n")
    file.write_text(NET.format(layers="nn.Linear(3, 2)"))
    assert "has changed since the model was opened" in refused(tmp_path, capsys)
    assert "not what was designed for" in refused(tmp_path, capsys, "--trust")
    assert "not what was designed for" in refused(tmp_path, capsys)
    assert "not what was designed for" in forced(tmp_path, capsys)


def test_a_checkpoint_is_read_and_compared_with_the_design(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "net.safetensors"
    file.write_bytes(safetensors_bytes({"0.weight": ("F32", (2, 3))}))
    assert run(["new", str(file), "-o", str(tmp_path / "net.lrd.json")]) == 0
    capsys.readouterr()
    assert written(tmp_path, capsys)[0] == 0
    file.write_bytes(safetensors_bytes({"0.weight": ("F32", (2, 4))}))
    assert "not what was designed for" in refused(tmp_path, capsys)


def test_a_sound_design_and_one_without_a_model_have_no_objections() -> None:
    assert objections(demo_design()) == ()
    assert [finding.code for finding in objections(new_design(Model()))] == ["nothing-to-train"]
    assert changed_model(demo_design(), demo_design().model.inventory) == ()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=200), min_size=1, max_size=3))
def test_no_sentence_about_an_error_changes_the_code(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[str]
) -> None:
    text = code_in(export(demo_design(), DEFAULT_OPTIONS.despite(tuple(sentences))))
    plain = code_in(export(demo_design()))
    assert text[text.index("\nfrom __future__") :] == plain[plain.index("\nfrom __future__") :]
    file = tmp_path_factory.mktemp("told") / "rates.py"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_names_in_the_sentences_cannot_end_the_docstring(tmp_path: Path) -> None:
    nasty = replace(floored().groups[1], name='head"""\nimport os\n')
    design = replace(floored(), groups=(floored().groups[0], nasty))
    text = export(design, DEFAULT_OPTIONS.despite(tuple(f"{f.where}: {f.message}" for f in objections(design))))
    assert "\nimport os" not in text
