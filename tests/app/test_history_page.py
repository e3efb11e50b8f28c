"""The page of kept trials, over a store with real trials in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from lrdesigner.document import Design
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.jobs.reader import Outcome
from lrdesigner.store import Store
from lrdesigner.trials.history.recording import TrialRecorder
from lrdesigner.trials.history.reopened import trial_to_keep
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.processes import SpareChild
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial import TrialRunner
from lrdesigner_app.trial.history_page import HistoryPage
from lrdesigner_app.workspace import Workspace


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRDESIGNER_DATA_DIR", str(tmp_path / "data"))


def keep(design: Design, losses: list[float], seed: int = 0) -> str:
    recorder = TrialRecorder(trial_to_keep(design, None, "# code", TrialOptions(seed=seed, steps=len(losses))))
    for step, loss in enumerate(losses):
        recorder.take(Metrics(step, loss, {"everything": 1e-3}))
    recorder.end(Outcome("finished", "Finished.", metrics={"final_loss": losses[-1], "test_accuracy": 0.5}))
    assert recorder.wait(10)
    return recorder.id


@pytest.fixture
def page(design: Design, qapp: QApplication, qtbot: QtBot) -> Iterator[HistoryPage]:
    workspace = Workspace(Store(design), Theme(qapp))
    spare = SpareChild(None)
    made = HistoryPage(workspace, TrialRunner(workspace, spare, lambda design, options: "# exported"))
    qtbot.addWidget(made)
    yield made
    spare.close()


def select(page: HistoryPage, *rows: int) -> None:
    page.rows.clearSelection()
    for row in rows:
        page.rows.setCurrentItem(page.rows.topLevelItem(row), 0, QItemSelectionModel.SelectionFlag.Select)


def click(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]


def test_without_trials_the_page_says_what_to_do(page: HistoryPage) -> None:
    page.show()
    assert "run one" in page.words.text()
    assert not page.show_one.isEnabled()
    assert not page.delete.isEnabled()


def test_trials_are_listed_the_newest_first_and_shown_as_they_were(
    page: HistoryPage, design: Design, qtbot: QtBot
) -> None:
    keep(design, [2.0, 1.0])
    newest = keep(design, [3.0, 2.0, 0.25])
    page.show()
    first = page.rows.topLevelItem(0)
    assert first is not None
    assert [first.text(column) for column in (2, 3, 4, 5, 6)] == ["3", "demo", "0.25", "50.0%", "finished"]
    select(page, 0)
    assert page.rows.chosen == [newest]
    with qtbot.waitSignal(page._workspace.signals.trial_changed) as shown:
        click(page.show_one)
    record = shown.args[0]
    assert isinstance(record, TrialRecord)
    assert record.losses.array.tolist() == [3.0, 2.0, 0.25]
    assert record.design == design
    assert record.state == "finished"


def test_several_trials_are_drawn_over_each_other(page: HistoryPage, design: Design) -> None:
    keep(design, [2.0, 1.0])
    keep(design, [3.0, 2.0, 0.25])
    page.show()
    select(page, 0)
    assert not page.compared.isVisible()
    select(page, 0, 1)
    assert page.compared.isVisible()
    assert [len(line.getData()[0]) for line in page.compared._lines] == [3, 2]
    assert not page.show_one.isEnabled()
    assert page.board.isEnabled()


def test_deleting_asks_once_more(page: HistoryPage, design: Design) -> None:
    keep(design, [2.0, 1.0])
    page.show()
    select(page, 0)
    click(page.delete)
    assert page.delete.text() == "Really delete 1?"
    assert page.rows.topLevelItemCount() == 1
    click(page.delete)
    assert page.rows.topLevelItemCount() == 0
    with TrialHistory() as history:
        assert history.trials() == []


def test_the_design_is_opened_as_it_was_and_its_numbers_are_written(
    page: HistoryPage, design: Design, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(design, [2.0, 1.0])
    page.show()
    select(page, 0)
    with qtbot.waitSignal(page._workspace.signals.design_offered) as offered:
        click(page.design)
    assert offered.args[0] == design
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "t.csv"), ""))
    click(page.csv)
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 3


def test_a_trial_is_run_again_with_its_options(
    page: HistoryPage, design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(design, [2.0, 1.0], seed=7)
    asked: list[TrialOptions] = []
    monkeypatch.setattr(page._runner, "run", asked.append)
    page.show()
    select(page, 0)
    click(page.again)
    assert asked == [TrialOptions(seed=7, steps=2)]


def test_a_store_that_cannot_be_read_is_told_and_the_page_stands(page: HistoryPage, tmp_path: Path) -> None:
    told: list[str] = []
    page._workspace.signals.notice_posted.connect(lambda notice: told.append(notice.text))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trials.sqlite3").write_text("no database at all, but text")
    page.show()
    assert len(told) == 1
    assert "trials.sqlite3" in told[0]
