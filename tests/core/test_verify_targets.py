"""`lrdesigner verify` for one target, and for all of them in turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lrdesigner import edits
from lrdesigner.child.exported import MissingPackageError, refuse_missing
from lrdesigner.child.failures import JobError, describe
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.document import Design, Plan
from lrdesigner.export import TARGETS
from lrdesigner.proof import MISSING_PACKAGE

pytestmark = pytest.mark.torch

Captured = pytest.CaptureFixture[str]
DEMO = edits.set_plan(demo_design(), Plan(10, 2))
NOWHERE = "package_of_no_index"


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain PyTorch wants a package that nobody has."""
    targets = {**TARGETS, "torch": replace(TARGETS["torch"], packages={NOWHERE: "1.0"})}
    monkeypatch.setattr("lrdesigner.proof.TARGETS", targets)


def saved(design: Design, folder: Path) -> str:
    save(design, folder / "demo.lrd.json")
    return str(folder / "demo.lrd.json")


def test_the_file_of_a_target_is_verified_in_the_form_that_was_asked_for(tmp_path: Path, capsys: Captured) -> None:
    arguments = ["--target", "ddp", "--form", "snippet", "--tensor-lr"]
    assert run(["verify", saved(DEMO, tmp_path), *arguments]) == 0
    said = capsys.readouterr()
    assert "Resumed at step 10: weights, rates and options are equal to the last bit after 10 more steps.\n" in said.out
    assert "The exported code equals the design: 20 steps" in said.err


def test_of_all_targets_those_that_cannot_take_a_design_are_skipped_with_the_reason(
    tmp_path: Path, capsys: Captured
) -> None:
    design = edits.set_optimizer(DEMO, 2, "LBFGS")
    assert run(["verify", saved(design, tmp_path), "--target", "all"]) == 0
    told = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()}
    assert list(told) == list(TARGETS)
    for possible in ("torch", "ddp"):
        assert told.pop(possible) == (
            "equals the design: 20 steps, largest difference 0.0e+00 of the base value; resumed exactly at step 10"
        )
    assert {words.partition(" ")[0] for words in told.values()} == {"skipped:"}
    assert "LBFGS cannot step the split parameters of FSDP2" in told["fsdp"]
    assert "LBFGS computes the loss anew" in told["accelerate"]


@pytest.mark.usefixtures("lacking")
def test_a_package_that_is_not_installed_is_told_before_anything_runs(tmp_path: Path, capsys: Captured) -> None:
    assert run(["verify", saved(DEMO, tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"The package {NOWHERE} is not installed in the Python at " in said
    assert f"(pip install {NOWHERE})" in said


@pytest.mark.usefixtures("lacking")
def test_of_all_targets_one_whose_package_is_not_installed_is_skipped(tmp_path: Path, capsys: Captured) -> None:
    design = edits.set_optimizer(DEMO, 2, "LBFGS")
    assert run(["verify", saved(design, tmp_path), "--target", "all"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"torch          skipped: The package {NOWHERE} is not installed in the Python at ")


def test_the_missing_package_is_what_the_command_looks_for() -> None:
    refuse_missing(["torch", "json"])
    with pytest.raises(JobError) as caught:
        refuse_missing(["torch", NOWHERE])
    assert describe(caught.value, [])["error"] == MISSING_PACKAGE == MissingPackageError.__name__


@pytest.mark.parametrize("target", ["curves", "tensorflow", ""])
def test_a_target_that_is_none_is_refused(target: str, tmp_path: Path, capsys: Captured) -> None:
    assert run(["verify", saved(DEMO, tmp_path), "--target", target]) == 2
    assert "known: torch, ddp, fsdp, accelerate, transformers, lightning and all." in capsys.readouterr().err
