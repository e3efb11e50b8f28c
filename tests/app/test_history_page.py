"""The page of kept trials, over a store with real trials in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from lrdesigner.document import Design
from lrdesigner.jobs.protocol import Metrics, RangePoint
from lrdesigner.jobs.reader import Outcome
from lrdesigner.store import Store
from lrdesigner.trials.history.recording import TrialRecorder
from lrdesigner.trials.history.reopened import trial_to_keep
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import RangeOptions, TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.processes import SpareChild
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial import TrialRunner
from lrdesigner_app.trial.history_page import HistoryPage
from lrdesigner_app.trial.history_rows import TITLE
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


def show(page: HistoryPage, qtbot: QtBot) -> None:
    page.show()
    settle(page, qtbot)


def settle(page: HistoryPage, qtbot: QtBot) -> None:
    """Wait until nothing is read or written any more."""
    parts = (page._listing, page._drawing, page._opening, page._writing)
    qtbot.waitUntil(lambda: not any(part.busy or part._timer.isActive() for part in parts), timeout=20_000)


def select(page: HistoryPage, *rows: int) -> None:
    page.rows.clearSelection()
    for row in rows:
        page.rows.setCurrentItem(page.rows.topLevelItem(row), 0, QItemSelectionModel.SelectionFlag.Select)


def click(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]


def test_without_trials_the_page_says_what_to_do(page: HistoryPage, qtbot: QtBot) -> None:
    show(page, qtbot)
    assert page.list.empty.isVisible()
    assert "of this design" in page.list.empty.text()
    assert "run one" in page.list.empty.text()
    click(page.everything)
    settle(page, qtbot)
    assert page.list.empty.text().startswith("No trial was kept yet")
    assert not page.show_one.isEnabled()
    assert not page.delete.isEnabled()


def test_trials_are_listed_the_newest_first_and_shown_as_they_were(
    page: HistoryPage, design: Design, qtbot: QtBot
) -> None:
    keep(design, [2.0, 1.0])
    newest = keep(design, [3.0, 2.0, 0.25])
    show(page, qtbot)
    first = page.rows.topLevelItem(0)
    assert first is not None
    assert [first.text(column) for column in (2, 3, 4, 5, 6)] == ["3", "demo", "0.25", "50.0 %", "finished"]
    select(page, 0)
    assert page.rows.chosen == [newest]
    with qtbot.waitSignal(page._workspace.signals.trial_changed) as shown:
        click(page.show_one)
    record = shown.args[0]
    assert isinstance(record, TrialRecord)
    assert record.losses.array.tolist() == [3.0, 2.0, 0.25]
    assert record.design == design
    assert record.state == "finished"


def test_several_trials_are_drawn_over_each_other(page: HistoryPage, design: Design, qtbot: QtBot) -> None:
    keep(design, [2.0, 1.0])
    keep(design, [3.0, 2.0, 0.25])
    show(page, qtbot)
    select(page, 0)
    assert not page.compared.isVisible()
    select(page, 0, 1)
    settle(page, qtbot)
    assert page.compared.isVisible()
    assert [len(line.getData()[0]) for line in page.compared._lines] == [3, 2]
    assert "1.&nbsp;demo:lenet:&nbsp;" in page.compared.legend.text()
    assert not page.show_one.isEnabled()
    assert page.board.isEnabled()


def test_deleting_asks_once_more(page: HistoryPage, design: Design, qtbot: QtBot) -> None:
    keep(design, [2.0, 1.0])
    show(page, qtbot)
    select(page, 0)
    click(page.delete)
    assert page.delete.text() == "Really delete 1?"
    assert page.rows.topLevelItemCount() == 1
    click(page.delete)
    settle(page, qtbot)
    settle(page, qtbot)
    assert page.rows.topLevelItemCount() == 0
    with TrialHistory() as history:
        assert history.trials() == []


def test_the_design_is_opened_as_it_was_and_its_numbers_are_written(
    page: HistoryPage, design: Design, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(design, [2.0, 1.0])
    show(page, qtbot)
    select(page, 0)
    with qtbot.waitSignal(page._workspace.signals.design_offered) as offered:
        click(page.design)
    assert offered.args[0] == design
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "t.csv"), ""))
    click(page.csv)
    settle(page, qtbot)
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 3


def test_a_trial_is_run_again_with_its_options(
    page: HistoryPage, design: Design, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(design, [2.0, 1.0], seed=7)
    asked: list[TrialOptions] = []
    monkeypatch.setattr(page._runner, "run", asked.append)
    show(page, qtbot)
    select(page, 0)
    click(page.again)
    settle(page, qtbot)
    assert asked == [TrialOptions(seed=7, steps=2)]


def test_a_store_that_cannot_be_read_is_told_and_the_page_stands(
    page: HistoryPage, qtbot: QtBot, tmp_path: Path
) -> None:
    told: list[str] = []
    page._workspace.signals.notice_posted.connect(lambda notice: told.append(notice.text))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trials.sqlite3").write_text("no database at all, but text")
    show(page, qtbot)
    assert len(told) == 1
    assert "trials.sqlite3" in told[0]
    assert page.list.empty.text() == told[0]


@pytest.fixture
def locked(design: Design, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A store of one trial that another program holds until it rolls back."""
    keep(design, [2.0, 1.0])
    other = sqlite3.connect(tmp_path / "data" / "trials.sqlite3", isolation_level=None)
    yield other
    other.close()


def lock(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")


def test_a_locked_store_holds_up_neither_the_window_nor_what_was_asked(
    page: HistoryPage, locked: sqlite3.Connection, qtbot: QtBot
) -> None:
    show(page, qtbot)
    select(page, 0)
    lock(locked)
    click(page.delete)
    click(page.delete)
    assert page._writing.busy  # and the click has returned
    qtbot.waitUntil(page.bar.isVisible, timeout=10_000)
    QTest.keyClicks(page.list.filter, "nowhere")
    qtbot.waitUntil(page.list.empty.isVisible)
    locked.execute("ROLLBACK")
    QTest.keyClick(page.list.filter, Qt.Key.Key_Escape)
    settle(page, qtbot)
    settle(page, qtbot)
    assert not page.bar.isVisible()
    assert page.rows.topLevelItemCount() == 0


def test_what_was_read_for_a_page_that_is_left_is_dropped(page: HistoryPage, design: Design, qtbot: QtBot) -> None:
    keep(design, [2.0, 1.0])
    show(page, qtbot)
    select(page, 0)
    shown: list[TrialRecord] = []
    page._workspace.signals.trial_changed.connect(shown.append)
    click(page.show_one)
    page.hide()
    settle(page, qtbot)
    assert not shown
    page.show()
    page.hide()
    settle(page, qtbot)
    show(page, qtbot)
    click(page.show_one)
    qtbot.waitUntil(lambda: len(shown) == 1)


def test_the_filter_finds_while_typing_and_esc_clears_it(page: HistoryPage, design: Design, qtbot: QtBot) -> None:
    first, second = keep(design, [2.0, 1.0]), keep(design, [3.0])
    with TrialHistory() as history:
        history.rename(first, "slow warm-up")
    show(page, qtbot)
    QTest.keyClicks(page.list.filter, "WARM finished")
    qtbot.waitUntil(lambda: page.rows.topLevelItemCount() == 1)
    QTest.keyClicks(page.list.filter, " nowhere")
    qtbot.waitUntil(page.list.empty.isVisible)
    assert page.list.empty.text().startswith("Nothing matches “WARM finished nowhere”")
    QTest.keyClick(page.list.filter, Qt.Key.Key_Escape)
    assert page.list.filter.text() == ""
    assert page.rows.topLevelItemCount() == 2
    page.rows.selectAll()
    assert page.rows.chosen == [second, first]


def test_a_trial_is_shown_and_deleted_by_keys(page: HistoryPage, design: Design, qtbot: QtBot) -> None:
    keep(design, [2.0, 1.0])
    show(page, qtbot)
    select(page, 0)
    with qtbot.waitSignal(page._workspace.signals.trial_changed):
        QTest.keyClick(page.rows, Qt.Key.Key_Return)
    QTest.keyClick(page.rows, Qt.Key.Key_Delete)
    assert page.delete.text() == "Really delete 1?"
    QTest.keyClick(page.rows, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: page.rows.topLevelItemCount() == 0)


def told(page: HistoryPage) -> list[str]:
    row = page.rows.topLevelItem(0)
    assert row is not None
    return [row.text(column) for column in range(row.columnCount())]


def title_editor(page: HistoryPage, qtbot: QtBot) -> QLineEdit:
    qtbot.waitUntil(lambda: bool(page.rows.viewport().findChildren(QLineEdit)))
    (editor,) = page.rows.viewport().findChildren(QLineEdit)
    return editor


def test_f2_and_a_double_click_on_the_title_rename_a_trial(page: HistoryPage, design: Design, qtbot: QtBot) -> None:
    trial = keep(design, [2.0, 1.0])
    show(page, qtbot)
    select(page, 0)
    shown: list[TrialRecord] = []
    page._workspace.signals.trial_changed.connect(shown.append)
    QTest.keyClick(page.rows, Qt.Key.Key_F2)
    editor = title_editor(page, qtbot)
    page.refresh()  # a trial that ends meanwhile does not take the editor away
    settle(page, qtbot)
    QTest.keyClicks(editor, "the good one")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: told(page)[TITLE] == "the good one")
    with TrialHistory() as history:
        assert history.trial(trial).title == "the good one"
    item = page.rows.topLevelItem(0)
    assert item is not None
    place = page.rows.visualItemRect(item).center()
    place.setX(page.rows.columnViewportPosition(TITLE) + 8)
    for press in (QTest.mouseClick, QTest.mouseDClick):
        press(page.rows.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    editor = title_editor(page, qtbot)
    QTest.keyClicks(editor, "not this")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    settle(page, qtbot)
    assert told(page)[TITLE] == "the good one"
    assert not shown  # Enter was for the editor, and the double click for the title


def test_a_kept_range_test_is_drawn_again_and_written_as_csv(
    page: HistoryPage, design: Design, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = TrialRecorder(trial_to_keep(design, None, "# code", TrialOptions(), RangeOptions(seeds=1)))
    for update in range(40):
        recorder.take(RangePoint(0, update, 1e-3 * 1.4**update, 2.3 - 2 / (1 + 1.5 ** (20 - update))))
    recorder.end(Outcome("finished", "Finished.", metrics={"points": 40}))
    assert recorder.wait(10)
    show(page, qtbot)
    assert told(page)[TITLE].endswith("range test")
    select(page, 0)
    qtbot.waitUntil(page.range_view.isVisible)
    assert len(page.range_view.chart.median.getData()[0]) == 40
    assert "times the planned rates" in page.range_view.words.text()
    assert not page.show_one.isEnabled()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "t.csv"), ""))
    click(page.csv)
    settle(page, qtbot)
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 41
    page.rows.clearSelection()
    assert not page.range_view.isVisible()


def test_long_curves_are_thinned_and_keep_their_extremes(page: HistoryPage, design: Design, qtbot: QtBot) -> None:
    losses = [2.0] * 6000
    losses[3000] = 500.0
    keep(design, losses)
    keep(design, [1.0, 2.0])
    show(page, qtbot)
    select(page, 0, 1)
    settle(page, qtbot)
    _, drawn = page.compared._lines[1].getData()
    assert len(drawn) <= 2000
    assert max(drawn) > 40  # the running mean of the one high loss
