"""The freeze lane under real mouse and key events."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design, Freeze
from lrdesigner.freeze_edits import stretch_of
from lrdesigner.schedules import Constant, Cosine, Length, Linear, Segment, Sequence
from lrdesigner.store import Change, Store
from lrdesigner_app.schedule_editor import FreezeLane
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
TWO = (Freeze(Length(90.0, "steps"), Length(1, "epochs")), Freeze(Length(6, "epochs"), Length(90, "steps")))


class Hand:
    """A hand on the mouse over a lane on which one pixel is one step, after 50 pixels."""

    def __init__(self, lane: FreezeLane, workspace: Workspace) -> None:
        self.lane, self.workspace = lane, workspace
        self.ground = lane.window()  # which would be gone without it
        self.changes: list[Change] = []
        workspace.store.subscribe(self.changes.append)

    @property
    def stretches(self) -> list[tuple[int, int]]:
        plan = self.workspace.design.plan
        return [stretch_of(part, plan) for part in self.workspace.selected_group.freeze]

    def give(self, freeze: tuple[Freeze, ...]) -> None:
        self.workspace.commit("", edits.set_freeze, self.workspace.selected_group.id, freeze)
        QApplication.processEvents()
        self.changes.clear()

    def at(self, step: float) -> QPoint:
        return QPoint(round(50 + step), 9)

    def press(self, step: float) -> None:
        QTest.mousePress(self.lane, LEFT, NONE, self.at(step))

    def move(self, start: float, end: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
        for number in range(1, 7):
            place = QPointF(self.at(start + (end - start) * number / 6))
            everywhere = self.lane.mapToGlobal(place)
            event = QMouseEvent(QEvent.Type.MouseMove, place, everywhere, Qt.MouseButton.NoButton, LEFT, modifiers)
            QApplication.sendEvent(self.lane, event)

    def drag(self, start: float, end: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.press(start)
        self.move(start, end, modifiers)
        QTest.mouseRelease(self.lane, LEFT, NONE, self.at(end))

    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes if change.kind != "preview"]

    def menu(self, step: float) -> dict[str, Any]:
        at = self.at(step)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, self.lane.mapToGlobal(at))
        QApplication.sendEvent(self.lane, event)
        self.lane.menu.close()
        return {action.text().split("\t")[0]: action for action in self.lane.menu.actions() if action.text()}


@pytest.fixture
def hand(design: Design, qapp: QApplication, qtbot: QtBot) -> Hand:
    workspace = Workspace(Store(design), Theme(qapp))
    lane = FreezeLane(workspace)
    ground = QWidget()
    QVBoxLayout(ground).setContentsMargins(0, 0, 0, 0)
    column = ground.layout()
    assert column is not None
    column.addWidget(lane)
    qtbot.addWidget(ground)
    ground.resize(500, 100)
    with qtbot.waitExposed(ground):
        ground.show()
    lane.toggle()
    lane.align_with(0.0, 450.0, 50, 0)
    QApplication.processEvents()
    lane.setFocus()
    return Hand(lane, workspace)


def test_it_is_there_when_a_group_freezes_or_when_it_is_switched_on(
    design: Design, qapp: QApplication, qtbot: QtBot
) -> None:
    workspace = Workspace(Store(design), Theme(qapp))
    ground = QWidget()
    lane = FreezeLane(workspace)
    column = QVBoxLayout(ground)
    column.addWidget(lane)
    qtbot.addWidget(ground)
    ground.show()
    assert not lane.isVisible()
    workspace.commit("", edits.set_freeze, design.groups[1].id, TWO)
    assert lane.isVisible()
    workspace.store.undo()
    assert not lane.isVisible()
    lane.toggle()
    assert lane.isVisible()
    lane.toggle()
    workspace.store.redo()
    assert not lane.isVisible(), "it was put away"


def test_a_stretch_is_drawn_by_dragging_on_empty_ground_in_one_entry(hand: Hand) -> None:
    hand.changes.clear()
    hand.drag(100, 217)
    assert hand.stretches == [(100, 217)]
    assert hand.kinds() == ["edit"]
    assert hand.workspace.store.undo_label == f"Freezing of {hand.workspace.selected_group.name}"
    hand.workspace.store.undo()
    hand.drag(217, 100)
    assert hand.stretches == [(100, 217)], "to the left too"
    hand.drag(300, 449.9)
    assert hand.stretches[1] == (300, 450)


def test_a_click_on_empty_ground_draws_nothing_and_neither_does_coming_back_to_the_start(hand: Hand) -> None:
    before = hand.workspace.design
    QTest.mouseClick(hand.lane, LEFT, NONE, hand.at(200))
    hand.press(200)
    hand.move(200, 260)
    hand.move(260, 200)
    QTest.mouseRelease(hand.lane, LEFT, NONE, hand.at(200))
    assert hand.workspace.design is before


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(110, 140, (120, 165)), (134, 234, (90, 234)), (92, 60, (60, 135)), (110, -300, (0, 45)), (92, 300, (134, 135))],
)
def test_stretches_are_moved_and_resized_at_their_edges(
    hand: Hand, start: float, end: float, expected: tuple[int, int]
) -> None:
    hand.give(TWO)
    hand.drag(start, end)
    found = hand.stretches[0]
    assert all(abs(a - b) <= 2 for a, b in zip(found, expected, strict=True)), found
    assert hand.stretches[1] == (270, 360)
    assert hand.kinds() == ["edit"]


def test_ctrl_snaps_to_epochs_and_boundaries_and_a_whole_stretch_by_its_nearer_edge(hand: Hand) -> None:
    row = Sequence(
        (Segment(Linear(), Length(57, "steps")), Segment(Constant(), Length(60, "steps")), Segment(Cosine()))
    )
    hand.workspace.commit("", edits.set_schedule, hand.workspace.selected_group.id, row)
    hand.drag(59, 113, CTRL)
    assert hand.stretches == [(57, 117)]
    hand.drag(80, 97, CTRL)
    assert hand.stretches == [(75, 135)], "its end lies on an epoch"
    hand.drag(134, 172, CTRL)
    assert hand.stretches == [(75, 180)]


@pytest.mark.parametrize("how", ["escape", "right", "key", "focus"])
def test_esc_and_other_ways_out_restore(hand: Hand, how: str) -> None:
    hand.give(TWO)
    before = hand.workspace.design
    hand.press(110)
    hand.move(110, 200)
    assert hand.workspace.design is not before
    assert hand.lane.read_out.isVisible()
    assert hand.lane.read_out.text() == "frozen · epoch 4 to 5 · step 180 to 225"
    if how == "escape":
        QTest.keyClick(hand.lane, Qt.Key.Key_Escape)
    elif how == "right":
        QTest.mousePress(hand.lane, RIGHT, NONE, hand.at(200))
    elif how == "key":
        QTest.keyClick(hand.lane, Qt.Key.Key_Q)
    else:
        hand.lane.clearFocus()
    assert hand.workspace.design is before
    assert hand.lane.read_out.isHidden()
    hand.move(200, 300)
    QTest.mouseRelease(hand.lane, LEFT, NONE, hand.at(300))
    assert hand.workspace.design is before
    assert hand.kinds() == ["cancel"]


def test_keys_select_move_resize_add_and_remove(hand: Hand) -> None:
    hand.give(TWO)
    QTest.keyClick(hand.lane, Qt.Key.Key_Right)
    assert hand.stretches[0] == (91, 136)
    QTest.keyClick(hand.lane, Qt.Key.Key_Right, CTRL)
    assert hand.stretches[0] == (135, 180)
    QTest.keyClick(hand.lane, Qt.Key.Key_Right, SHIFT)
    QTest.keyClick(hand.lane, Qt.Key.Key_Left, ALT)
    assert hand.stretches[0] == (134, 181)
    QTest.keyClick(hand.lane, Qt.Key.Key_Down)
    QTest.keyClick(hand.lane, Qt.Key.Key_Left, SHIFT | CTRL)
    assert hand.stretches[1] == (270, 315)
    QTest.keyClick(hand.lane, Qt.Key.Key_Delete)
    assert hand.stretches == [(134, 181)]
    QTest.keyClicks(hand.lane, "+")
    assert len(hand.stretches) == 2
    assert hand.lane.selected == 1
    assert hand.kinds() == ["edit"] * 7


def test_the_menu_freezes_an_epoch_goes_to_the_end_and_removes(hand: Hand) -> None:
    hand.menu(100)["Freeze for epoch 3"].trigger()
    assert hand.stretches == [(90, 135)]
    hand.menu(100)["Until the end of the run"].trigger()
    assert hand.stretches == [(90, 450)]
    hand.menu(100)["Remove this stretch"].trigger()
    assert hand.stretches == []
    hand.give(TWO)
    hand.menu(300)["Never freeze this group"].trigger()
    assert hand.stretches == []


def test_other_groups_are_thin_rows_that_select_them(hand: Hand) -> None:
    other = hand.workspace.design.groups[1]
    before = hand.lane.height()
    hand.workspace.commit("", edits.set_freeze, other.id, TWO)
    assert hand.lane.height() > before
    QTest.mouseClick(hand.lane, LEFT, NONE, QPoint(150, hand.lane.height() - 3))
    assert hand.workspace.selected_group.id == other.id
    assert other.name in hand.lane.accessibleName()
    assert "Frozen from epoch 2 to 3" in hand.lane.accessibleName()


def test_a_locked_group_keeps_its_stretches(hand: Hand) -> None:
    hand.give(TWO)
    hand.workspace.display.toggle_locked(hand.workspace.selected_group.id)
    before = hand.workspace.design
    hand.drag(110, 200)
    hand.drag(200, 240)
    QTest.keyClick(hand.lane, Qt.Key.Key_Delete)
    assert hand.workspace.design is before


def test_undo_and_edits_from_elsewhere_in_the_middle_of_a_drag_end_it(hand: Hand) -> None:
    hand.give(TWO)
    hand.press(110)
    hand.move(110, 200)
    hand.workspace.store.undo()
    assert hand.stretches == []
    assert hand.lane.gesture is None
    hand.move(200, 250)
    QTest.mouseRelease(hand.lane, LEFT, NONE, hand.at(250))
    assert hand.stretches == []
    hand.workspace.store.redo()
    hand.press(110)
    hand.move(110, 200)
    hand.workspace.commit("", edits.set_base_lr, hand.workspace.selected_group.id, 0.02)
    QTest.mouseRelease(hand.lane, LEFT, NONE, hand.at(200))
    assert hand.stretches == [(90, 135), (270, 360)]
    assert hand.workspace.selected_group.lr.base == 0.02


def test_deleting_the_group_whose_stretch_is_held_ends_the_drag(hand: Hand) -> None:
    workspace = hand.workspace
    group = next(g for g in workspace.design.groups if g.id != workspace.design.remainder)
    workspace.select_group(group.id)
    hand.give(TWO)
    hand.press(110)
    hand.move(110, 200)
    workspace.commit("", edits.remove_group, group.id)
    after = workspace.design
    hand.move(200, 250)
    QTest.mouseRelease(hand.lane, LEFT, NONE, hand.at(250))
    assert workspace.design is after
    assert hand.lane.gesture is None


def test_what_it_paints_is_in_the_colour_of_the_group(hand: Hand) -> None:
    empty = hand.lane.grab().toImage()
    hand.give(TWO)
    filled = hand.lane.grab().toImage()
    scale = filled.devicePixelRatio()
    inside = QPoint(round((50 + 95) * scale), round(5 * scale))
    assert filled.pixelColor(inside) != empty.pixelColor(inside)
    outside = QPoint(round((50 + 200) * scale), round(5 * scale))
    assert filled.pixelColor(outside) == empty.pixelColor(outside)
