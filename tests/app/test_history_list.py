"""The list of edits leads to any of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.store import Change
from lrdesigner_app.history_list import HistoryList
from lrdesigner_app.workspace import Workspace


@pytest.fixture
def shown(workspace: Workspace, qtbot: QtBot) -> Iterator[HistoryList]:
    parent = QWidget()
    qtbot.addWidget(parent)
    first = workspace.design.groups[0].id
    for number in range(3):
        workspace.commit(f"Rename {number}", edits.rename_group, first, f"name {number}")
    made = HistoryList(workspace, parent)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    parent.deleteLater()


def _texts(shown: HistoryList) -> list[str]:
    return [shown.entries.index(row).data() for row in range(shown.entries.rowCount())]


def test_a_click_travels_to_an_edit_and_is_told_once(shown: HistoryList, workspace: Workspace) -> None:
    assert _texts(shown) == ["Start", "Rename 0", "Rename 1", "Rename 2"]
    assert shown.list.currentIndex().row() == 3
    told: list[Change] = []
    workspace.store.subscribe(told.append)
    place = shown.list.visualRect(shown.entries.index(1)).center()
    QTest.mouseClick(shown.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert workspace.design.groups[0].name == "name 0"
    assert [change.kind for change in told] == ["undo"]
    assert workspace.store.redo_label == "Rename 1"


def test_enter_goes_forward_again(shown: HistoryList, workspace: Workspace) -> None:
    workspace.store.travel_to(0)
    assert shown.list.currentIndex().row() == 0
    shown.list.setCurrentIndex(shown.entries.index(2))
    QTest.keyClick(shown.list, Qt.Key.Key_Return)
    assert workspace.design.groups[0].name == "name 1"
    assert workspace.store.history_place == 2


def test_another_edit_forgets_what_was_undone(shown: HistoryList, workspace: Workspace) -> None:
    workspace.store.travel_to(1)
    workspace.commit("Other", edits.rename_group, workspace.design.groups[0].id, "other")
    assert _texts(shown) == ["Start", "Rename 0", "Other"]


def test_what_is_only_tried_out_leaves_the_list_alone(shown: HistoryList, workspace: Workspace, qtbot: QtBot) -> None:
    first = workspace.design.groups[0].id
    with qtbot.assertNotEmitted(shown.entries.modelReset):
        workspace.preview("Rename", edits.rename_group, first, "tried")
        workspace.store.cancel()
    with qtbot.waitSignal(shown.entries.modelReset):
        workspace.commit("Rename 3", edits.rename_group, first, "name 3")
    assert _texts(shown)[-1] == "Rename 3"


def test_undone_edits_are_dim(shown: HistoryList, workspace: Workspace) -> None:
    workspace.store.travel_to(1)
    inks = [shown.entries.index(row).data(Qt.ItemDataRole.ForegroundRole) for row in range(4)]
    assert inks[:2] == [None, None]
    assert inks[2] == inks[3] == workspace.theme.colour("secondary")
