"""The trials of a sweep of the command line in the history."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sweep_cases import Stub, finished

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import Hello, TrialRequest
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.history.entries import KeptTrial
from lrdesigner.trials.history.reopened import trial_options
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.history.sweep_recording import SweepRecorder
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.pool import Pool
from lrdesigner.trials.slots import Slot
from lrdesigner.trials.sweep_files import planned_runs
from lrdesigner.trials.variants import runs_of, variants_of

Captured = pytest.CaptureFixture[str]
VARY = ["--vary", "head.lr=1e-3,4e-3", "--steps", "2"]


@pytest.fixture
def demo(tmp_path: Path) -> str:
    save(demo_design(), tmp_path / "demo.lrd.json")
    return str(tmp_path / "demo.lrd.json")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    stub = Stub()
    monkeypatch.setattr("lrdesigner.trials.pool.run_job", stub)
    monkeypatch.setattr("lrdesigner.cli.shared_sweep.run_job", stub)
    return stub


def _kept() -> list[KeptTrial]:
    with TrialHistory() as history:
        return history.trials()


def test_every_trial_is_kept_with_its_design_variant_and_seed(demo: str, stub: Stub) -> None:
    assert run(["sweep", demo, *VARY, "--seeds", "2", "--jobs", "2"]) == 0
    kept = _kept()
    assert sorted((one.variant, one.seed) for one in kept) == [
        ("head.lr=1e-3", 0),
        ("head.lr=1e-3", 1),
        ("head.lr=4e-3", 0),
        ("head.lr=4e-3", 1),
    ]
    assert len({one.sweep for one in kept}) == 1
    assert {(one.kind, one.design_key, one.title) for one in kept} == {("variant", os.path.realpath(demo), "demo")}
    assert {(one.state, one.updates, one.summary["final_loss"]) for one in kept} == {("finished", 2, 0.5)}
    assert {trial_options(one) for one in kept} == {request.options for request in stub.asked}
    with TrialHistory() as history:
        rates = {one.variant: history.design(one.id).groups[1].lr.base for one in kept}
    assert rates == {"head.lr=1e-3": 1e-3, "head.lr=4e-3": 4e-3}


def test_a_sweep_that_goes_on_stays_one(demo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endings = iter(("finished", "crashed", "finished"))
    stub = Stub(lambda request: Outcome(next(endings), "", "Traceback of the child"))  # type: ignore[arg-type]
    monkeypatch.setattr("lrdesigner.trials.pool.run_job", stub)
    for _ in range(2):
        run(["sweep", demo, *VARY, "--seeds", "1", "-o", str(tmp_path / "out")])
    kept = _kept()
    assert sorted(one.state for one in kept) == ["crashed", "finished", "finished"]
    assert [one.details for one in kept if one.state == "crashed"] == ["Traceback of the child"]
    assert len({one.sweep for one in kept}) == 1
    monkeypatch.setattr("lrdesigner.trials.pool.run_job", Stub())
    assert run(["sweep", demo, *VARY, "--seeds", "1", "-o", str(tmp_path / "other")]) == 0
    assert len({one.sweep for one in _kept()}) == 2


def test_each_of_several_designs_finds_its_own_trials(demo: str, stub: Stub, tmp_path: Path) -> None:
    other = tmp_path / "other.lrd.json"
    save(edits.set_base_lr(demo_design(), 1, 1e-2), other)
    assert run(["sweep", demo, str(other), *VARY, "--seeds", "1"]) == 0
    assert sorted((Path(one.design_key).name, one.variant) for one in _kept()) == [
        ("demo.lrd.json", "demo: head.lr=1e-3"),
        ("demo.lrd.json", "demo: head.lr=4e-3"),
        ("other.lrd.json", "other: head.lr=1e-3"),
        ("other.lrd.json", "other: head.lr=4e-3"),
    ]


def test_no_history_keeps_nothing(demo: str, stub: Stub) -> None:
    assert run(["sweep", demo, *VARY, "--no-history"]) == 0
    assert _kept() == []


def test_a_history_that_cannot_be_written_costs_a_remark(
    demo: str, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "plain"))
    assert run(["sweep", demo, *VARY, "--seeds", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    assert out.count('"state":"finished"') == 2
    assert [line for line in err.splitlines() if "history" in line] == err.splitlines()
    assert err.startswith("2 trials of the sweep are not in the history: ")
    assert "LRDESIGNER_DATA_DIR" in err


def test_trials_of_a_shared_study_are_kept_under_one_id(demo: str, stub: Stub, tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="needs the extra `sweep`")
    shared = ["--engine", "optuna", "--storage", f"journal:{tmp_path}/study.log"]
    assert run(["sweep", demo, *VARY, "--seeds", "1", *shared]) == 0
    assert run(["sweep", demo, "--vary", "head.lr=2e-3", "--steps", "2", "--seeds", "1", *shared]) == 0
    kept = _kept()
    assert {(one.variant, one.state) for one in kept} == {
        ("head.lr=1e-3", "finished"),
        ("head.lr=4e-3", "finished"),
        ("head.lr=2e-3", "finished"),
    }
    assert len({one.sweep for one in kept}) == 1


def test_what_the_trial_tells_of_itself_is_kept(tmp_path: Path) -> None:
    class Introduced(Stub):
        def __call__(self, request: TrialRequest, *given: object, **named: object) -> Outcome:
            [on_report] = given
            on_report(Hello(5, 1, "3.12.1", "2.13.0"))  # type: ignore[operator]
            return finished(request)

    recorder = SweepRecorder("one", lambda variant: None)
    planned = planned_runs(
        runs_of(variants_of({"": demo_design()}, ["head.lr=1e-3"]), TrialOptions(steps=2), 1), tmp_path
    )
    Pool(tmp_path, (Slot("slot 1"),), recorder.watch, Introduced()).run(planned)
    recorder.wait()
    [kept] = _kept()
    assert (kept.environment.python, kept.environment.torch) == ("3.12.1", "2.13.0")
    assert (kept.design_key, kept.sweep) == (demo_design().model.source, "one")


def test_a_trial_whose_results_cannot_be_written_is_not_left_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    recorder = SweepRecorder("one", lambda variant: None)
    planned = planned_runs(
        runs_of(variants_of({"": demo_design()}, ["head.lr=1e-3"]), TrialOptions(steps=2), 1), tmp_path
    )
    monkeypatch.setattr("lrdesigner.child.run_files.RunFile.end", full)
    with pytest.raises(UserError, match="cannot be written"):
        Pool(tmp_path, (Slot("slot 1"),), recorder.watch, Stub()).run(planned)
    recorder.wait()
    [kept] = _kept()
    assert (kept.state, kept.message, kept.updates) == ("failed", "The sweep ended before this trial did.", 2)
