"""The Problems tab with real clicks: places are shown, fixes mend."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.places import Place
from lrdesigner.schedules import REST, Length, Linear, Segment, Sequence
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
