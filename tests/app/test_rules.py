"""The list of rules: what it says, how rules are made, edited, ordered and removed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner.rule_edits import add_rule
from lrdesigner_app.model_tree import ModelTreePanel
from lrdesigner_app.notices import Notice
from lrdesigner_app.rules import RulesPanel
from lrdesigner_app.rules.rules_model import MIME, RulesModel
from lrdesigner_app.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
ALT = Qt.KeyboardModifier.AltModifier
MOVE = Qt.DropAction.MoveAction


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> RulesPanel:
    made = RulesPanel(workspace)
    qtbot.addWidget(made)
    made.resize(300, 240)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def ruled(panel: RulesPanel, workspace: Workspace) -> RulesPanel:
    """Two rules; the second has only what the first leaves."""
    workspace.commit("", add_rule, 2, "*.bias", "biases")
    workspace.commit("", add_rule, 1, "classifier.1")
    panel.select(0)
    return panel


def names(workspace: Workspace) -> list[str]:
    return [rule.name for rule in workspace.design.rules]


def type_query(panel: RulesPanel, text: str) -> None:
    assert panel.editor is not None
    panel.editor.query.selectAll()
    QTest.keyClicks(panel.editor.query, text)


def test_without_rules_one_line_says_what_they_are_for(panel: RulesPanel, workspace: Workspace) -> None:
    assert panel.empty.isVisible()
    assert "Make rule" in panel.empty.text()
    workspace.commit("", add_rule, 2, "*.bias")
    assert not panel.empty.isVisible()
    assert panel.view.isVisible()


def test_a_rule_says_how_much_it_fits_and_how_much_of_that_it_takes(ruled: RulesPanel, workspace: Workspace) -> None:
    workspace.commit("", add_rule, 2, "nothing.like.this")
    counts = [ruled.model.count(row) for row in range(3)]
    # features is pinned in this design: its biases are no rule's business
    assert [count.text for count in counts if count is not None] == ["3 of 5", "1 of 2", "0"]
    tip = ruled.model.index(1).data(Qt.ItemDataRole.ToolTipRole)
    assert "Fits 2 tensors, takes 1" in tip
    assert "Fits nothing" in ruled.model.index(2).data(Qt.ItemDataRole.ToolTipRole)
    spoken = ruled.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "biases, *.bias, for backbone, 3 of 5 tensors"


def test_the_item_model_keeps_the_contract_through_every_kind_of_change(workspace: Workspace) -> None:
    model = RulesModel(workspace)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    workspace.signals.design_changed.connect(model.follow)
    workspace.commit("", add_rule, 2, "*.bias")
    model.set_adding(True)
    workspace.preview("", add_rule, 2, "*.weight")
    assert model.rowCount() == 2
    workspace.store.cancel()
    model.set_adding(False)
    workspace.store.undo()
    assert (tester.model(), model.rowCount()) == (model, 0)


def test_plus_makes_a_rule_for_the_selected_group_in_one_undo_step(panel: RulesPanel, workspace: Workspace) -> None:
    before = workspace.design
    workspace.select_group(2)
    panel.add_button.click()
    assert panel.editor is not None
    assert "must all hold" in panel.editor.message.text()
    type_query(panel, "*.bias")
    assert workspace.store.committed is before
    assert names(workspace) == ["*.bias"]
    assert panel.editor.message.text().startswith("Fits 5 tensors, takes 3")
    QTest.keyClick(panel.editor.query, Qt.Key.Key_Return)
    assert panel.editor is None
    assert [rule.group for rule in workspace.store.committed.rules] == [2]
    assert workspace.store.undo_label == "New rule"
    workspace.store.undo()
    assert workspace.design is before
    assert panel.empty.isVisible()


def test_escape_leaves_no_new_rule_behind(panel: RulesPanel, workspace: Workspace) -> None:
    before = workspace.design
    panel.add_button.click()
    type_query(panel, "*.bias")
    assert panel.editor is not None
    QTest.keyClick(panel.editor.query, Qt.Key.Key_Escape)
    assert workspace.design is before
    assert (panel.editor, panel.model.rowCount()) == (None, 0)


def test_a_query_is_tried_while_typed_and_explained_where_it_cannot_be_read(
    ruled: RulesPanel, workspace: Workspace
) -> None:
    before = workspace.design
    QTest.keyClick(ruled.view, Qt.Key.Key_F2)
    assert ruled.editor is not None
    type_query(ruled, "*.weight")
    assert workspace.design.rules[0].where == "*.weight"
    type_query(ruled, "/(/")
    assert ruled.editor.message.property("role") == "bad"
    assert workspace.design is before
    QTest.keyClick(ruled.editor.query, Qt.Key.Key_Return)
    assert ruled.editor is not None, "a query that cannot be read is left to be mended"
    QTest.keyClick(ruled.editor.query, Qt.Key.Key_Escape)
    assert workspace.design is before
    assert ruled.view.hasFocus()


def test_query_and_name_are_edited_in_place(ruled: RulesPanel, workspace: Workspace) -> None:
    QTest.keyClick(ruled.view, Qt.Key.Key_F2)
    type_query(ruled, "ndim:1")
    assert ruled.editor is not None
    QTest.keyClick(ruled.editor.query, Qt.Key.Key_Tab)
    assert workspace.store.committed.rules[0].where == "ndim:1"
    assert workspace.store.undo_label == "What rule biases looks for"
    ruled.editor.name.setFocus()
    ruled.editor.name.selectAll()
    QTest.keyClicks(ruled.editor.name, "vectors")
    QTest.keyClick(ruled.editor.name, Qt.Key.Key_Return)
    assert names(workspace) == ["vectors", "classifier.1"]
    assert ruled.editor is None


def test_leaving_the_editor_keeps_what_was_typed(ruled: RulesPanel, workspace: Workspace, qtbot: QtBot) -> None:
    ruled.edit()
    type_query(ruled, "ndim:1")
    ruled.add_button.setFocus()
    qtbot.waitUntil(lambda: ruled.editor is None)
    assert workspace.store.committed.rules[0].where == "ndim:1"


def test_the_keys_of_the_list_do_not_reach_it_through_the_editor(ruled: RulesPanel) -> None:
    ruled.edit()
    assert ruled.editor is not None
    QTest.keyClick(ruled.editor.query, Qt.Key.Key_Down)
    assert ruled.row == 0


def test_number_keys_and_menu_give_a_rule_to_another_group(ruled: RulesPanel, workspace: Workspace) -> None:
    QTest.keyClick(ruled.view, Qt.Key.Key_1)
    assert workspace.design.rules[0].group == 1
    assert workspace.store.undo_label == "Rule biases for everything"
    menu = ruled.context_menu()
    groups = next(action.menu() for action in menu.actions() if action.text() == "Group")
    groups.actions()[1].trigger()
    assert workspace.design.rules[0].group == 2


def test_rules_are_moved_by_key_and_by_dragging(ruled: RulesPanel, workspace: Workspace) -> None:
    QTest.keyClick(ruled.view, Qt.Key.Key_Down, ALT)
    assert names(workspace) == ["classifier.1", "biases"]
    assert ruled.row == 1
    data = ruled.model.mimeData([ruled.model.index(1)])
    assert ruled.model.canDropMimeData(data, MOVE, 0, 0, QModelIndex())
    ruled.model.dropMimeData(data, MOVE, 0, 0, QModelIndex())
    assert names(workspace) == ["biases", "classifier.1"]
    assert ruled.row == 0
    assert workspace.store.undo_label == "Move rule biases"


@pytest.mark.parametrize("text", ["7", "x", ""])
def test_foreign_drags_move_nothing(ruled: RulesPanel, workspace: Workspace, text: str) -> None:
    data, before = QMimeData(), workspace.design
    data.setData(MIME, text.encode())
    assert not ruled.model.canDropMimeData(data, MOVE, 0, 0, QModelIndex())
    assert not ruled.model.dropMimeData(data, MOVE, 0, 0, QModelIndex())
    assert workspace.design is before


def test_delete_removes_and_the_notice_takes_it_back(ruled: RulesPanel, workspace: Workspace) -> None:
    notices: list[Notice] = []
    workspace.signals.notice_posted.connect(notices.append)
    before = workspace.design
    QTest.keyClick(ruled.view, Qt.Key.Key_Delete)
    assert names(workspace) == ["classifier.1"]
    assert notices[0].action is not None
    notices[0].action[1]()
    assert workspace.design is before


def test_show_in_tree_asks_for_the_rules_query(ruled: RulesPanel, workspace: Workspace) -> None:
    asked: list[str] = []
    workspace.signals.filter_requested.connect(asked.append)
    ruled.show_in_tree()
    workspace.signals.rule_shown.emit(1)
    ruled.show_in_tree()
    assert asked == ["*.bias", "classifier.1"]


def test_rules_are_painted_in_every_state_without_complaint(ruled: RulesPanel, workspace: Workspace) -> None:
    workspace.commit("", add_rule, 2, "a|" * 200 + "b", "n" * 60)
    ruled.resize(120, 200)
    ruled.edit()
    QApplication.processEvents()
    assert not ruled.grab().isNull()


def test_the_tree_marks_what_the_selected_rule_takes(ruled: RulesPanel, workspace: Workspace, qtbot: QtBot) -> None:
    tree = ModelTreePanel(workspace)
    qtbot.addWidget(tree)
    shares = dict.fromkeys(("", "classifier.1", "classifier.1.bias", "classifier.1.weight", "features"), "")

    def marked() -> list[str]:
        place = tree.view.marked_rule
        return [tree.model.share_of_rule(tree.model.index_of(path), place) for path in shares]

    assert marked() == ["none"] * 5
    QTest.mouseClick(ruled.view.viewport(), LEFT, pos=ruled.view.visualRect(ruled.model.index(1)).center())
    assert marked() == ["some", "some", "none", "all", "none"]
    QTest.keyClick(ruled.view, Qt.Key.Key_Up)
    assert marked() == ["some", "some", "all", "none", "none"]
    QTest.keyClick(ruled.view, Qt.Key.Key_Down, ALT)  # the rule is moved, and so are its marks
    assert tree.view.marked_rule == 1
    QTest.keyClick(ruled.view, Qt.Key.Key_Escape)
    assert marked() == ["none"] * 5
    assert ruled.row == -1


def test_the_marks_of_a_rule_go_when_rows_of_the_tree_are_selected(
    ruled: RulesPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    tree = ModelTreePanel(workspace)
    qtbot.addWidget(tree)
    tree.resize(300, 400)
    with qtbot.waitExposed(tree):
        tree.show()
    workspace.signals.rule_shown.emit(1)
    assert tree.view.marked_rule == 1
    tree.activateWindow()
    tree.view.setFocus()
    qtbot.waitUntil(tree.view.hasFocus)
    QTest.keyClick(tree.view, Qt.Key.Key_Down)
    assert tree.view.marked_rule is None
    workspace.commit("", add_rule, 2, "another")
    assert tree.view.marked_rule is None
