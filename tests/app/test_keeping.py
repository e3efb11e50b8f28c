"""Trials and range tests of the window on their way into the history: told when they lie there, or why they do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from trial_bench import TrialBench

from lrdesigner.document import Design
from lrdesigner.store import Store
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import RangeOptions, TrialOptions
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

TWO_STEPS = "step(0); step(1); end(steps=2)"
ONE_POINT = "say('range', seed=0, update=0, multiplier=0.1, loss=2.0); end(points=1)"


@pytest.fixture
def bench(design: Design, qapp: QApplication, qtbot: QtBot) -> Iterator[TrialBench]:
    made = TrialBench(Workspace(Store(design), Theme(qapp)), qtbot, TWO_STEPS)
    yield made
    made.close()


def start(bench: TrialBench, kind: str) -> None:
    if kind == "trial":
        bench.body = TWO_STEPS
        assert bench.runner.run(TrialOptions(steps=2))
    else:
        bench.body = ONE_POINT
        assert bench.runner.test_range(RangeOptions(updates=10, seeds=1)) is not None


@pytest.mark.parametrize("kind", ["trial", "range-test"])
def test_the_history_is_told_of_when_the_trial_lies_in_it(bench: TrialBench, qtbot: QtBot, kind: str) -> None:
    with qtbot.waitSignal(bench.workspace.signals.history_changed, timeout=20_000):
        start(bench, kind)
    with TrialHistory() as history:
        assert [(trial.kind, trial.state) for trial in history.trials()] == [(kind, "finished")]
    assert not bench.notices


@pytest.mark.parametrize("kind", ["trial", "range-test"])
def test_a_store_that_cannot_be_written_is_one_notice(
    bench: TrialBench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "file"))
    with qtbot.waitSignal(bench.workspace.signals.history_changed, timeout=20_000):
        start(bench, kind)
    (notice,) = bench.notices
    assert notice.startswith("The trial is not in the history: ")
    assert not bench.runner.running
