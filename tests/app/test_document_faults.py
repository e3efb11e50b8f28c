"""A design file with faults in the window: it opens, says so, and is written only when the person saves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import encode, load, load_with_faults
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.problems.panel import MOST_ROWS


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    made = make_window(qapp, demo_design())
    yield from shown(made, qtbot)


def shown(made: MainWindow, qtbot: QtBot) -> Iterator[MainWindow]:
    made.spare.close()  # no child is wanted here
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.files.ask_about_unsaved = lambda: QMessageBox.StandardButton.Discard  # type: ignore[method-assign]
    made.close()
    made.deleteLater()


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """The demo, with a base lr and an epsilon of the head that cannot be."""
    raw: Any = json.loads(encode(demo_design()))
    raw["design"]["groups"][1]["lr"]["base"] = -3
    raw["design"]["groups"][1]["options"]["eps"] = "tiny"
    file = tmp_path / "net.lrd.json"
    file.write_text(json.dumps(raw))
    return file


def faults(window: MainWindow) -> list[str]:
    window.problems.refresh()
    return [finding.where for finding in window.problems.findings if finding.code == "file-fault"]


BOTH = ["group 'head', options", "group 'head', lr"]


def test_a_file_with_faults_opens_with_a_notice_and_its_problems(window: MainWindow, faulty: Path) -> None:
    assert window.files.open(faulty)
    assert [group.name for group in window.workspace.design.groups] == ["backbone", "head"]
    assert window.workspace.design.groups[0] == demo_design().groups[0]
    assert window.notices.text.text() == "2 faults in net.lrd.json were replaced by defaults; see Problems."
    assert window.notices.isVisible()
    assert "net[*]" in window.windowTitle()
    assert window.isWindowModified()
    assert faults(window) == BOTH
    assert window.tabs.tabText(1) == "Problems  2"
    assert "must be above 0, not -3" in window.problems.findings[1].message


def test_the_place_of_a_fault_selects_its_group(window: MainWindow, faulty: Path) -> None:
    window.files.open(faulty)
    window.problems.refresh()
    assert window.workspace.selected_group.name == "backbone"
    places = [found for found in window.problems.findChildren(QPushButton) if found.text() == BOTH[1]]
    places[0].click()
    assert window.workspace.selected_group.name == "head"


def test_an_edit_takes_its_fault_away_and_undo_brings_it_back(window: MainWindow, faulty: Path, qtbot: QtBot) -> None:
    window.files.open(faulty)
    assert faults(window) == BOTH
    window.workspace.commit("Base lr", edits.set_base_lr, 2, 0.01)
    qtbot.waitUntil(lambda: len(window.problems.findings) == 1, timeout=3000)
    assert faults(window) == BOTH[:1]
    window.workspace.store.undo()
    assert faults(window) == BOTH


def test_only_saving_writes_the_file_and_then_it_has_no_fault(window: MainWindow, faulty: Path, qtbot: QtBot) -> None:
    before = faulty.read_bytes()
    window.files.open(faulty)
    window.workspace.commit("Slower", edits.set_base_lr, 1, 1e-5)
    window.workspace.store.undo()
    assert window.workspace.store.modified
    assert faults(window) == BOTH
    assert faulty.read_bytes() == before
    window.action("save").trigger()
    qtbot.waitUntil(lambda: window.problems.findings == (), timeout=3000)
    assert load(faulty) == window.workspace.design
    assert not window.workspace.store.modified


def test_closing_asks_before_the_mended_design_is_lost(window: MainWindow, faulty: Path) -> None:
    window.files.open(faulty)
    asked = []
    window.files.ask_about_unsaved = (  # type: ignore[method-assign]
        lambda: asked.append(1) or QMessageBox.StandardButton.Cancel  # type: ignore[func-returns-value]
    )
    assert window.close() is False
    assert asked == [1]


def test_of_a_flood_of_faults_all_count_and_some_are_listed(window: MainWindow, faulty: Path) -> None:
    raw = json.loads(faulty.read_bytes())
    raw["design"]["groups"][1] |= {f"extra {number}": number for number in range(MOST_ROWS + 50)}
    faulty.write_text(json.dumps(raw))
    window.files.open(faulty)
    assert len(faults(window)) == MOST_ROWS + 52
    assert window.tabs.tabText(1) == f"Problems  {MOST_ROWS + 52}"
    assert [text.text() for text in window.problems.findChildren(QLabel)].count("52 more are not listed.") == 1


def test_another_design_has_no_faults_of_the_one_before(window: MainWindow, faulty: Path) -> None:
    window.files.open(faulty)
    window.files.replace_design(demo_design(), None)
    assert faults(window) == []
    assert not window.workspace.store.modified


def test_a_file_with_a_fault_named_at_the_start_opens_too(qapp: QApplication, qtbot: QtBot, faulty: Path) -> None:
    raw = json.loads(faulty.read_bytes())
    raw["design"]["groups"][1]["options"]["eps"] = 1e-8
    faulty.write_text(json.dumps(raw))
    for window in shown(make_window(qapp, load_with_faults(faulty), faulty), qtbot):
        assert window.notices.text.text() == "1 fault in net.lrd.json was replaced by a default; see Problems."
        assert window.files.path == faulty
        assert window.workspace.store.modified
        assert faults(window) == BOTH[1:]
