"""Hidden, alone, locked, normalised and pinned curves: by key in the window, by the signs on cards, by the menu."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Plan
from lrdesigner.schedules import Constant, Cosine
from lrdesigner_app.commands.display_commands import REVERT
from lrdesigner_app.groups.card_delegate import CARD_GAP, KEY_WIDTH, PADDING
from lrdesigner_app.groups.card_signs import Sign, sign_rect
from lrdesigner_app.main_window import MainWindow

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
ROLE = Qt.ItemDataRole.AccessibleTextRole


def ids(window: MainWindow) -> list[int]:
    return [group.id for group in window.workspace.design.groups]


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key in the plot."""
    window.plot.chart.setFocus()
    QTest.keyClick(window.plot.chart, key, modifiers)


def spoken(window: MainWindow, row: int) -> str:
    return str(window.groups.model.data(window.groups.model.index(row), ROLE))


def place_of(window: MainWindow, row: int, sign: Sign) -> QPoint:
    view = window.groups.view
    card = view.visualRect(view.model().index(row, 0)).adjusted(0, 0, 0, -CARD_GAP)
    return sign_rect(sign, card.right() + 1 - PADDING - KEY_WIDTH, card.center().y()).center().toPoint()


def click_sign(window: MainWindow, row: int, sign: Sign) -> None:
    QTest.mouseClick(window.groups.view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place_of(window, row, sign))


def test_keys_hide_solo_and_lock_the_selected_curve_and_no_edit_is_made(window: MainWindow) -> None:
    before, display = window.workspace.design, window.workspace.display
    first, second = ids(window)[:2]
    press(window, Qt.Key.Key_H)
    assert display.look.hidden == {first}
    press(window, Qt.Key.Key_Space)
    assert [display.look.shows(group) for group in (first, second)] == [True, False]
    press(window, Qt.Key.Key_Space)
    press(window, Qt.Key.Key_L)
    assert display.look.locked == {first}
    assert not display.look.takes(first)
    press(window, Qt.Key.Key_H, SHIFT)
    assert display.look.hidden == frozenset()
    assert not window.action("show_all").isEnabled()
    assert window.workspace.design is before


def test_a_hidden_group_has_no_curve_and_no_handles_in_the_plot(window: MainWindow, qtbot: QtBot) -> None:
    assert window.plot._handles.items()
    press(window, Qt.Key.Key_H)
    assert window.plot._handles.items() == []
    assert len(window.plot._curves.extremes()) == len(ids(window)) - 1


def test_the_keys_are_heard_in_the_list_of_groups_but_not_in_a_name(window: MainWindow) -> None:
    view = window.groups.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_L)
    assert window.workspace.display.look.locked == {ids(window)[0]}
    window.groups.rename()
    editor = view.findChild(QLineEdit, "card_name")
    assert editor is not None
    QTest.keyClicks(editor, "hl ")
    assert window.workspace.display.look.locked == {ids(window)[0]}
    assert window.workspace.display.look.hidden == frozenset()
    QTest.keyClick(editor, Qt.Key.Key_Escape)


def test_space_presses_a_button_that_has_the_focus(window: MainWindow) -> None:
    button = next(b for b in window.plot.findChildren(QPushButton) if b.text() == "Steps")
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert window.plot.epochs is False
    assert window.workspace.display.look.solo is None


def test_the_signs_on_a_card_hide_and_lock_without_selecting_it(window: MainWindow) -> None:
    look, selected = window.workspace.display, window.workspace.selected_group.id
    first, second = ids(window)[:2]
    click_sign(window, 1, "eye")
    assert look.look.hidden == {second}
    click_sign(window, 1, "lock")
    assert look.look.locked == {second}
    assert "curve hidden" in spoken(window, 1)
    assert "curve locked" in spoken(window, 1)
    assert "curve hidden" not in spoken(window, 0)
    assert window.workspace.selected_group.id == selected == first
    click_sign(window, 1, "eye")
    assert look.look.hidden == frozenset()


def test_the_eye_of_any_card_ends_a_solo(window: MainWindow) -> None:
    press(window, Qt.Key.Key_Space)
    assert "curve shown alone" in spoken(window, 0)
    assert "curve hidden" in spoken(window, 1)
    click_sign(window, 1, "eye")
    assert window.workspace.display.look.solo is None


def test_signs_show_their_state_and_come_up_under_the_pointer(window: MainWindow, qtbot: QtBot) -> None:
    view = window.groups.view
    at = place_of(window, 1, "eye")
    area = (at - QPoint(8, 8), at + QPoint(8, 8))

    def pixels() -> bytes:
        image = view.viewport().grab().toImage()
        return bytes(image.copy(area[0].x(), area[0].y(), 16, 16).constBits())

    bare = pixels()
    place, everywhere = QPointF(at), QPointF(view.viewport().mapToGlobal(at))
    none = Qt.MouseButton.NoButton
    move = QMouseEvent(QEvent.Type.MouseMove, place, everywhere, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view.viewport(), move)
    pointed = pixels()
    assert pointed != bare
    QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))
    window.workspace.display.toggle_hidden(ids(window)[1])
    assert pixels() != bare


def test_pinned_curves_are_gone_back_to_in_one_undoable_edit(window: MainWindow) -> None:
    workspace, (first, second) = window.workspace, ids(window)[:2]
    before = workspace.design
    press(window, Qt.Key.Key_G)
    assert workspace.display.look.ghost is before
    workspace.commit("a", edits.set_schedule, first, Cosine(0.3))
    workspace.commit("b", edits.set_base_lr, second, 0.25)
    workspace.commit("c", edits.rename_group, second, "other")
    press(window, Qt.Key.Key_G, SHIFT)
    assert [workspace.design.group(g).lr for g in (first, second)] == [before.group(g).lr for g in (first, second)]
    assert workspace.design.group(second).name == "other"
    assert workspace.store.undo_label == REVERT
    workspace.store.undo()
    assert workspace.design.group(second).lr.base == 0.25
    window.do("drop_ghost")
    assert workspace.display.look.ghost is None
    assert not window.action("revert_to_ghost").isEnabled()


def test_what_was_said_of_a_removed_group_is_forgotten_and_the_rest_stays(window: MainWindow) -> None:
    workspace, display = window.workspace, window.workspace.display
    removed = next(group.id for group in workspace.design.groups if group.id != workspace.design.remainder)
    workspace.select_group(removed)
    press(window, Qt.Key.Key_H)
    press(window, Qt.Key.Key_L)
    display.toggle_locked(workspace.design.remainder)
    window.groups.remove()
    assert removed not in ids(window)
    assert display.look.hidden == frozenset()
    assert display.look.locked == {workspace.design.remainder}


def test_what_is_only_tried_out_makes_nothing_forgotten(window: MainWindow) -> None:
    workspace, display = window.workspace, window.workspace.display
    group = next(group.id for group in workspace.design.groups if group.id != workspace.design.remainder)
    display.toggle_hidden(group)
    display.set_playhead(workspace.design.plan.total_steps)
    workspace.preview("try", edits.remove_group, group)
    workspace.preview("try", edits.set_plan, Plan(2, 3))
    workspace.store.cancel()
    assert display.look.hidden == {group}
    assert display.look.playhead == workspace.design.plan.total_steps
    workspace.commit("shorter", edits.set_plan, Plan(2, 3))
    assert display.look.playhead == 6


def test_another_design_is_looked_at_afresh(window: MainWindow) -> None:
    display = window.workspace.display
    for key in (Qt.Key.Key_H, Qt.Key.Key_L, Qt.Key.Key_G):
        press(window, key)
    display.set_playhead(5)
    display.set_normalised(True)
    other = edits.set_schedule(demo_design(), ids(window)[0], Constant())
    window.files.replace_design(other, None)
    look = display.look
    assert (look.hidden, look.locked, look.ghost, look.playhead) == (frozenset(), frozenset(), None, None)
    assert look.normalised
