"""The Code tab: for what the code is written, and what happens to a design with errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.export import TARGETS, ExportOptions, export
from lrdesigner.schedules import REST, Absolute, Cosine, Length, Linear, Segment, Sequence
from lrdesigner_app.code_view import CodePanel
from lrdesigner_app.workspace import Workspace


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> CodePanel:
    made = CodePanel(workspace)
    qtbot.addWidget(made)
    made.resize(700, 260)
    with qtbot.waitExposed(made):
        made.show()
    made.refresh()
    return made


def choose(combo: QComboBox, value: str) -> None:
    """With the keyboard, one entry after the other."""
    while combo.currentData() != value:
        before = combo.currentIndex()
        QTest.keyClick(combo, Qt.Key.Key_Down)
        assert combo.currentIndex() != before


def spoil(workspace: Workspace) -> None:
    """A floor above the base value, which can be written but cannot be meant."""
    workspace.commit("", edits.set_schedule, workspace.design.groups[0].id, Cosine(Absolute(1.0)))


def test_every_target_and_form_can_be_chosen_and_is_shown(panel: CodePanel, workspace: Workspace) -> None:
    for target in TARGETS:
        choose(panel.kind.target, target)
        assert panel.source == export(workspace.design, ExportOptions(target))
    choose(panel.kind.form, "snippet")
    assert panel.source == export(workspace.design, ExportOptions(target, "snippet"))
    assert "def main()" not in panel.source


def test_a_script_trains_on_the_data_that_are_typed(panel: CodePanel) -> None:
    QTest.keyClicks(panel.kind.data, "my_data.py:train")
    QTest.keyClick(panel.kind.data, Qt.Key.Key_Return)
    assert "from my_data import train" in panel.source
    choose(panel.kind.form, "snippet")
    assert "my_data" not in panel.source
    assert not panel.kind.data.isEnabled()


def test_data_that_are_none_are_marked_and_the_last_ones_stay(panel: CodePanel) -> None:
    QTest.keyClicks(panel.kind.data, "my_data.py:train")
    QTest.keyClick(panel.kind.data, Qt.Key.Key_Return)
    QTest.keyClicks(panel.kind.data, "()")
    QTest.keyClick(panel.kind.data, Qt.Key.Key_Return)
    assert panel.kind.data.property("invalid") == "true"
    assert "FILE.py:FUNCTION" in panel.kind.data.toolTip()
    assert "from my_data import train" in panel.source
    QTest.keyClick(panel.kind.data, Qt.Key.Key_Backspace)
    assert panel.kind.data.property("invalid") == "false"


def test_what_is_saved_is_what_is_shown(panel: CodePanel, tmp_path: Path) -> None:
    choose(panel.kind.form, "snippet")
    panel.save(tmp_path / "rates.py")
    assert (tmp_path / "rates.py").read_text() == panel.source


def test_code_of_a_design_with_errors_says_so_and_is_taken_anyway_only(panel: CodePanel, workspace: Workspace) -> None:
    assert panel._copy.text() == "Copy"
    spoil(workspace)
    panel.refresh()
    assert "Floor is" in panel._status.text()
    assert panel._status.property("role") == "bad"
    assert "Written in spite of errors in the design:" in panel.source
    assert (panel._copy.text(), panel._save.text()) == ("Copy anyway", "Save anyway…")
    QTest.mouseClick(panel._copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == panel.source
    workspace.store.undo()
    panel.refresh()
    assert "in spite of" not in panel.source
    assert (panel._copy.text(), panel._save.text()) == ("Copy", "Save as…")


def test_a_model_whose_file_has_changed_is_told_until_it_is_loaded_again(
    panel: CodePanel, workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.mark_model("net.py")
    qtbot.waitUntil(lambda: "net.py has changed since the model was opened" in panel._status.text())
    assert "- model: net.py has changed" in panel.source
    workspace.mark_model("")
    qtbot.waitUntil(lambda: "net.py has changed" not in panel.source)


def test_the_form_of_the_schedules_is_told_with_its_reason_and_can_be_preferred(
    panel: CodePanel, workspace: Workspace
) -> None:
    warmed = Sequence((Segment(Linear(0.1, 1.0), Length(20, "steps")), Segment(Cosine(), REST)))
    for group in workspace.design.groups:
        workspace.commit("", edits.set_schedule, group.id, warmed)
    panel.refresh()
    assert "LambdaLR calls one function per shape. No class of torch: none draws the" in panel._status.text()
    assert not panel.kind.schedule.model().item(1).isEnabled()
    for group in workspace.design.groups:
        workspace.commit("", edits.set_schedule, group.id, Cosine())
    panel.refresh()
    assert "CosineAnnealingLR of torch draws what all groups share over all 450 steps." in panel._status.text()
    assert "CosineAnnealingLR(" in panel.source
    choose(panel.kind.schedule, "functions")
    assert panel.source == export(workspace.design, ExportOptions("torch", schedule_form="functions"))
    choose_back(panel.kind.schedule, "native")
    assert panel.source == export(workspace.design, ExportOptions("torch", schedule_form="native"))
    workspace.store.undo()
    panel.refresh()
    assert panel.kind.schedule.currentData() == "auto"
    assert panel.source == export(workspace.design)


def test_rates_can_be_tensors(panel: CodePanel, workspace: Workspace) -> None:
    panel.kind.schedule.setCurrentIndex(panel.kind.schedule.findData("tensors"))
    assert panel.source == export(workspace.design, ExportOptions(tensor_lr=True))


def choose_back(combo: QComboBox, value: str) -> None:
    while combo.currentData() != value:
        QTest.keyClick(combo, Qt.Key.Key_Up)
