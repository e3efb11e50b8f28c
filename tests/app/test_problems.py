"""The Problems tab with real clicks: places are shown, fixes mend."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.places import Place
from lrdesigner.schedules import REST, Length, Linear, Segment, Sequence
from lrdesigner_app.application import make_window
from lrdesigner_app.problems import ProblemsPanel
from lrdesigner_app.workspace import Workspace

JUMP = Sequence((Segment(Linear(1.0, 0.5), Length(100.0, "steps")), Segment(Linear(0.1, 0.1), REST)))


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> ProblemsPanel:
    made = ProblemsPanel(workspace)
    qtbot.addWidget(made)
    made.resize(800, 300)
    with qtbot.waitExposed(made):
        made.show()
    return made


def pressed(panel: ProblemsPanel, text: str, qtbot: QtBot) -> None:
    def found() -> list[QPushButton]:
        return [one for one in panel.findChildren(QPushButton) if one.text() == text and one.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1)  # rows are shown when they are laid out
    qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("by", ["Show", "place"])
def test_a_finding_without_a_fix_shows_its_place(
    workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot, by: str
) -> None:
    group = workspace.design.groups[1]
    workspace.select_group(workspace.design.groups[0].id)
    workspace.commit("Edit", edits.set_schedule, group.id, JUMP)
    panel.refresh()
    assert [(f.code, f.fix) for f in panel.findings] == [("jump-at-join", None)]
    asked: list[Place] = []
    workspace.signals.place_requested.connect(asked.append)
    pressed(panel, group.name if by == "place" else "Show", qtbot)
    assert workspace.selected_group.id == group.id
    assert [(place.slot, place.path) for place in asked] == [("lr", ())]


def test_a_fix_mends_and_can_be_undone(workspace: Workspace, panel: ProblemsPanel, qtbot: QtBot) -> None:
    before = workspace.design
    workspace.commit("Add", edits.add_group, "spare")
    panel.refresh()
    pressed(panel, "Remove spare", qtbot)
    assert workspace.design == before
    assert workspace.store.undo_label == "Remove spare"


def test_f8_goes_from_problem_to_problem_around_the_end(qapp: QApplication, qtbot: QtBot) -> None:
    window = make_window(qapp, demo_design())
    window.spare.close()
    with qtbot.waitExposed(window):
        window.show()
    workspace = window.workspace
    for group in workspace.design.groups[:2]:
        workspace.commit("Edit", edits.set_schedule, group.id, JUMP)
    names = [group.name for group in workspace.design.groups[:2]]
    seen = []
    for modifier in (Qt.KeyboardModifier.NoModifier,) * 3 + (Qt.KeyboardModifier.ShiftModifier,):
        qtbot.keyClick(window, Qt.Key.Key_F8, modifier)
        seen.append(workspace.selected_group.name)
    assert seen == [names[0], names[1], names[0], names[1]]
    assert window.tabs.currentWidget() is window.problems
    window.files.ask_about_unsaved = lambda: QMessageBox.StandardButton.Discard  # type: ignore[method-assign]
    window.close()
    window.deleteLater()
