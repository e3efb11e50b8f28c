"""Sweeps through a study of Optuna: handing out, several workers, and one of them killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sweep_cases import Stub

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.errors import UserError
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.optuna_engine import OptunaSweep
from lrdesigner.trials.sweep_results import RunResult
from lrdesigner.trials.variants import Run, runs_of, variants_of

pytest.importorskip("optuna", reason="needs the extra `sweep`")

DEMO = demo_design()
DESIGNS = {"demo": DEMO}
RUNS = runs_of(variants_of(DESIGNS, ["head.lr=1e-3,2e-3,3e-3"]), TrialOptions(steps=2), 1)


def _ended(state: str) -> Callable[[Run], RunResult]:
    return lambda run: RunResult(run.id, run.variant.label, run.seed, state, {"final_loss": 1.0, "steps": 2})


def test_runs_are_handed_out_once_and_their_results_kept(tmp_path: Path) -> None:
    storage = f"journal:{tmp_path}/study.log"
    sweep = OptunaSweep(storage, "s", DESIGNS, create=True)
    assert sweep.enqueue(RUNS) == 3
    assert sweep.enqueue(RUNS) == 0
    assert {result.state for result in sweep.results()} == {"waiting"}
    OptunaSweep(storage, "s", DESIGNS, create=False).work(_ended("finished"))
    assert [(result.id, result.label, result.figure("final_loss")) for result in sweep.results()] == [
        (run.id, run.variant.label, 1.0) for run in RUNS
    ]


def test_a_run_that_was_stopped_is_handed_out_again_and_one_that_failed_is_not(tmp_path: Path) -> None:
    sweep = OptunaSweep(f"journal:{tmp_path}/study.log", "s", DESIGNS, create=True)
    sweep.enqueue(RUNS)
    sweep.work(_ended("stopped"))
    assert [result.state for result in sweep.results()].count("waiting") == 3
    sweep.work(_ended("diverged"))
    assert {result.state for result in sweep.results()} == {"diverged"}


def test_a_worker_with_another_design_is_refused_and_takes_nothing_away(tmp_path: Path) -> None:
    storage = f"journal:{tmp_path}/study.log"
    OptunaSweep(storage, "s", DESIGNS, create=True).enqueue(RUNS)
    other = OptunaSweep(storage, "s", {"demo": edits.set_base_lr(DEMO, 1, 0.5)}, create=False)
    with pytest.raises(UserError, match="is not the one that the sweep was begun with"):
        other.work(_ended("finished"))
    with pytest.raises(UserError, match="give its file too"):
        OptunaSweep(storage, "s", {"another": DEMO}, create=False).work(_ended("finished"))
    sweep = OptunaSweep(storage, "s", DESIGNS, create=False)
    sweep.work(_ended("finished"))
    assert {result.state for result in sweep.results()} == {"finished"}


def test_what_cannot_be_opened_is_told_without_passwords(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no storage; give journal:FILE"):
        OptunaSweep("nowhere", "s", DESIGNS, create=True)
    with pytest.raises(UserError, match=r"begin the sweep without --worker first"):
        OptunaSweep(f"sqlite:///{tmp_path}/study.db", "s", DESIGNS, create=False)
    with pytest.raises(UserError, match=r"cannot be opened") as refused:
        OptunaSweep("nodatabase://me:secret@host/x", "s", DESIGNS, create=True)
    assert "secret" not in str(refused.value)


def test_the_command_runs_a_study_and_others_join(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = Stub()
    monkeypatch.setattr("lrdesigner.cli.shared_sweep.run_job", stub)
    save(DEMO, tmp_path / "demo.lrd.json")
    shared = [str(tmp_path / "demo.lrd.json"), "--engine", "optuna", "--storage", f"sqlite:///{tmp_path}/study.db"]
    assert run(["sweep", *shared, "--vary", "head.lr=1e-3,2e-3", "--steps", "2", "--seeds", "1"]) == 0
    out, err = capsys.readouterr()
    assert "2 of 2 trials are new" in err
    assert "head.lr=1e-3 is best" in out or "head.lr=2e-3 is best" in out
    assert run(["sweep", *shared, "--worker"]) == 0
    assert len(stub.asked) == 2
    assert run(["sweep", *shared[:3], "--vary", "head.lr=1e-3", "--steps", "2"]) == 2
    assert "--storage" in capsys.readouterr().err


WORKER = """
    import sys, time
    from pathlib import Path
    from lrdesigner.demos import demo_design
    from lrdesigner.trials.optuna_engine import Heart, OptunaSweep
    from lrdesigner.trials.sweep_results import RunResult

    storage, name, folder = sys.argv[1:]

    def run(one):
        (Path(folder) / f"{name} {one.id}").touch()
        while name == "hanging":
            time.sleep(0.05)
        return RunResult(one.id, one.variant.label, one.seed, "finished", {"final_loss": 1.0})

    OptunaSweep(storage, "s", {"demo": demo_design()}, create=False, heart=Heart(1, 2)).work(run, poll=0.2)
"""


def test_what_a_killed_worker_did_is_done_by_another(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/study.db"
    sweep = OptunaSweep(storage, "s", DESIGNS, create=True)
    sweep.enqueue(RUNS)
    (tmp_path / "worker.py").write_text(textwrap.dedent(WORKER))
    (tmp_path / "begun").mkdir()

    def started(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(tmp_path / "worker.py"), storage, name, str(tmp_path / "begun")]
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})

    hanging, other = started("hanging"), None
    try:
        _until(lambda: any((tmp_path / "begun").iterdir()))
        [taken] = [path.name.removeprefix("hanging ") for path in (tmp_path / "begun").iterdir()]
        other = started("other")
        _until(lambda: len(list((tmp_path / "begun").iterdir())) == 3)
        hanging.send_signal(signal.SIGKILL)
        assert other.wait(60) == 0
    finally:
        for process in (hanging, other):
            if process is not None:
                process.kill()
                process.wait()
    assert (tmp_path / "begun" / f"other {taken}").exists()
    results = sweep.results()
    assert {result.id for result in results} == {run.id for run in RUNS}
    assert {result.state for result in results} == {"finished"}


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
