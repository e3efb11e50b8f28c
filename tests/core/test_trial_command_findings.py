"""`lrdesigner trial` prints what the trial says of the design after its figures; its JSON stays what it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs_here import job_here, jobs_here

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.jobs.launch import child_environment

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Trials run in this process, with the data that a child is told of."""

    def run_here(request: Any, *, on_report: Callable[[Any], None], **_: Any) -> Any:
        return job_here(request, on_report)

    monkeypatch.setattr("lrdesigner.cli.proof_commands.run_job", run_here)
    data = "LRDESIGNER_DEMO_DATA"
    monkeypatch.setenv(data, child_environment()[data])
    yield from jobs_here(monkeypatch, tmp_path)


def trained(folder: Path, base: float, *options: str) -> int:
    design = demo_design()
    for group in design.groups:
        design = edits.set_base_lr(design, group.id, base)
    save(design, folder / "demo.lrd.json")
    return run(["trial", str(folder / "demo.lrd.json"), "--device", "cpu", *options])


def test_a_rate_that_is_far_too_high_is_told_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained(tmp_path, 1e6, "--steps", "60") == 1
    lines = capsys.readouterr().out.splitlines()
    assert "bad_what: loss" in lines
    assert lines[-1].startswith("error: Trial: The loss was not a finite number at step 2, after 2 steps.")
    assert lines[-1].endswith("[trial-diverged]")


def test_a_rate_at_which_nothing_is_learnt_is_told_and_a_good_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trained(tmp_path, 3.0, "--steps", "60") == 0
    assert "warning: Trial: The loss did not fall: 2." in capsys.readouterr().out
    assert trained(tmp_path, 1e-3, "--steps", "60") == 0
    assert "Trial:" not in capsys.readouterr().out


def test_the_json_holds_the_figures_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trained(tmp_path, 1e-3, "--steps", "2", "--data", "synthetic", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["kind"] for line in lines] == ["metrics", "metrics", "end"]
    assert set(lines[-1]) == {"kind", "reason", "metrics"}
    assert not [key for key in lines[-1]["metrics"] if "finding" in key]
