"""The command line of sweeps: what it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sweep_cases import Stub

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.jobs.reader import Outcome

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def demo(tmp_path: Path) -> str:
    save(demo_design(), tmp_path / "demo.lrd.json")
    return str(tmp_path / "demo.lrd.json")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    stub = Stub()
    monkeypatch.setattr("lrdesigner.trials.pool.run_job", stub)
    return stub


def _lines(capsys: Captured) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_compressed_schedule_is_told_as_such(demo: str, stub: Stub, capsys: Captured) -> None:
    assert run(["sweep", demo, "--vary", "head.lr=1e-3,4e-3", "--steps", "2", "--whole"]) == 0
    assert "after the whole schedule, compressed into 2 steps" in capsys.readouterr().out


def test_a_sweep_ends_with_a_table_and_a_verdict(demo: str, stub: Stub, capsys: Captured) -> None:
    assert run(["sweep", demo, "--vary", "head.lr=1e-3,4e-3", "--steps", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["variant", "runs"]
    assert [line.split()[:2] for line in lines[2:4]] == [["head.lr=1e-3", "3"], ["head.lr=4e-3", "3"]]
    assert lines[3].endswith("baseline")
    assert "mean of 3 seeds, after 2 steps" in lines[4]
    assert len(stub.asked) == 6


def test_json_has_a_line_for_each_run_and_one_for_the_table(demo: str, stub: Stub, capsys: Captured) -> None:
    arguments = ["sweep", demo, "--vary", "head.lr=1e-3..1e-2", "--random", "2", "--seeds", "1", "--base", "--json"]
    assert run([*arguments, "--steps", "2"]) == 0
    *runs, end = _lines(capsys)
    assert runs[0]["label"] == "as designed"
    assert [line["state"] for line in runs] == ["finished"] * 3
    assert (end["kind"], end["baseline"], end["measure"]) == ("end", "as designed", "test_accuracy")
    assert len(end["variants"]) == 3


def test_several_designs_are_compared_and_the_results_kept(
    demo: str, stub: Stub, tmp_path: Path, capsys: Captured
) -> None:
    other = tmp_path / "other.lrd.json"
    save(edits.set_base_lr(demo_design(), 2, 1e-2), other)
    arguments = ["sweep", demo, str(other), "--seeds", "1", "-o", str(tmp_path / "out"), "--steps", "2"]
    assert run(arguments) == 0
    assert run(arguments) == 0
    assert len(stub.asked) == 2
    capsys.readouterr()
    assert run(["sweep-results", str(tmp_path / "out"), "--json"]) == 0
    [end] = _lines(capsys)
    assert {variant["label"] for variant in end["variants"]} == {"demo", "other"}
    assert end["baseline"] == "demo"


def test_the_status_is_1_when_nothing_finishes(demo: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    stub = Stub(lambda request: Outcome("diverged", "The loss was not a finite number."))
    monkeypatch.setattr("lrdesigner.trials.pool.run_job", stub)
    assert run(["sweep", demo, "--vary", "head.lr=1e-3", "--seeds", "1", "--steps", "2"]) == 1
    out, err = capsys.readouterr()
    assert "1 diverged" in out
    assert "No run has finished" in out
    assert "head.lr=1e-3, seed 0: The loss was not a finite number." in err


def test_what_can_be_varied_is_listed(demo: str, capsys: Captured) -> None:
    assert run(["fields", demo]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["head.lr", "0.004"] in rows
    assert run(["fields", demo, "--json"]) == 0
    assert {"address": "plan.epochs", "value": "10"} in _lines(capsys)[0]["fields"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Nothing varies"),
        (["--random", "3"], "Nothing varies"),
        (["--vary", "head.lr"], "is not ADDRESS=VALUES"),
        (["--vary", "haed.lr=1"], "did you mean head?"),
        (["--vary", "head.lr=1e-3", "--seeds", "0"], "at least 1 seed"),
        (["--vary", "head.lr=1e-3", "--jobs", "0"], "at least 1 job"),
        (["--vary", "head.lr=1e-3", "--processes", "2", "--jobs", "2"], "one at a time"),
        (["--worker"], "add --engine optuna"),
        (["--engine", "optuna", "--jobs", "2", "--vary", "head.lr=1"], "start more of them"),
        (["--engine", "other"], "other"),
        (["--vary", "head.lr=1e-3", "--steps", "1000"], "between 1 and 450"),
    ],
)
def test_bad_input_is_one_sentence(demo: str, capsys: Captured, arguments: list[str], words: str) -> None:
    assert run(["sweep", demo, *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err


def test_a_folder_without_results_is_refused(tmp_path: Path, capsys: Captured) -> None:
    assert run(["sweep-results", str(tmp_path)]) == 2
    assert "holds no results" in capsys.readouterr().err


def test_a_real_sweep_trains_every_variant(demo: str, capsys: Captured) -> None:
    arguments = ["--vary", "head.lr=1e-3,4e-3", "--steps", "3", "--seeds", "1", "--device", "cpu", "--json"]
    assert run(["sweep", demo, *arguments]) == 0
    *runs, end = _lines(capsys)
    assert [(line["state"], line["metrics"]["steps"]) for line in runs] == [("finished", 3)] * 2
    # The same weights and the same first batch.
    assert runs[0]["metrics"]["first_loss"] == runs[1]["metrics"]["first_loss"]
    assert runs[0]["metrics"]["final_loss"] != runs[1]["metrics"]["final_loss"]
    assert end["steps"] == [3, 3]
