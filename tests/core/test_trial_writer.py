"""Recording beside a running trial: quick, and never in its way."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from trial_cases import METRICS, kept, metrics_row, new_trial

from lrdesigner.document import Design
from lrdesigner.trials.history import writer as writing
from lrdesigner.trials.history.entries import Ending, KeptTrial
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.history.writer import TrialWriter

SOON = 20.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "trials.sqlite3"


def add(writer: TrialWriter, *steps: int) -> None:
    for step in steps:
        writer.add("metrics", METRICS, metrics_row(step))


def steps_in(file: Path, trial_id: str) -> list[float]:
    with TrialHistory(file) as history:
        return list(history.sheets(trial_id).get("metrics", {}).get("step", []))


def trials_in(file: Path) -> list[KeptTrial]:
    with TrialHistory(file) as history:
        return history.trials()


def test_a_trial_is_kept_while_it_runs_and_at_its_end(design: Design, file: Path) -> None:
    writer = TrialWriter(file, new_trial(design), interval=0.01)
    add(writer, 0, 1)
    deadline = time.monotonic() + SOON
    while not (file.exists() and steps_in(file, writer.id) == [0, 1]):
        assert time.monotonic() < deadline
    writer.learn(python="3.12.1", torch="2.13.0")
    while trials_in(file)[0].environment.torch != "2.13.0":
        assert time.monotonic() < deadline
    assert (trials_in(file)[0].state, trials_in(file)[0].updates) == ("running", 2)
    writer.learn(device="cuda")
    add(writer, 2)
    writer.end(Ending("stopped", "You stopped it.", summary={"steps": 3}))
    assert writer.wait(SOON)
    assert writer.problem == ""
    assert steps_in(file, writer.id) == [0, 1, 2]
    with TrialHistory(file) as history:
        found = history.trial(writer.id)
    assert (found.state, found.message, found.summary, found.details) == (
        "stopped",
        "You stopped it.",
        {"steps": 3},
        "",
    )
    assert (found.environment.python, found.environment.torch, found.environment.device) == ("3.12.1", "2.13.0", "cuda")
    assert found.ended is not None
    assert found.ended >= found.started


def test_a_discarded_trial_leaves_nothing(design: Design, file: Path) -> None:
    writer = TrialWriter(file, new_trial(design), interval=0.01)
    add(writer, 0)
    deadline = time.monotonic() + SOON
    while not (file.exists() and steps_in(file, writer.id)):
        assert time.monotonic() < deadline
    writer.discard()
    assert writer.wait(SOON)
    with TrialHistory(file) as history:
        assert history.trials() == []
    never = TrialWriter(file, new_trial(design))
    never.discard()
    assert never.wait(SOON)
    assert never.problem == ""


def test_a_store_that_refuses_for_a_while_costs_nothing(
    design: Design, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(file, new_trial(design))
    monkeypatch.setattr("lrdesigner.trials.history.connection.BUSY_SECONDS", 0.2)
    writer = TrialWriter(file, new_trial(design), interval=0.01)
    add(writer, 0)
    deadline = time.monotonic() + SOON
    while not (file.exists() and steps_in(file, writer.id)):
        assert time.monotonic() < deadline
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    add(writer, 1)
    while not writer.problem:
        assert time.monotonic() < deadline
    assert "in use by another program" in writer.problem
    other.execute("COMMIT")
    other.close()
    add(writer, 2)
    writer.end(Ending("finished"))
    assert writer.wait(SOON)
    assert writer.problem == ""
    assert steps_in(file, writer.id) == [0, 1, 2]


def test_a_place_that_cannot_be_written_is_told_and_stops_nothing(
    design: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 10)
    (tmp_path / "plain").write_text("")
    writer = TrialWriter(tmp_path / "plain" / "trials.sqlite3", new_trial(design), interval=0.01)
    deadline = time.monotonic() + SOON
    while not writer._gave_up:
        add(writer, 0)
        assert time.monotonic() < deadline
    add(writer, *range(100))
    assert len(writer._coming) < 100
    writer.end(Ending("finished"))
    assert writer.wait(SOON)
    assert "LRDESIGNER_DATA_DIR" in writer.problem


def test_the_end_tells_that_rows_are_lost(design: Design, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 10)
    writer = TrialWriter(file, new_trial(design), interval=0.01)
    deadline = time.monotonic() + SOON
    while not (file.exists() and trials_in(file)):
        assert time.monotonic() < deadline
    with sqlite3.connect(file) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON chunks BEGIN SELECT RAISE(ABORT, 'no room for numbers'); END"
        )
    connection.close()
    add(writer, *range(100))
    while not writer._gave_up:
        assert time.monotonic() < deadline
    writer.end(Ending("failed", "It broke.", details="Traceback"))
    assert writer.wait(SOON)
    with TrialHistory(file) as history:
        (found,) = history.trials()
    assert (found.state, found.message) == ("failed", "It broke.")
    assert found.details.startswith("Traceback\nNot all of its numbers are in the history: ")


def test_a_trial_that_is_deleted_while_it_ends_is_told(design: Design, file: Path) -> None:
    writer = TrialWriter(file, new_trial(design), interval=0.01)
    deadline = time.monotonic() + SOON
    while not (file.exists() and trials_in(file)):
        assert time.monotonic() < deadline
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM trials")
    connection.close()
    add(writer, 0)
    writer.end(Ending("finished"))
    assert writer.wait(SOON)
    assert "was deleted from the history" in writer.problem
