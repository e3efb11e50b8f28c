"""`lrdesigner history`: kept trials on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from trial_cases import kept, new_trial

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import load, save
from lrdesigner.document import Design
from lrdesigner.jobs.protocol import PROTOCOL_VERSION, Hello, Metrics
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.history.connection import default_store
from lrdesigner.trials.history.reopened import record_of
from lrdesigner.trials.history.store import TrialHistory

Captured = pytest.CaptureFixture[str]


def answer(capsys: Captured, *arguments: str) -> Any:
    assert run([*arguments]) == 0
    return json.loads(capsys.readouterr().out)


def complaint(capsys: Captured, *arguments: str) -> str:
    assert run([*arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def keep(design: Design, **given: Any) -> str:
    return kept(default_store(), new_trial(design, **given))


def test_trials_are_listed_with_or_without_the_word_list(design: Design, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "net.lrd.json"
    save(design, file)
    mine, other = keep(design, design_key=str(file)), keep(design, design_key="demo:lenet", title="other")
    for words in (["history"], ["history", "list"]):
        assert {trial["id"] for trial in answer(capsys, *words, "--json")["trials"]} == {mine, other}
        (found,) = answer(capsys, *words, str(file), "--json")["trials"]
        assert (found["id"], found["state"], found["options"]["steps"]) == (mine, "finished", 20)
        assert [trial["id"] for trial in answer(capsys, *words, "demo:lenet", "--json")["trials"]] == [other]
    assert run(["history"]) == 0
    out, err = capsys.readouterr()
    assert mine[:8] in out
    assert "2 trials; the history takes 0.1 MB." in err
    assert "neither a design gone.lrd.json" in complaint(capsys, "history", "gone.lrd.json")


def test_an_empty_history_is_no_error_and_makes_no_file(capsys: Captured) -> None:
    assert answer(capsys, "history", "--json") == {"trials": []}
    assert not default_store().exists()


def test_the_help_tells_the_commands(capsys: Captured) -> None:
    assert run(["history", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("list", "show", "export", "design", "delete"))


def test_a_trial_is_shown(design: Design, capsys: Captured) -> None:
    trial_id = keep(design, variant="lr=0.1")
    shown = answer(capsys, "history", "show", trial_id[:6], "--json")
    assert shown["id"] == trial_id
    assert shown["measured"]["metrics"]["rows"] == 20
    assert run(["history", "show", trial_id]) == 0
    out = capsys.readouterr().out
    for line in ("state: finished", "variant: lr=0.1", "options.device: cpu", "environment.torch: 2.13.0"):
        assert f"{line}\n" in out
    assert "metrics: 20 rows of step, seconds, loss, lr/backbone, lr/head\n" in out
    assert "has no trial 'xyz'" in complaint(capsys, "history", "show", "xyz")


def test_trials_are_deleted(design: Design, capsys: Captured) -> None:
    first, second, third = (keep(design) for _ in range(3))
    assert "no trial" in complaint(capsys, "history", "delete", first, "xyz")
    assert run(["history", "delete", first, second, second[:30]]) == 0
    assert capsys.readouterr().err == "Deleted 2 trials.\n"
    with TrialHistory() as history:
        assert [trial.id for trial in history.trials()] == [third]


def test_the_design_is_written_as_it_was(design: Design, tmp_path: Path, capsys: Captured) -> None:
    trial_id = keep(edits.rename_group(design, 2, "as it was"))
    file = tmp_path / "then.lrd.json"
    assert run(["history", "design", trial_id, "-o", str(file)]) == 0
    assert load(file).groups[1].name == "as it was"
    capsys.readouterr()
    assert "--force" in complaint(capsys, "history", "design", trial_id, "-o", str(file))
    assert run(["history", "design", trial_id, "-o", str(file), "--force"]) == 0


def test_a_trial_is_exported_as_csv(design: Design, tmp_path: Path, capsys: Captured) -> None:
    first, second = keep(design), keep(design)
    file = tmp_path / "trial.csv"
    assert run(["history", "export", first, "-o", str(file)]) == 0
    assert len(file.read_text().splitlines()) == 21
    capsys.readouterr()
    assert "--force" in complaint(capsys, "history", "export", first, "-o", str(file))
    assert "holds one trial" in complaint(capsys, "history", "export", first, second, "-o", str(file))
    plain = tmp_path / "plain"
    assert run(["history", "export", first, "-o", str(plain), "--format", "csv"]) == 0
    assert plain.read_bytes() == file.read_bytes()


def test_trials_are_exported_for_tensorboard(design: Design, tmp_path: Path, capsys: Captured) -> None:
    pytest.importorskip("tensorboard")
    ids = [keep(design), keep(design)]
    assert run(["history", "export", *ids, "-o", str(tmp_path / "runs")]) == 0
    assert "Wrote 2 runs" in capsys.readouterr().err
    assert len(list((tmp_path / "runs").glob("*/events.out.tfevents.*"))) == 2


def test_a_damaged_history_is_one_line(capsys: Captured) -> None:
    default_store().parent.mkdir()
    default_store().write_text("nothing of ours\n" * 100)
    assert str(default_store()) in complaint(capsys, "history")


@pytest.fixture
def five_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training process that reports five steps, without one."""

    def job(request: Any, on_report: Any, **_: Any) -> Outcome:
        on_report(Hello(PROTOCOL_VERSION, 1, "3.12.1", "2.13.0"))
        for step in range(request.options.steps):
            on_report(Metrics(step, 1.0, {"backbone": 1e-3}))
        return Outcome("finished", "Finished after 5 steps.", metrics={"device": "cpu", "steps": 5})

    monkeypatch.setattr("lrdesigner.cli.proof_commands.run_job", job)


@pytest.mark.usefixtures("five_steps")
def test_a_trial_is_kept_unless_that_is_not_wanted(tmp_path: Path, capsys: Captured) -> None:
    save(demo_design(), tmp_path / "net.lrd.json")
    file = str(tmp_path / "net.lrd.json")
    assert run(["trial", file, "--steps", "5", "--no-history"]) == 0
    assert not default_store().exists()
    assert run(["trial", file, "--steps", "5", "--json"]) == 0
    assert capsys.readouterr().err.count("\n") == 2
    with TrialHistory() as history:
        (kept_trial,) = history.trials(file)
        record = record_of(history, kept_trial)
    assert (kept_trial.title, kept_trial.state, kept_trial.environment.torch) == ("net", "finished", "2.13.0")
    assert record.design == demo_design()
    assert (record.options.steps, record.steps.array.tolist()) == (5, [0, 1, 2, 3, 4])


@pytest.mark.usefixtures("five_steps")
def test_a_trial_goes_on_without_its_history(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    save(demo_design(), tmp_path / "net.lrd.json")
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "net.lrd.json" / "data"))
    assert run(["trial", str(tmp_path / "net.lrd.json"), "--steps", "5", "--json"]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 6
    assert "not in the history" in err
