"""Variants that run at the same time, in children that need no torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from trial_bench import PRELUDE, TrialBench

from lrdesigner.demos import demo_design
from lrdesigner.jobs.protocol import TrialRequest, encode_request
from lrdesigner.jobs.reader import Outcome
from lrdesigner.jobs.run import run_command
from lrdesigner.process_identity import process_lives, process_start
from lrdesigner.store import Store
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.variants_page import VariantsPage
from lrdesigner_app.workspace import Workspace

MEETS = """
here = os.environ["MEETING"]
open(os.path.join(here, str(os.getpid())), "w").close()
while len(os.listdir(here)) < 2:
    time.sleep(0.01)
"""
TRAINS = """
say("progress", stage="training", total=6)
seed = request["options"]["seed"]
for number in range(3):
    step(number, 1 / (number + 1))
"""
ENDS = "say('end', reason='finished', metrics={'steps': 3, 'final_loss': 0.5 + seed, 'seconds': 0.1})"
STOPS = "sys.stdin.buffer.readline(); say('end', reason='stopped', metrics={'steps': 3})"
HEEDS_NOTHING = "time.sleep(600)"


class Bench(TrialBench):
    """Each child leaves its process id in the folder `meeting`, and waits there for a second one."""

    def __init__(self, meeting: Path, qapp: QApplication, qtbot: QtBot) -> None:
        super().__init__(Workspace(Store(demo_design()), Theme(qapp)), qtbot, "")
        self.meeting = meeting
        self.script = ""
        self.page = VariantsPage(self.workspace, self.runner)
        qtbot.addWidget(self.page)
        self.page.resize(860, 260)
        self.page.show()

    def run_job(self, request: TrialRequest, on_report: Callable[[Any], None] | None = None, **given: Any) -> Outcome:
        command = [sys.executable, "-u", "-c", PRELUDE + MEETS + TRAINS + self.script]
        variables = {**(given["variables"] or {}), "MEETING": str(self.meeting)}
        return run_command(
            command,
            encode_request(request),
            on_report,
            should_stop=given["should_stop"],
            variables=variables,
            should_end=given["should_end"],
        )

    def run(self, script: str, at_a_time: str = "2", seeds: str = "1", vary: str = "head.lr=1e-3") -> None:
        self.script = script
        QTest.keyClicks(self.page.controls.vary, vary)
        self.page.controls.seeds.setText(seeds)
        QTest.keyClicks(self.page.controls.at_a_time, at_a_time)
        self.click(self.page.run_button)

    def finish(self) -> None:
        self._qtbot.waitUntil(lambda: not self.page.sweep.running, timeout=30_000)

    def wait_for_all_losses(self) -> None:
        records = self.page.sweep.records
        self._qtbot.waitUntil(lambda: sum(len(one.losses) for one in records.values()) == 6, timeout=20_000)

    @property
    def children(self) -> list[int]:
        return [int(file.name) for file in self.meeting.iterdir()]

    def cells(self, column: int) -> list[str]:
        rows = (self.page.table.topLevelItem(row) for row in range(self.page.table.topLevelItemCount()))
        return [row.text(column) for row in rows if row is not None]


@pytest.fixture
def bench(qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    (tmp_path / "meeting").mkdir()
    made = Bench(tmp_path / "meeting", qapp, qtbot)
    monkeypatch.setattr("lrdesigner.trials.pool.run_job", made.run_job)
    yield made
    made.close()


def test_two_variants_train_at_the_same_time_and_both_are_kept(bench: Bench) -> None:
    bench.run(ENDS, seeds="2")
    bench.finish()
    assert bench.cells(1) == ["2 of 2", "2 of 2"]
    assert "2 seeds" in bench.page.words.text()
    assert not bench.notices
    with TrialHistory() as history:
        kept = history.trials(kind="variant")
    assert sorted((one.variant, one.seed, one.state, one.updates) for one in kept) == [
        ("as designed", 0, "finished", 3),
        ("as designed", 1, "finished", 3),
        ("head.lr=1e-3", 0, "finished", 3),
        ("head.lr=1e-3", 1, "finished", 3),
    ]
    assert len({one.sweep for one in kept}) == 1


def test_curves_grow_while_they_train_and_a_stop_keeps_them(bench: Bench, qtbot: QtBot) -> None:
    bench.run(STOPS)
    assert bench.page.run_button.text() == "Stop"
    assert not bench.page.controls.at_a_time.isEnabled()
    bench.wait_for_all_losses()
    qtbot.waitUntil(lambda: bench.page.compared.legend.text().count("●") == 2, timeout=5000)
    assert bench.page.compared.isVisible()
    assert bench.page.progress.isVisible()
    assert bench.page.progress.words.text().startswith("0 of 2 runs")
    assert bench.page.progress.bar.value() > 0
    bench.click(bench.page.run_button)
    bench.finish()
    assert not bench.page.progress.isVisible()
    assert bench.cells(1) == ["0 of 1", "0 of 1"]
    with TrialHistory() as history:
        assert {(one.state, one.updates) for one in history.trials()} == {("stopped", 3)}


def test_a_crash_is_the_failure_of_that_run_alone(bench: Bench) -> None:
    first = "if min(os.listdir(here)) == str(os.getpid()): os.kill(os.getpid(), 9)\n"
    bench.run(first + ENDS)
    bench.finish()
    assert sorted(bench.cells(1)) == ["0 of 1, 1 failed", "1 of 1"]


def test_a_window_that_closes_leaves_no_child_behind(bench: Bench) -> None:
    bench.run(HEEDS_NOTHING)
    bench.wait_for_all_losses()
    children = [(pid, process_start(pid)) for pid in bench.children]
    assert [process_lives(*child) for child in children] == [True, True]
    bench.close()
    assert [process_lives(*child) for child in children] == [False, False]


def test_a_history_that_cannot_be_written_is_told_and_costs_no_run(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "plain"))
    bench.run(ENDS)
    bench.finish()
    assert bench.cells(1) == ["1 of 1", "1 of 1"]
    assert ["2 trials of the sweep are not in the history" in notice for notice in bench.notices] == [True]


def test_what_no_trial_can_run_ends_the_sweep_with_a_sentence(bench: Bench) -> None:
    QTest.keyClicks(bench.page.controls.budget, "300")
    bench.run(ENDS, vary="plan.epochs=1")
    bench.finish()
    assert len(bench.notices) == 1
    assert bench.notices[0].startswith("plan.epochs=1: The trial runs steps of the plan: between 1 and 45")
    assert bench.page.run_button.text() == "Run variants"


def test_variants_wait_for_a_trial_that_runs(bench: Bench) -> None:
    bench.body = "sys.stdin.buffer.readline(); end()"
    assert bench.runner.run()
    bench.run(ENDS)
    assert bench.notices == ["A trial is still running; the next can start when it has ended."]
    assert not bench.page.sweep.running


@pytest.mark.parametrize("text", ["0", "two", "1.5"])
def test_a_number_at_a_time_that_cannot_be_is_told(bench: Bench, text: str) -> None:
    bench.run(ENDS, text)
    assert len(bench.notices) == 1
    assert not bench.page.sweep.running


def test_the_field_shows_one_for_each_gpu(
    qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(os.environ, "CUDA_VISIBLE_DEVICES", "0,1,2")
    bench = Bench(tmp_path, qapp, qtbot)
    qtbot.waitUntil(lambda: bench.page.controls.at_a_time.placeholderText() == "3", timeout=5000)
    assert bench.page.controls.at_a_time.typed == 3
    QTest.keyClicks(bench.page.controls.at_a_time, "1")
    assert bench.page.controls.at_a_time.typed == 1
    bench.close()
