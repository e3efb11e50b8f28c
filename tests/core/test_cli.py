"""The command line: what other programs rely on, and one line that says what is wrong."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.curves import values_at
from lrdesigner.demos import demo_design
from lrdesigner.design_file import load, save
from lrdesigner.document import Design, Model, new_design
from lrdesigner.export import export
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import Expression

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def demo(tmp_path: Path) -> str:
    return saved(demo_design(), tmp_path, "demo.lrd.json")


def saved(design: Design, folder: Path, name: str = "net.lrd.json") -> str:
    save(design, folder / name)
    return str(folder / name)


def answer(capsys: Captured, *arguments: str, status: int = 0) -> Any:
    assert run([*arguments]) == status
    return json.loads(capsys.readouterr().out)


def complaint(capsys: Captured, *arguments: str) -> str:
    """The only line on stderr of a command that refuses."""
    assert run([*arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("lrdesigner: ")
    assert err.count("\n") == 1
    return err


def test_show_lists_groups_with_options_schedule_and_members(demo: str, capsys: Captured) -> None:
    assert run(["show", demo]) == 0
    out = capsys.readouterr().out
    assert out.startswith("demo:lenet: 62,006 trainable parameters\n10 epochs of 45 steps, 450 steps in all\n")
    assert "backbone (takes the rest): 61,156 parameters in 8 tensors" in out
    assert "AdamW, base lr 0.004, betas (0.9, 0.999), weight_decay 0.01, eps 1e-8, amsgrad False" in out
    assert "linear from 0.05 to 1 over 45 steps, then cosine from 1 to 0.02 over 405 steps" in out
    assert "    classifier.5.weight\n" in out


def test_show_json_holds_the_same(demo: str, capsys: Captured) -> None:
    shown = answer(capsys, "show", demo, "--json")
    assert shown["plan"] == {"steps_per_epoch": 45, "epochs": 10, "total_steps": 450}
    backbone, head = shown["groups"]
    assert (backbone["name"], backbone["remainder"], backbone["optimizer"]) == ("backbone", True, "AdamW")
    assert head["members"] == ["classifier.5.weight", "classifier.5.bias"]
    assert head["options"]["betas"] == [0.9, 0.999]
    assert head["schedule"]["shape"] == "sequence"


def test_curves_json_is_the_design_by_param_group_in_order(demo: str, capsys: Captured) -> None:
    curves = answer(capsys, "curves", demo, "--at", "0,22,449,450,9_000", "--format", "json")
    assert (curves["unit"], curves["steps"]) == ("step", [0, 22, 449, 450, 9000])
    design = demo_design()
    planned = {group.name: group for found in param_groups(design) for group in found}
    assert list(curves["groups"]) == list(planned)
    for name, tracks in curves["groups"].items():
        values = values_at(planned[name], design.plan, curves["steps"])
        assert tracks == {track: found.tolist() for track, found in values.items()}
        assert list(tracks) == ["lr", "weight_decay", "beta1", "beta2"]


def test_curves_csv_keeps_every_digit(tmp_path: Path, capsys: Captured) -> None:
    design = edits.rename_group(demo_design(), 2, 'the "big", head')
    assert run(["curves", saved(design, tmp_path), "--every", "45", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["step"] for row in rows] == [str(step) for step in range(0, 450, 45)]
    group = param_groups(design)[0][1]
    values = values_at(group, design.plan, range(0, 450, 45))["lr"]
    assert [float(row['the "big", head.lr']) for row in rows] == values.tolist()


def test_the_table_of_curves_has_a_column_for_each_group(demo: str, capsys: Captured) -> None:
    assert run(["curves", demo, "--at", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["step", "backbone", "lr", "head", "lr"]
    assert lines[-1].split() == ["0", "5e-5", "4e-4"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--at", "0,1", "--every", "5"], "either --at or --every"),
        (["--at", "1.5"], "--at wants whole numbers"),
        (["--at", "1,,2"], "--at wants whole numbers"),
        (["--at", "-1"], "steps count from 0"),
        (["--at", "1" + "0" * 30], "one that cannot be"),
        (["--every", "0"], "--every"),
        (["--every", "x"], "--every"),
        (["--format", "xml"], "--format"),
    ],
)
def test_steps_that_cannot_be_are_refused(demo: str, capsys: Captured, options: list[str], words: str) -> None:
    assert words in complaint(capsys, "curves", demo, *options)


def test_check_says_what_is_wrong_and_fails_on_errors_only(tmp_path: Path, demo: str, capsys: Captured) -> None:
    assert answer(capsys, "check", demo, "--json") == {"findings": []}
    warned = edits.add_group(demo_design(), "spare")
    found = answer(capsys, "check", saved(warned, tmp_path), "--json")["findings"]
    assert found == [
        {
            "code": "group-empty",
            "severity": "warning",
            "where": "spare",
            "message": "holds no trainable parameter, so the exported code leaves it out.",
            "fix": "Remove spare",
        }
    ]
    wrong = saved(edits.set_schedule(warned, 2, Expression("1 - step")), tmp_path)
    found = answer(capsys, "check", wrong, "--json", status=1)["findings"]
    assert [(finding["severity"], finding["fix"]) for finding in found] == [
        ("error", None),
        ("warning", "Remove spare"),
    ]
    assert run(["check", wrong]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("error: head: The lr is negative at step 2 (factor -1). [rate-impossible]\n")
    assert err == "2 findings.\n"


def test_export_writes_the_very_file(demo: str, tmp_path: Path, capsys: Captured) -> None:
    target = tmp_path / "lr_plan.py"
    assert run(["export", demo, "--target", "torch", "-o", str(target)]) == 0
    assert target.read_text() == export(demo_design())
    assert capsys.readouterr().out == ""


def test_what_cannot_be_exported_leaves_the_old_file(demo: str, tmp_path: Path, capsys: Captured) -> None:
    target = tmp_path / "lr_plan.py"
    target.write_text("mine")
    wrong = saved(edits.set_schedule(demo_design(), 2, Expression("1 / (step - 7)")), tmp_path)
    assert "'head' is negative at step 0" in complaint(capsys, "export", wrong, "-o", str(target))
    assert "jax" in complaint(capsys, "export", demo, "--target", "jax", "-o", str(target))
    assert target.read_text() == "mine"
    assert "missing" in complaint(capsys, "export", demo, "-o", str(tmp_path / "missing" / "x.py"))
    assert sorted(os.listdir(tmp_path)) == ["demo.lrd.json", "lr_plan.py", "net.lrd.json"]


@pytest.mark.parametrize("command", ["show", "curves", "check", "verify", "trial"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe"])
def test_a_file_that_is_no_design_is_named(
    tmp_path: Path, capsys: Captured, command: str, content: bytes | None
) -> None:
    file = tmp_path / "broken.lrd.json"
    if content is not None:
        file.write_bytes(content)
    assert "broken.lrd.json" in complaint(capsys, command, str(file))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "frobnicate"),
        (["show"], "DESIGN"),
        (["show", "a", "b"], "b"),
        (["show", "--frob", "a"], "--frob"),
        (["export", "a"], "--output"),
        (["inspect", "demo:lenet", "--time-limit", "0"], "--time-limit"),
        (["inspect", "demo:nothing"], "demo:lenet"),
        (["inspect", "missing.py:Net"], "missing.py"),
        (["inspect", "net.py"], "net.py"),
        (["inspect", ""], "FILE.py"),
        (["inspect", "demo:lenet", "--kwargs", "{"], "JSON"),
        (["inspect", "demo:lenet", "--kwargs", "[1]"], "JSON object"),
        (["new", "missing.py:Net", "-o", "net.lrd.json"], "missing.py"),
    ],
)
def test_bad_usage_is_one_line_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in complaint(capsys, *arguments)
    assert os.listdir(tmp_path) == []


def test_a_complaint_is_one_line_whatever_the_name_of_the_file(tmp_path: Path, capsys: Captured) -> None:
    assert "two lines.lrd.json" in complaint(capsys, "show", str(tmp_path / "two\nlines.lrd.json"))


def test_new_does_not_replace_a_design_unasked(demo: str, capsys: Captured) -> None:
    before = Path(demo).read_bytes()
    assert "--force" in complaint(capsys, "new", "demo:lenet", "-o", demo)
    assert Path(demo).read_bytes() == before


def test_the_version_and_the_help_are_no_errors(capsys: Captured) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lrdesigner 0.")
    assert run(["curves", "--help"]) == 0
    assert "--every" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["verify", "trial"])
def test_a_design_that_names_a_python_file_runs_nothing_without_consent(
    tmp_path: Path, capsys: Captured, command: str
) -> None:
    trace = tmp_path / "ran"
    (tmp_path / "net.py").write_text(f"open({str(trace)!r}, 'w')\n")
    design = demo_design()
    design = replace(design, model=replace(design.model, source=f"{tmp_path / 'net.py'}:Net"))
    message = complaint(capsys, command, saved(design, tmp_path))
    assert str(tmp_path / "net.py") in message
    assert "--trust" in message
    assert not trace.exists()


def test_a_design_without_a_model_cannot_be_proven(tmp_path: Path, capsys: Captured) -> None:
    assert "no model" in complaint(capsys, "verify", saved(new_design(Model()), tmp_path))


@pytest.mark.parametrize("options", [["--steps", "0"], ["--steps", "451"], ["--device", "tpu"], ["--data", "x.csv"]])
def test_a_trial_that_cannot_be_is_refused(demo: str, capsys: Captured, options: list[str]) -> None:
    assert options[1] in complaint(capsys, "trial", demo, *options)


def module(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lrdesigner", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})


@pytest.mark.torch
def test_the_demo_verifies(demo: str) -> None:
    done = module("verify", demo)
    assert done.returncode == 0, done.stderr
    *groups, resumed = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in groups] == ["backbone", "head"]
    assert resumed == ("Resumed at step 225: weights, rates and options are equal to the last bit after 10 more steps.")
    assert "The exported code equals the design: 450 steps" in done.stderr


@pytest.mark.torch
def test_a_short_trial_of_the_demo_reports_each_step_with_the_designs_rates(demo: str) -> None:
    done = module("trial", demo, "--steps", "5", "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    *reports, end = map(json.loads, done.stdout.splitlines())
    assert [(report["kind"], report["step"]) for report in reports] == [("metrics", step) for step in range(5)]
    design = demo_design()
    for group in param_groups(design)[0]:
        planned = values_at(group, design.plan, range(5))["lr"].tolist()
        assert [report["lr"][group.name] for report in reports] == pytest.approx(planned, rel=1e-12)
    assert all(report["loss"] > 0 for report in reports)
    assert (end["kind"], end["reason"]) == ("end", "finished")
    assert isinstance(end["metrics"], dict)


@pytest.mark.torch
def test_new_makes_the_demos_design(tmp_path: Path) -> None:
    done = module("new", "demo:lenet", "-o", str(tmp_path / "new.lrd.json"))
    assert done.returncode == 0, done.stderr
    assert load(tmp_path / "new.lrd.json") == demo_design()


def test_code_is_never_written_over_the_design_or_the_model(tmp_path: Path, capsys: Captured) -> None:
    model = tmp_path / "net.py"
    model.write_text("# mine")
    design = replace(demo_design(), model=replace(demo_design().model, source=f"{model}:Net"))
    file = saved(design, tmp_path)
    before = Path(file).read_bytes()
    assert "the file of the model" in complaint(capsys, "export", file, "-o", str(model))
    assert "the design itself" in complaint(capsys, "export", file, "-o", file)
    assert model.read_text() == "# mine"
    assert Path(file).read_bytes() == before


def test_a_reader_that_has_enough_is_no_error(demo: str) -> None:
    command = f"{sys.executable} -m lrdesigner curves {demo} --every 1 | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.startswith("step")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_cannot_be_written_is_one_line(demo: str) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "lrdesigner", "show", demo]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "cannot be written" in result.stderr


def test_a_snippet_has_no_main_and_does_not_speak_of_one(demo: str, tmp_path: Path) -> None:
    assert run(["export", demo, "-o", str(tmp_path / "rates.py"), "--form", "snippet"]) == 0
    text = (tmp_path / "rates.py").read_text()
    assert "def build_scheduler" in text
    assert "main()" not in text
    assert "Run this file" not in " ".join(text.split())


def test_an_unknown_target_or_form_is_refused_and_nothing_is_written(
    demo: str, tmp_path: Path, capsys: Captured
) -> None:
    file = str(tmp_path / "rates.py")
    assert "torch" in complaint(capsys, "export", demo, "-o", file, "--target", "keras")
    assert "snippet" in complaint(capsys, "export", demo, "-o", file, "--form", "poem")
    assert not Path(file).exists()
