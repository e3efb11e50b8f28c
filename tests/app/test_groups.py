"""The group cards: what they say, how modules are dropped on them, and what their keys do."""

from __future__ import annotations

from typing import cast

import pytest
from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Model, new_design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner_app import dragging
from lrdesigner_app.groups import GroupsPanel
from lrdesigner_app.groups.cards_model import CardsModel
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import DARK, Theme
from lrdesigner_app.workspace import Workspace

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
COPY = Qt.DropAction.CopyAction
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> GroupsPanel:
    made = GroupsPanel(workspace)
    qtbot.addWidget(made)
    made.resize(330, 260)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def notices(workspace: Workspace) -> list[Notice]:
    found: list[Notice] = []
    workspace.signals.notice_posted.connect(found.append)
    return found


def foreign() -> QMimeData:
    data = QMimeData()
    data.setText("features")
    return data


def pins(workspace: Workspace) -> dict[str, int]:
    return {pin.path: pin.group for pin in workspace.design.pins}


def names(workspace: Workspace) -> list[str]:
    return [group.name for group in workspace.design.groups]


def select(panel: GroupsPanel, row: int) -> None:
    panel.view.setFocus()
    panel.view.setCurrentIndex(panel.model.index(row))


# What they say


def test_the_item_model_keeps_the_contract_through_every_kind_of_change(workspace: Workspace) -> None:
    model = CardsModel(workspace)
    tester = QAbstractItemModelTester(model, FATAL)
    workspace.signals.design_changed.connect(model.follow)
    workspace.commit("New", edits.add_group, "head", ["classifier.5"])
    workspace.commit("Move", edits.move_group, 3, 0)
    workspace.commit("Rename", edits.rename_group, 3, "top")
    workspace.commit("Remove", edits.remove_group, 3)
    workspace.store.undo()
    assert tester.model() is model
    assert model.ids == (3, 1, 2)


def test_cards_tell_amount_and_rate(panel: GroupsPanel, workspace: Workspace) -> None:
    workspace.commit("Rate", edits.set_base_lr, 2, 5e-4)
    assert panel.model.detail(panel.model.index(1)) == "2.87 K · lr 5e-4"
    assert panel.model.index(1).data() == "backbone"


def test_an_empty_group_says_so(panel: GroupsPanel, workspace: Workspace) -> None:
    workspace.commit("New", edits.add_group, "spare")
    assert panel.model.amount(panel.model.index(2)) == "no parameters"
    assert "drop modules here" in panel.model.index(2).data(Qt.ItemDataRole.ToolTipRole)


def test_frozen_parameters_are_told_apart(panel: GroupsPanel, workspace: Workspace) -> None:
    inventory = Inventory(
        (ModuleInfo("", "M"),),
        (ParameterInfo("a", (5,), "float32", 5, False), ParameterInfo("b", (7,), "float32", 7, True)),
    )
    workspace.store.open(edits.add_group(new_design(Model("m", {}, inventory)), "ice", ["a"]))
    assert [panel.model.amount(panel.model.index(row)) for row in (0, 1)] == ["7", "5 frozen"]
    assert "5 frozen ones" in panel.model.index(1).data(Qt.ItemDataRole.ToolTipRole)


def test_the_remainder_is_marked(panel: GroupsPanel) -> None:
    tips = [panel.model.index(row).data(Qt.ItemDataRole.ToolTipRole) for row in (0, 1)]
    assert ["Takes what no other group has" in tip for tip in tips] == [True, False]
    assert panel.model.takes_the_rest(panel.model.index(0))


def test_a_card_can_be_read_aloud(panel: GroupsPanel) -> None:
    role = Qt.ItemDataRole.AccessibleTextRole
    assert panel.model.index(1).data(role) == "backbone, 2.87 K parameters, lr 0.001, key 2"
    assert "takes what no other group has" in panel.model.index(0).data(role)
    assert panel.view.accessibleName() == "Groups"


def test_cards_are_told_to_repaint_only_for_what_they_show(panel: GroupsPanel, workspace: Workspace) -> None:
    told: list[int] = []
    panel.model.dataChanged.connect(lambda first, last: told.append(last.row()))
    workspace.store.mark_saved(workspace.design)
    assert told == []
    workspace.commit("Assign", edits.assign, ["classifier"], 2)
    assert told == [1]


# Selection


def test_choosing_a_card_selects_its_group_and_the_other_way_round(
    panel: GroupsPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    centre = panel.view.visualRect(panel.model.index(1)).center()
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=centre)
    assert workspace.selected_group.name == "backbone"
    workspace.select_group(1)
    assert panel.view.currentIndex().row() == 0


def test_the_selected_card_is_kept_when_the_order_changes(panel: GroupsPanel, workspace: Workspace) -> None:
    select(panel, 1)
    workspace.commit("Move", edits.move_group, 2, 0)
    assert panel.view.currentIndex().row() == 0
    assert workspace.selected_group.id == 2


# Drops


@pytest.mark.parametrize(
    ("row", "parent", "target"),
    [
        (-1, 0, 1),
        (-1, 1, 2),
        (0, None, 1),
        (1, None, 2),
        (2, None, 2),
        (-1, None, None),
        (5, None, None),
    ],
    ids=["on first", "on second", "above first", "above second", "below last", "empty ground", "out of range"],
)
def test_drop_places(
    panel: GroupsPanel, workspace: Workspace, row: int, parent: int | None, target: int | None
) -> None:
    outer = QModelIndex() if parent is None else panel.model.index(parent)
    data = dragging.encode(["classifier.1", "classifier.3"])
    assert panel.model.canDropMimeData(data, COPY, row, 0, outer) is (target is not None)
    assert not panel.model.canDropMimeData(foreign(), COPY, row, 0, outer)
    assert panel.model.dropMimeData(data, COPY, row, 0, outer) is (target is not None)
    assert pins(workspace).get("classifier.1") == target


def test_a_drop_is_one_labelled_undo_step(panel: GroupsPanel, workspace: Workspace) -> None:
    before = workspace.design
    panel.model.dropMimeData(dragging.encode(["classifier.1", "classifier.3"]), COPY, -1, -1, panel.model.index(1))
    assert workspace.store.undo_label == "Assign 2 modules to backbone"
    workspace.store.undo()
    assert workspace.design is before


def test_foreign_data_and_unknown_paths_change_nothing(
    panel: GroupsPanel, workspace: Workspace, notices: list[Notice]
) -> None:
    before = workspace.design
    assert not panel.model.dropMimeData(foreign(), COPY, -1, -1, panel.model.index(1))
    assert notices == []
    assert not panel.model.dropMimeData(dragging.encode(["gone"]), COPY, -1, -1, panel.model.index(1))
    assert [notice.tone for notice in notices] == ["bad"]
    assert workspace.design is before


class Drag:
    """A drag over a widget, event by event, as the window system would send it."""

    def __init__(self, target: QWidget, data: QMimeData) -> None:
        self.target, self.data = target, data

    def enter(self, at: QPoint) -> bool:
        event = QDragEnterEvent(at, COPY, self.data, LEFT, NO_KEYS)
        QApplication.sendEvent(self.target, event)
        return event.isAccepted()

    def move(self, at: QPoint) -> bool:
        event = QDragMoveEvent(at, COPY, self.data, LEFT, NO_KEYS)
        QApplication.sendEvent(self.target, event)
        return event.isAccepted()

    def drop(self, at: QPoint) -> bool:
        event = QDropEvent(QPointF(at), COPY, self.data, LEFT, NO_KEYS)
        QApplication.sendEvent(self.target, event)
        return event.isAccepted()

    def leave(self) -> None:
        QApplication.sendEvent(self.target, QDragLeaveEvent())


@pytest.mark.parametrize("place", ["top", "centre", "bottom", "left", "right"])
def test_a_drop_anywhere_on_a_card_counts(panel: GroupsPanel, workspace: Workspace, place: str) -> None:
    rect = panel.view.visualRect(panel.model.index(1))
    at = {
        "top": QPoint(rect.center().x(), rect.top() + 1),
        "centre": rect.center(),
        "bottom": QPoint(rect.center().x(), rect.bottom() - 1),
        "left": QPoint(rect.left() + 1, rect.center().y()),
        "right": QPoint(rect.right() - 1, rect.center().y()),
    }[place]
    drag = Drag(panel.view.viewport(), dragging.encode(["classifier"]))
    assert drag.enter(at)
    assert drag.move(at)
    assert panel.view.drop_row == 1
    assert drag.drop(at)
    assert panel.view.drop_row == -1
    assert pins(workspace)["classifier"] == 2


def test_a_drag_may_enter_over_the_empty_ground_but_is_refused_there(panel: GroupsPanel, workspace: Workspace) -> None:
    before = workspace.design
    below = QPoint(40, panel.view.visualRect(panel.model.index(1)).bottom() + 40)
    drag = Drag(panel.view.viewport(), dragging.encode(["classifier"]))
    assert drag.enter(below)
    assert not drag.move(below)
    assert panel.view.drop_row == -1
    on_card = panel.view.visualRect(panel.model.index(0)).center()
    assert drag.move(on_card)
    assert panel.view.drop_row == 0
    assert not drag.move(below)
    drag.drop(below)
    assert workspace.design is before


def test_the_highlight_goes_when_the_drag_leaves(panel: GroupsPanel) -> None:
    at = panel.view.visualRect(panel.model.index(1)).center()
    drag = Drag(panel.view.viewport(), dragging.encode(["classifier"]))
    drag.enter(at)
    drag.move(at)
    plain = panel.view.viewport().grab().toImage()
    drag.leave()
    assert panel.view.drop_row == -1
    assert panel.view.viewport().grab().toImage() != plain


def test_foreign_drags_are_not_let_in(panel: GroupsPanel) -> None:
    at = panel.view.visualRect(panel.model.index(1)).center()
    assert not Drag(panel.view.viewport(), foreign()).enter(at)
    assert not Drag(panel.new_button, foreign()).enter(QPoint(5, 5))
    assert not Drag(panel.new_button, foreign()).drop(QPoint(5, 5))


def test_modules_dropped_on_the_button_become_a_group(panel: GroupsPanel, workspace: Workspace) -> None:
    drag = Drag(panel.new_button, dragging.encode(["classifier"]))
    assert drag.enter(QPoint(5, 5))
    assert panel.new_button.property("dropping")
    drag.leave()
    assert not panel.new_button.property("dropping")
    drag.enter(QPoint(5, 5))
    assert drag.drop(QPoint(5, 5))
    assert pins(workspace)["classifier"] == workspace.selected_group.id == 3


# Keys, button and menu


def editor_of(panel: GroupsPanel) -> QLineEdit:
    return cast("QLineEdit", panel.view.viewport().findChild(QLineEdit))


def test_f2_renames_in_place(panel: GroupsPanel, workspace: Workspace, qtbot: QtBot) -> None:
    select(panel, 1)
    qtbot.keyClick(panel.view, Qt.Key.Key_F2)
    editor = editor_of(panel)
    assert editor.text() == "backbone"
    editor.setText("trunk")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(workspace) == ["everything", "trunk"])
    assert workspace.store.undo_label == "Rename backbone to trunk"


def test_escape_leaves_the_name(panel: GroupsPanel, workspace: Workspace, qtbot: QtBot) -> None:
    select(panel, 1)
    qtbot.keyClick(panel.view, Qt.Key.Key_F2)
    editor_of(panel).setText("trunk")
    qtbot.keyClick(editor_of(panel), Qt.Key.Key_Escape)
    assert names(workspace) == ["everything", "backbone"]


@pytest.mark.parametrize("name", ["everything", "  "])
def test_a_name_that_cannot_be_is_refused_with_a_notice(
    panel: GroupsPanel, workspace: Workspace, notices: list[Notice], name: str
) -> None:
    assert not panel.model.setData(panel.model.index(1), name)
    assert [notice.tone for notice in notices] == ["bad"]
    assert names(workspace) == ["everything", "backbone"]


def test_delete_removes_and_the_notice_takes_it_back(
    panel: GroupsPanel, workspace: Workspace, notices: list[Notice], qtbot: QtBot
) -> None:
    before = workspace.design
    select(panel, 1)
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert names(workspace) == ["everything"]
    assert notices[0].text == "Removed backbone; its 1 module is back in everything"
    assert notices[0].action is not None
    assert notices[0].action[0] == "Undo"
    notices[0].action[1]()
    assert workspace.design is before
    assert workspace.selected_group.name == "backbone"
    assert panel.view.currentIndex().row() == 1


def test_the_notices_undo_never_undoes_something_else(
    panel: GroupsPanel, workspace: Workspace, notices: list[Notice]
) -> None:
    workspace.select_group(2)
    panel.remove()
    workspace.commit("Rate", edits.set_base_lr, 1, 0.5)
    assert notices[0].action is not None
    notices[0].action[1]()
    assert workspace.design.group(1).lr.base == 0.5
    assert "changed since" in notices[1].text


def test_the_farewell_names_where_the_modules_went(
    panel: GroupsPanel, workspace: Workspace, notices: list[Notice]
) -> None:
    workspace.commit("New", edits.add_group, "head", ["features.0", "classifier.5", "classifier.3"])
    workspace.select_group(3)
    panel.remove()
    workspace.commit("New", edits.add_group, "spare")
    workspace.select_group(workspace.design.groups[-1].id)
    panel.remove()
    assert [notice.text for notice in notices] == [
        "Removed head; its 3 modules are back in everything and backbone",
        "Removed spare",
    ]


def test_the_remainder_cannot_be_removed_and_says_why(
    panel: GroupsPanel, workspace: Workspace, notices: list[Notice], qtbot: QtBot
) -> None:
    select(panel, 0)
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert names(workspace) == ["everything", "backbone"]
    assert "takes what no other group has" in notices[0].text


def test_alt_with_arrows_moves_a_group(panel: GroupsPanel, workspace: Workspace, qtbot: QtBot) -> None:
    select(panel, 1)
    qtbot.keyClick(panel.view, Qt.Key.Key_Up, ALT)
    assert names(workspace) == ["backbone", "everything"]
    qtbot.keyClick(panel.view, Qt.Key.Key_Up, ALT)
    assert names(workspace) == ["backbone", "everything"]
    qtbot.keyClick(panel.view, Qt.Key.Key_Down, ALT)
    assert names(workspace) == ["everything", "backbone"]
    assert panel.view.currentIndex().row() == 1
    qtbot.keyClick(panel.view, Qt.Key.Key_Up)
    assert workspace.selected_group.name == "everything"


def test_the_button_adds_a_group_and_asks_for_its_name(panel: GroupsPanel, workspace: Workspace, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.new_button, LEFT)
    assert workspace.selected_group.name == "group"
    editor = editor_of(panel)
    editor.setText("head")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(workspace) == ["everything", "backbone", "head"])


def test_the_menu_does_what_the_keys_do(panel: GroupsPanel, workspace: Workspace) -> None:
    workspace.select_group(2)
    menu = panel.context_menu()
    actions = {action.text().partition("\t")[0]: action for action in menu.actions() if action.text()}
    looks = ["Solo", "Hide curve", "Lock curve"]
    assert list(actions) == ["Rename", "Colour", *looks, "Move up", "Move down", "Remove"]
    assert not actions["Move down"].isEnabled()
    swatches = cast("QMenu", actions["Colour"].menu()).actions()
    assert [action.text() for action in swatches[:3]] == ["Blue · everything", "Green", "Red"]
    assert [action.isChecked() for action in swatches[:3]] == [False, True, False]
    swatches[2].trigger()
    assert workspace.design.group(2).colour == 2
    actions["Move up"].trigger()
    assert names(workspace) == ["backbone", "everything"]
    actions["Rename"].trigger()
    assert editor_of(panel).text() == "backbone"
    actions["Remove"].trigger()
    assert names(workspace) == ["everything"]
    offered = {action.text().partition("\t")[0]: action.isEnabled() for action in panel.context_menu().actions()}
    assert not offered["Remove"]


def test_the_menu_key_opens_the_menu_at_the_card(panel: GroupsPanel) -> None:
    select(panel, 1)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    QApplication.sendEvent(panel.view.viewport(), event)
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QMenu)
    popup.close()


# Appearance


def test_the_appearance_follows_the_theme(panel: GroupsPanel, theme: Theme) -> None:
    at = panel.view.visualRect(panel.model.index(1)).topLeft() + QPoint(6, 15)
    before = panel.view.viewport().grab().toImage().pixelColor(at)
    theme.tokens = DARK
    theme.apply()
    theme.changed.emit()
    after = panel.view.viewport().grab().toImage().pixelColor(at)
    assert before.lightness() > 200 > 90 > after.lightness()


def test_long_names_and_narrow_panels_are_painted_without_complaint(panel: GroupsPanel, workspace: Workspace) -> None:
    workspace.commit("Rename", edits.rename_group, 1, "a rather long name for a group & more")
    panel.resize(150, 200)
    assert not panel.grab().isNull()


def test_the_model_is_a_list(panel: GroupsPanel) -> None:
    model: QAbstractItemModel = panel.model
    assert model.rowCount(model.index(0, 0)) == 0
