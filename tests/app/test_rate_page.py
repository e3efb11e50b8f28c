"""The page of the range test, with a child that needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from trial_bench import PRELUDE, TrialBench

from lrdesigner.document import Design
from lrdesigner.store import Store
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.rate_page import RatePage
from lrdesigner_app.workspace import Workspace

POINTS = """
wanted = request["range"]
def point(seed, update, loss):
    multiplier = wanted["low"] * (wanted["high"] / wanted["low"]) ** (update / (wanted["updates"] - 1))
    say("range", seed=seed, update=update, multiplier=multiplier, loss=loss(math.log10(multiplier)))
"""
FALLS = """
say("progress", stage="testing rates", total=300)
for seed in range(wanted["seeds"]):
    for update in range(wanted["updates"]):
        point(seed, update, lambda x: 2.3 - 2 / (1 + math.exp(-6 * x)) + max(x - 1, 0) ** 2)
say("end", reason="finished", metrics={"group": wanted["group"]})
"""
FLAT = FALLS.replace("2.3 - 2 / (1 + math.exp(-6 * x)) + max(x - 1, 0) ** 2", "2.3")
WAITS = "point(0, 0, abs); sys.stdin.buffer.readline(); say('end', reason='stopped', metrics={})"
FAILS = "say('error', message='The data ended.'); say('end', reason='failed', metrics={})"


class Bench(TrialBench):
    prelude = PRELUDE + POINTS

    def __init__(self, design: Design, qapp: QApplication, qtbot: QtBot) -> None:
        super().__init__(Workspace(Store(design), Theme(qapp)), qtbot, FALLS)
        self.page = RatePage(self.workspace, self.runner)
        qtbot.addWidget(self.page)
        self.page.resize(760, 260)
        self.page.show()

    def run(self, body: str) -> None:
        self.body = body
        self.click(self.page.run_button)

    def finish(self) -> None:
        self._qtbot.waitUntil(lambda: not self.runner.running, timeout=10_000)


@pytest.fixture
def bench(
    design: Design, qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "data"))
    made = Bench(design, qapp, qtbot)
    yield made
    made.close()


def test_a_suggested_rate_is_taken_over_as_one_edit_and_not_before(bench: Bench, design: Design) -> None:
    bench.run(FALLS)
    bench.finish()
    assert bench.workspace.design is design
    assert "times the planned rates" in bench.page.words.text()
    assert bench.page.chart.suggested.isVisible()
    assert bench.page.use.text().startswith("Use × ")
    multiple = float(bench.page.use.text().removeprefix("Use × "))
    assert 0.3 < multiple < 3
    bench.click(bench.page.use)
    for before, after in zip(design.groups, bench.workspace.design.groups, strict=True):
        assert after.lr.base == pytest.approx(before.lr.base * multiple, rel=1e-2)
    bench.workspace.store.undo()
    assert bench.workspace.design is design


def test_one_group_alone_can_be_tested(bench: Bench, design: Design) -> None:
    name = design.groups[1].name
    bench.page.group.setCurrentIndex(2)
    bench.run(FALLS)
    bench.finish()
    bench.click(bench.page.use)
    first, second = bench.workspace.design.groups[:2]
    assert first == design.groups[0]
    assert second.name == name
    assert second.lr.base != design.groups[1].lr.base


def test_where_nothing_stands_out_nothing_can_be_used(bench: Bench) -> None:
    bench.run(FLAT)
    bench.finish()
    assert bench.page.words.text().startswith("No suggestion: The loss hardly fell")
    assert not bench.page.use.isEnabled()
    assert not bench.page.chart.suggested.isVisible()


def test_it_can_be_stopped_and_no_trial_starts_meanwhile(bench: Bench, qtbot: QtBot) -> None:
    bench.run(WAITS)
    qtbot.waitUntil(lambda: bool(bench.page._points), timeout=10_000)
    assert bench.page.run_button.text() == "Stop"
    assert not bench.runner.run()
    assert bench.notices == ["A trial is still running; the next can start when it has ended."]
    bench.click(bench.page.run_button)
    bench.finish()
    assert bench.page.run_button.text() == "Test rates"


def test_a_failure_is_told_and_the_test_is_in_the_history(bench: Bench) -> None:
    bench.run(FAILS)
    bench.finish()
    assert bench.page.words.text() == "The data ended."
    assert bench.runner.kept(10)
    with TrialHistory() as history:
        assert [(trial.kind, trial.state) for trial in history.trials()] == [("range-test", "failed")]
