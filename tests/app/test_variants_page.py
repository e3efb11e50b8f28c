"""The page of variants, with a child that needs no torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from trial_bench import PRELUDE, TrialBench

from lrdesigner.document import Design
from lrdesigner.store import Store
from lrdesigner.trials.history.reopened import trial_options
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import TrialOptions
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.history_rows import TITLE, cells
from lrdesigner_app.trial.variants_page import VariantsPage
from lrdesigner_app.workspace import Workspace

TRAINS = """
rate = float(open(request["exported_file"]).read())
loss = abs(rate - 2e-3) * 1000 + request["options"]["seed"] / 100
for number in range(3):
    step(number, loss + 1 / (number + 1), everything=rate)
"""
ENDS = "say('end', reason='finished', metrics={'steps': 3, 'final_loss': loss, 'seconds': 0.1})"
WAITS = "sys.stdin.buffer.readline(); say('end', reason='stopped', metrics={'steps': 3})"


class Bench(TrialBench):
    prelude = PRELUDE + TRAINS

    def __init__(self, design: Design, qapp: QApplication, qtbot: QtBot) -> None:
        super().__init__(Workspace(Store(design), Theme(qapp)), qtbot, ENDS)
        self.page = VariantsPage(self.workspace, self.runner)
        qtbot.addWidget(self.page)
        self.page.resize(760, 260)
        self.page.show()

    def _export(self, design: Design, options: TrialOptions) -> str:
        return repr(design.groups[0].lr.base)

    def run(self, vary: str, seeds: int = 2) -> None:
        QTest.keyClicks(self.page.controls.vary, vary)
        self.page.controls.seeds.setText(str(seeds))
        self.click(self.page.run_button)

    def finish(self) -> None:
        self._qtbot.waitUntil(lambda: not self.page.sweep.running, timeout=20_000)

    def cells(self, column: int) -> list[str]:
        rows = (self.page.table.topLevelItem(row) for row in range(self.page.table.topLevelItemCount()))
        return [row.text(column) for row in rows if row is not None]


@pytest.fixture
def bench(
    design: Design, qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "data"))
    made = Bench(design, qapp, qtbot)
    yield made
    made.close()


def test_the_best_variant_stands_first_and_is_promoted_as_one_edit(bench: Bench, design: Design) -> None:
    bench.run("*.lr=2,8")
    bench.finish()
    assert bench.cells(0)[0] == "*.lr=2"
    assert bench.cells(1) == ["2 of 2"] * 3
    assert bench.cells(3)[bench.cells(0).index("*.lr=2")].startswith("-1")
    assert "*.lr=2 is best" in bench.page.words.text()
    assert bench.page.compared.isVisible()
    assert bench.workspace.design is design
    bench.page.table.setCurrentItem(bench.page.table.topLevelItem(0))
    bench.click(bench.page.promote)
    assert [g.lr.base for g in bench.workspace.design.groups] == pytest.approx([2 * g.lr.base for g in design.groups])
    bench.workspace.store.undo()
    assert bench.workspace.design is design
    assert bench.runner.kept(10)
    with TrialHistory() as history:
        kept = history.trials(kind="variant")
    assert sorted((trial.variant, trial.seed) for trial in kept if trial.variant != "design")[:2] == [
        ("*.lr=2", 0),
        ("*.lr=2", 1),
    ]
    assert len({trial.sweep for trial in kept}) == 1
    assert len({cells(trial)[TITLE] for trial in kept}) == 6  # variants and seeds can be told apart


def test_a_variant_keeps_its_colour_whatever_its_rank_becomes(bench: Bench) -> None:
    seen: dict[str, set[str]] = {}
    ranks = set()

    def look() -> None:
        ranks.add(tuple(bench.cells(0)))
        for colour, name in re.findall(r"color:(#\w+).*?&nbsp;(.*?):&nbsp;", bench.page.compared.legend.text()):
            seen.setdefault(name.replace("&nbsp;", " "), set()).add(colour)

    bench.page.sweep.changed.connect(look)
    bench.run("*.lr=8,2")
    bench.finish()
    look()
    assert len(ranks) > 1
    assert set(seen) == set(bench.cells(0))
    assert all(len(colours) == 1 for colours in seen.values())
    assert len(set.union(*seen.values())) == 3


def test_a_stop_keeps_what_ended_and_runs_no_more(bench: Bench, qtbot: QtBot) -> None:
    bench.body = WAITS
    bench.run("*.lr=2")
    qtbot.waitUntil(lambda: bench.runner.record is not None and len(bench.runner.record.losses) == 3, timeout=10_000)
    assert bench.page.run_button.text() == "Stop"
    bench.click(bench.page.run_button)
    bench.finish()
    assert bench.cells(1) == ["0 of 2", "0 of 2"]
    assert not bench.runner.running


def test_each_run_trains_on_the_data_and_with_the_options_that_are_typed(bench: Bench, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("def data(): ...")
    controls = bench.page.controls
    bench.click(controls.unfold)
    assert controls.options.isVisible()
    controls.data_field.combo.setCurrentIndex(controls.data_field.combo.findText("Function of mine…"))
    QTest.keyClicks(controls.data_field.own, f"{mine}:data")
    controls.options.numbers["seed"].setText("7")
    controls.options.numbers["batch_size"].setText("8")
    QTest.mouseClick(controls.whole, Qt.MouseButton.LeftButton)
    QTest.keyClicks(controls.budget, "20")
    bench.run("*.lr=2")
    assert not controls.options.isEnabled()
    bench.finish()
    assert "the whole schedule, compressed" in bench.page.words.text()
    assert bench.runner.kept(10)
    with TrialHistory() as history:
        kept = [trial_options(trial) for trial in history.trials(kind="variant")]
    assert sorted(options.seed for options in kept) == [7, 7, 8, 8]
    assert {(one.data, one.batch_size, one.whole, one.steps) for one in kept} == {(f"{mine}:data", 8, True, 20)}


def test_a_wrong_option_is_shown_and_marked_and_nothing_runs(bench: Bench) -> None:
    controls = bench.page.controls
    controls.options.numbers["accumulation"].setText("none")
    bench.run("*.lr=2")
    assert controls.options.isVisible()
    assert controls.options.numbers["accumulation"].property("invalid") == "true"
    assert "Accumulation" in bench.notices[0]
    assert not bench.page.sweep.running


@pytest.mark.parametrize(("text", "told"), [("", "Say what varies"), ("nose.lr=1", "nose"), ("*.lr", "*.lr")])
def test_what_cannot_vary_is_told_and_nothing_runs(bench: Bench, text: str, told: str) -> None:
    bench.run(text)
    assert told in bench.notices[0]
    assert not bench.runner.running
