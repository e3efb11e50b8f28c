"""The results of a folder in the window: opened, followed while others write them, and taken over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from sweep_cases import Stub
from trial_bench import TrialBench

from lrdesigner import edits
from lrdesigner.child.run_files import RunFile
from lrdesigner.document import Design
from lrdesigner.store import Store
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.pool import Pool
from lrdesigner.trials.slots import Slot
from lrdesigner.trials.sweep_files import PlannedRun, SweepFacts, planned_runs, run_file, write_facts
from lrdesigner.trials.variants import runs_of, variants_of, varied
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.variants_page import VariantsPage
from lrdesigner_app.workspace import Workspace


class Bench(TrialBench):
    def __init__(self, design: Design, qapp: QApplication, qtbot: QtBot, patch: pytest.MonkeyPatch) -> None:
        super().__init__(Workspace(Store(design), Theme(qapp)), qtbot, "")
        self._patch = patch
        self.page = VariantsPage(self.workspace, self.runner)
        qtbot.addWidget(self.page)
        self.page.resize(900, 300)
        self.page.show()

    def open(self, folder: Path) -> None:
        self._patch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
        self.pick(0)

    def pick(self, place: int) -> None:
        """Press the button of the folders and choose an entry of its menu, which has a loop of its own."""
        menu = self.page.folders.folders.menu()

        def choose() -> None:
            centre = menu.actionGeometry(menu.actions()[place]).center()
            QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=centre)

        QTimer.singleShot(100, choose)
        self.click(self.page.folders.folders)

    def until_told(self, text: str) -> None:
        self._qtbot.waitUntil(lambda: text in self.page.words.text(), timeout=20_000)

    def until_noticed(self, text: str) -> None:
        self._qtbot.waitUntil(lambda: any(text in told for told in self.notices), timeout=20_000)

    def rows(self) -> list[tuple[str, str]]:
        items = (self.page.table.topLevelItem(row) for row in range(self.page.table.topLevelItemCount()))
        return [(row.text(0), row.text(1)) for row in items if row is not None]

    def choose(self, name: str) -> None:
        [row] = [at for at, (found, _) in enumerate(self.rows()) if found == name]
        self.page.table.setCurrentItem(self.page.table.topLevelItem(row))

    def close(self) -> None:
        self.page.followed.close()
        super().close()


@pytest.fixture
def bench(design: Design, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(design, qapp, qtbot, monkeypatch)
    yield made
    made.close()


def planned_in(folder: Path, design: Design) -> tuple[PlannedRun, ...]:
    """The design and one with twice its rates, with two seeds each."""
    variants = (varied(design, {}), *variants_of({"": design}, ["*.lr=2"]))
    runs = runs_of(variants, TrialOptions(steps=2), 2)
    planned = planned_runs(runs, folder)
    write_facts(folder, SweepFacts("as designed", design.plan.total_steps, len(runs)))
    return planned


def do(folder: Path, planned: tuple[PlannedRun, ...]) -> None:
    Pool(folder, (Slot("slot 1"),), run=Stub()).run(planned)


def test_a_folder_is_followed_until_all_of_its_runs_have_ended(bench: Bench, design: Design, tmp_path: Path) -> None:
    planned = planned_in(tmp_path, design)
    bench.open(tmp_path)
    bench.until_told("0 of 4 runs have ended")
    assert bench.page.folders.stop.isVisible()
    do(tmp_path, planned[:2])
    bench.until_told("2 of 4 runs have ended")
    assert dict(bench.rows()) == {"as designed": "1 of 1", "*.lr=2": "1 of 1"}
    assert bench.page.compared.isVisible()
    do(tmp_path, planned[2:])
    bench.until_told("4 of 4 runs have ended")
    assert "is best" in bench.page.words.text()
    assert not bench.page.folders.stop.isVisible()
    assert not bench.notices


def test_losses_of_a_run_are_drawn_before_it_has_ended(bench: Bench, design: Design, tmp_path: Path) -> None:
    planned = planned_in(tmp_path, design)
    files = [run_file(tmp_path, one) for one in planned[:2]]
    for file in files:
        file.add_line(b'{"kind":"metrics","step":0,"loss":2.0,"lr":{}}')
    bench.open(tmp_path)
    bench.until_told("0 of 4")
    assert {name: list(curve.smoothed.array) for name, curve in bench.page.followed.records.items()} == {
        "as designed": [2.0],
        "*.lr=2": [2.0],
    }
    assert bench.page.compared.isVisible()
    for file in files:
        file.close()


def test_a_variant_is_promoted_as_one_edit(bench: Bench, design: Design, tmp_path: Path, qtbot: QtBot) -> None:
    do(tmp_path, planned_in(tmp_path, design))
    bench.open(tmp_path)
    bench.until_told("4 of 4")
    bench.choose("*.lr=2")
    qtbot.waitUntil(bench.page.promote.isEnabled, timeout=20_000)
    bench.click(bench.page.promote)
    twice = [2 * group.lr.base for group in design.groups]
    assert [group.lr.base for group in bench.workspace.design.groups] == pytest.approx(twice)
    bench.workspace.store.undo()
    assert bench.workspace.design is design
    bench.choose("as designed")
    qtbot.waitUntil(lambda: "already" in bench.page.promote.toolTip(), timeout=20_000)
    assert not bench.page.promote.isEnabled()


@pytest.mark.parametrize("exported", [True, False])
def test_of_another_design_the_exported_file_gives_the_variant(
    bench: Bench, design: Design, tmp_path: Path, qtbot: QtBot, exported: bool
) -> None:
    folder = tmp_path / "sweep"
    do(folder, planned_in(folder, edits.set_base_lr(design, 1, 0.125)))
    if not exported:
        shutil.rmtree(folder / "exports")
    bench.open(folder)
    bench.until_told("4 of 4")
    bench.choose("*.lr=2")
    if exported:
        qtbot.waitUntil(bench.page.promote.isEnabled, timeout=20_000)
        bench.click(bench.page.promote)
        assert bench.workspace.design.group(1).lr.base == 0.25
        assert bench.workspace.design.model == design.model
    else:
        qtbot.waitUntil(lambda: "cannot be read" in bench.page.promote.toolTip(), timeout=20_000)
        assert not bench.page.promote.isEnabled()


def test_a_variant_of_another_model_is_refused_with_the_reason(
    bench: Bench, design: Design, tmp_path: Path, qtbot: QtBot
) -> None:
    inventory = design.model.inventory
    other = replace(design.model, inventory=replace(inventory, modules=inventory.modules[:-1]))
    do(tmp_path, planned_in(tmp_path, design))
    bench.workspace.store.open(replace(design, model=other))
    bench.open(tmp_path)
    bench.until_told("4 of 4")
    bench.choose("*.lr=2")
    qtbot.waitUntil(lambda: "another model" in bench.page.promote.toolTip(), timeout=20_000)
    assert not bench.page.promote.isEnabled()


def test_a_foreign_folder_is_refused_and_what_is_shown_stays(bench: Bench, design: Design, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    do(folder, planned_in(folder, design))
    bench.open(folder)
    bench.until_told("4 of 4")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "other.jsonl").write_text('{"task": "hellaswag"}\n')
    bench.open(tmp_path)
    bench.until_noticed("holds no results of a sweep")
    assert "4 of 4" in bench.page.words.text()
    assert len(bench.rows()) == 2


def test_the_selected_variant_stays_selected_while_results_come(bench: Bench, design: Design, tmp_path: Path) -> None:
    planned = planned_in(tmp_path, design)
    do(tmp_path, planned[:2])
    bench.open(tmp_path)
    bench.until_told("2 of 4")
    bench.choose("*.lr=2")
    do(tmp_path, planned[2:])
    bench.until_told("4 of 4")
    assert [item.text(0) for item in bench.page.table.selectedItems()] == ["*.lr=2"]
    current = bench.page.table.currentItem()
    assert current is not None
    assert current.text(0) == "*.lr=2"


def test_damaged_lines_are_told_once_and_cost_nothing_else(bench: Bench, design: Design, tmp_path: Path) -> None:
    do(tmp_path, planned_in(tmp_path, design))
    damaged = RunFile(str(tmp_path), "damaged")
    damaged.begin({"id": "damaged", "label": "*.lr=2", "seed": 7})
    damaged.add_line(b"\xff\x00 no json")
    damaged.add_line(b"[" * 100_000)
    damaged.add_line(b'{"kind":"metrics","step":0,"loss":2.0,"lr":{}}')
    damaged.close()
    bench.open(tmp_path)
    bench.until_noticed("Line 2 of damaged.jsonl cannot be read")
    bench.until_told("Line 2 of damaged.jsonl")
    assert dict(bench.rows()) == {"as designed": "2 of 2", "*.lr=2": "2 of 3"}
    assert len(bench.notices) == 1


def test_a_folder_that_vanishes_is_told_and_what_was_read_stays(bench: Bench, design: Design, tmp_path: Path) -> None:
    folder, away = tmp_path / "sweep", tmp_path / "away"
    planned = planned_in(folder, design)
    do(folder, planned[:2])
    bench.open(folder)
    bench.until_told("2 of 4")
    folder.rename(away)
    bench.until_noticed("is not there any more")
    assert len(bench.rows()) == 2
    do(away, planned[2:])
    away.rename(folder)
    bench.until_told("4 of 4")
    assert "not there" not in bench.page.words.text()


def test_following_is_stopped_by_a_button_and_by_the_window_that_closes(
    bench: Bench, design: Design, tmp_path: Path, qtbot: QtBot
) -> None:
    planned_in(tmp_path, design)
    bench.open(tmp_path)
    bench.until_told("0 of 4")
    bench.click(bench.page.folders.stop)
    assert "not followed any more" in bench.page.words.text()
    assert not bench.page.folders.stop.isVisible()
    watch = bench.page.followed._watch
    assert watch is not None
    bench.workspace.signals.window_closed.emit()
    assert watch.wait(20)


def test_a_folder_that_is_closed_gives_the_page_back(bench: Bench, design: Design, tmp_path: Path) -> None:
    assert not bench.page.folders.shut.isEnabled()
    do(tmp_path, planned_in(tmp_path, design))
    bench.open(tmp_path)
    bench.until_told("4 of 4")
    bench.pick(2)
    bench.until_told("Several fields")
    assert not bench.rows()
    assert not bench.page.compared.isVisible()


def test_variants_that_run_here_take_the_place_of_a_folder(bench: Bench, design: Design, tmp_path: Path) -> None:
    planned_in(tmp_path, design)
    bench.open(tmp_path)
    bench.until_told("0 of 4")
    QTest.keyClicks(bench.page.controls.vary, "*.lr=4")
    bench.click(bench.page.run_button)
    assert not bench.page.followed.shown
    assert not bench.page.folders.results.isEnabled()
    assert bench.rows()[0] == ("as designed", "0 of 3")


def test_a_bundle_is_written_and_followed_at_once(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundle"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(folder), ""))
    bench.pick(1)
    bench.until_noticed("Say what varies")
    QTest.keyClicks(bench.page.controls.vary, "*.lr=2")
    bench.pick(1)
    bench.until_told("bundle: 0 of 6 runs have ended")
    assert len((folder / "variants.jsonl").read_text().splitlines()) == 6
    assert any(f"python {folder}/run.py" in told for told in bench.notices)
    bench.pick(1)
    bench.until_noticed("is not empty")
