"""Boundaries between segments as lines across the plot, under real mouse and key events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.schedules import Constant, Cosine, Length, Linear, Segment, Sequence, StepDecay
from lrdesigner.segment_rows import rows_along
from lrdesigner.store import Change, Store
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
ROW = Sequence(
    (
        Segment(Linear(), Length(2, "epochs")),
        Segment(Constant(), Length(135, "steps")),
        Segment(Cosine()),
    )
)


class Hand:
    """A hand on the mouse over the lines of one plot."""

    def __init__(self, panel: PlotPanel, workspace: Workspace) -> None:
        self.panel, self.workspace = panel, workspace
        self.viewport = panel.chart.viewport()
        self.layer = panel._boundaries
        self.changes: list[Change] = []
        workspace.store.subscribe(self.changes.append)

    @property
    def starts(self) -> list[int]:
        group, plan = self.workspace.selected_group, self.workspace.design.plan
        return rows_along(group, "lr", (), plan)[0].starts

    @property
    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes if change.kind != "preview"]

    def pixel(self, step: float, share: float = 0.8) -> QPoint:
        """On the viewport, at a step and so far down the plot."""
        view = self.panel.chart.view
        scene = view.mapViewToScene(QPointF(self.panel._map.x(step), 0.0))
        rect = view.sceneBoundingRect()
        return self.panel.chart.mapFromScene(QPointF(scene.x(), rect.top() + share * rect.height()))

    def grab(self, index: int, share: float = 0.8) -> QPoint:
        at = self.pixel(self.layer.boundaries()[index].step, share)
        self.send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)
        QTest.mousePress(self.viewport, LEFT, NONE, at)
        return at

    def move(self, start: QPoint, end: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        for number in range(1, 7):
            at = start + (end - start) * (number / 6)
            self.send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, LEFT, modifiers)
            QApplication.processEvents()

    def drop(self, at: QPoint) -> None:
        QTest.mouseRelease(self.viewport, LEFT, NONE, at)
        self.settle()

    def drag(self, index: int, to: float, modifiers: Qt.KeyboardModifier = NONE, share: float = 0.8) -> None:
        start, end = self.grab(index, share), self.pixel(to, share)
        self.move(start, end, modifiers)
        self.drop(end)

    def settle(self) -> None:
        for _ in range(3):
            QApplication.processEvents()
            self.panel._throttle.flush()

    def send(self, kind: QEvent.Type, at: QPoint, button: Any, buttons: Any, modifiers: Any = NONE) -> None:
        place, everywhere = QPointF(at), QPointF(self.viewport.mapToGlobal(at))
        QApplication.sendEvent(self.viewport, QMouseEvent(kind, place, everywhere, button, buttons, modifiers))


@pytest.fixture
def workspace(design: Design, qapp: QApplication) -> Workspace:
    return Workspace(Store(design), Theme(qapp))


@pytest.fixture
def hand(workspace: Workspace, qtbot: QtBot) -> Iterator[Hand]:
    rate_limit = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    head, backbone = (group.id for group in workspace.design.groups)
    workspace.commit("", edits.set_schedule, head, ROW)
    workspace.commit("", edits.set_schedule, backbone, StepDecay(Length(70, "steps"), 0.5))
    panel = PlotPanel(workspace)
    qtbot.addWidget(panel)
    panel.resize(760, 560)
    panel.show()
    qtbot.waitExposed(panel)
    panel.chart.setFocus()
    made = Hand(panel, workspace)
    made.settle()
    yield made
    pg.setConfigOption("mouseRateLimit", rate_limit)


def near(step: float, wanted: float, pixels: float = 1.5) -> bool:
    return abs(step - wanted) <= pixels  # a pixel is about two thirds of a step here


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("epochs", [True, False])
@pytest.mark.parametrize("share", [0.03, 0.5, 0.97])
def test_a_line_is_dragged_anywhere_along_its_height_with_one_entry_of_history(
    hand: Hand, log: bool, epochs: bool, share: float
) -> None:
    hand.panel.set_log(log)
    hand.panel.set_epochs(epochs)
    hand.settle()
    hand.changes.clear()
    hand.drag(1, 300, share=share)
    assert hand.starts[1] == 90
    assert near(hand.starts[2], 300)
    assert hand.kinds == ["edit"]
    assert hand.workspace.store.undo_label == f"Length of segment 2 of {hand.workspace.selected_group.name}"
    assert hand.workspace.selected_group.lr.schedule.segments[1].length.unit == "steps"


def test_by_default_the_next_segment_keeps_its_length_and_with_alt_its_end(hand: Hand) -> None:
    hand.drag(0, 150)
    assert near(hand.starts[1], 150)
    assert hand.starts[2] - hand.starts[1] == 135
    hand.workspace.store.undo()
    hand.settle()
    hand.drag(0, 150, ALT)
    assert near(hand.starts[1], 150)
    assert hand.starts[2] == 225


def test_alt_pressed_and_let_go_while_the_mouse_rests_acts_at_once(hand: Hand) -> None:
    start = hand.grab(0)
    hand.move(start, hand.pixel(150))
    assert hand.starts[2] > 225
    QTest.keyPress(hand.viewport, Qt.Key.Key_Alt)
    assert hand.starts[2] == 225
    QTest.keyRelease(hand.viewport, Qt.Key.Key_Alt, ALT)
    assert hand.starts[2] > 225
    hand.drop(hand.pixel(150))


@pytest.mark.parametrize("by_default", [False, True])
def test_ctrl_snaps_or_does_not_and_the_playhead_and_corners_of_others_are_caught_too(
    hand: Hand, by_default: bool
) -> None:
    hand.workspace.display.set_snapping(by_default)
    hand.workspace.display.set_playhead(161)
    snap, free = (NONE, CTRL) if by_default else (CTRL, NONE)
    for to, caught in ((131, 135), (158, 161), (143, 140)):
        hand.drag(0, to, snap)
        assert hand.starts[1] == caught
        hand.workspace.store.undo()
        hand.settle()
    hand.drag(0, 131, free)
    assert hand.starts[1] not in (135, 90)


def test_ctrl_and_shift_together_move_a_tenth(hand: Hand) -> None:
    hand.drag(1, 325, CTRL | SHIFT)
    assert near(hand.starts[2], 235)


@pytest.mark.parametrize("how", ["escape", "right", "key", "focus"])
def test_esc_and_other_ways_out_restore_and_leave_no_entry(hand: Hand, how: str) -> None:
    before = hand.workspace.design
    hand.changes.clear()
    start = hand.grab(1)
    hand.move(start, hand.pixel(300))
    assert hand.starts[2] > 225
    if how == "escape":
        QTest.keyClick(hand.viewport, Qt.Key.Key_Escape)
    elif how == "right":
        QTest.mousePress(hand.viewport, RIGHT, NONE, hand.pixel(300))
    elif how == "key":
        QTest.keyClick(hand.viewport, Qt.Key.Key_Q)
    else:
        hand.panel._header.epochs.setFocus()
    assert hand.workspace.design is before
    hand.move(hand.pixel(300), hand.pixel(350))
    hand.drop(hand.pixel(350))
    assert hand.workspace.design is before
    assert hand.kinds == ["cancel"]


def test_no_shortcut_is_heard_while_a_line_is_held(hand: Hand) -> None:
    heard: list[int] = []
    action = QAction(hand.panel)
    action.setShortcut("S")
    action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.triggered.connect(lambda: heard.append(1))
    hand.panel.addAction(action)
    before = hand.workspace.design
    start = hand.grab(1)
    hand.move(start, hand.pixel(300))
    QTest.keyClick(hand.panel.chart, Qt.Key.Key_X)
    assert hand.layer.dragging, "a boundary has one axis only"
    QTest.keyClick(hand.panel.chart, Qt.Key.Key_S)
    assert not heard
    assert hand.workspace.design is before
    hand.drop(hand.pixel(300))
    QTest.keyClick(hand.panel.chart, Qt.Key.Key_S)
    assert heard == [1]


def test_the_line_highlights_and_reads_out_under_the_pointer_and_while_dragged(hand: Hand) -> None:
    at = hand.pixel(90)
    hand.send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)
    item = hand.layer.items()[0]
    assert item.hovered
    assert item.cursor().shape() == Qt.CursorShape.SizeHorCursor
    assert hand.layer.box.text() == "warm-up ends · epoch 2 · step 90"
    assert not hand.panel._scenery.box.isVisible(), "the playhead does not cover it"
    QTest.mousePress(hand.viewport, LEFT, NONE, at)
    hand.move(at, hand.pixel(135), CTRL)
    assert hand.layer.box.text() == "warm-up ends · epoch 3 · step 135"
    hand.settle()
    assert hand.layer.items()[0] is item
    assert abs(item.scenePos().x() - hand.panel.chart.mapToScene(hand.pixel(135)).x()) < 1.5
    hand.drop(hand.pixel(135))


def test_where_a_handle_lies_on_a_line_the_handle_wins(hand: Hand) -> None:
    layer = hand.panel._handles
    item = next(
        i for i, s in zip(layer.items(), layer.stacks(), strict=True) if any("boundary 1" in n for n in s.names)
    )
    at = hand.panel.chart.mapFromScene(item.scenePos())
    hand.send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)
    assert item.hovered
    assert not any(line.hovered for line in hand.layer.items())
    hand.send(QEvent.Type.MouseMove, hand.pixel(225, 0.97), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)
    assert not item.hovered
    assert hand.layer.items()[1].hovered
    QTest.mousePress(hand.viewport, LEFT, NONE, at)
    assert hand.panel._handles.dragging
    assert not hand.layer.dragging
    QTest.mouseRelease(hand.viewport, LEFT, NONE, at)


@pytest.mark.parametrize("way", ["locked", "hidden", "alone"])
def test_a_group_that_cannot_be_taken_hold_of_has_no_lines(hand: Hand, way: str) -> None:
    display, group = hand.workspace.display, hand.workspace.selected_group.id
    assert len(hand.layer.items()) == 2
    if way == "locked":
        display.toggle_locked(group)
    elif way == "hidden":
        display.toggle_hidden(group)
    else:
        display.toggle_solo(hand.workspace.design.groups[1].id)
    assert hand.layer.items() == []
    before = hand.workspace.design
    start = hand.pixel(225, 0.97)
    QTest.mousePress(hand.viewport, LEFT, NONE, start)
    hand.move(start, hand.pixel(300, 0.97))
    hand.drop(hand.pixel(300, 0.97))
    assert hand.workspace.design is before


def test_locking_the_group_in_the_middle_of_a_drag_restores(hand: Hand) -> None:
    before = hand.workspace.design
    start = hand.grab(1)
    hand.move(start, hand.pixel(300))
    hand.workspace.display.toggle_locked(hand.workspace.selected_group.id)
    assert hand.workspace.design is before
    assert not hand.layer.dragging
    hand.drop(hand.pixel(300))


def test_arrow_keys_move_a_line_that_has_the_focus(hand: Hand) -> None:
    hand.layer.items()[1].setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(hand.viewport, Qt.Key.Key_Right)
    assert hand.starts[2] == 226
    QTest.keyClick(hand.viewport, Qt.Key.Key_Left, CTRL)
    assert hand.starts[2] == 225
    QTest.keyClick(hand.viewport, Qt.Key.Key_Right, CTRL)
    assert hand.starts[2] == 270
    hand.settle()
    assert hand.layer.items()[1].hasFocus()
    hand.layer.items()[0].setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(hand.viewport, Qt.Key.Key_Left, ALT)
    assert hand.starts == [0, 89, 270, 450]


def test_the_tab_key_goes_on_from_the_handles_to_the_lines_and_back(hand: Hand) -> None:
    hand.panel._handles.focus_end(last=True)
    for item in hand.layer.items():
        QTest.keyClick(hand.panel.chart, Qt.Key.Key_Tab)
        assert item.hasFocus()
    for _ in range(2):
        QTest.keyClick(hand.panel.chart, Qt.Key.Key_Backtab)
    assert hand.panel._handles.items()[-1].hasFocus()


def test_a_nested_row_that_is_edited_has_lines_too_that_move_its_own_segments(hand: Hand) -> None:
    inner = Sequence((Segment(Linear(), Length(50, "steps")), Segment(Cosine())))
    outer = Sequence((Segment(Constant(), Length(2, "epochs")), Segment(inner)))
    hand.workspace.commit("", edits.set_schedule, hand.workspace.selected_group.id, outer)
    hand.workspace.segments.go_to((0,))
    assert [b.step for b in hand.layer.boundaries()] == [90]
    hand.workspace.segments.go_to((1, 0))
    hand.settle()
    assert [b.step for b in hand.layer.boundaries()] == [90, 140]
    hand.drag(1, 300)
    segments = hand.workspace.selected_group.lr.schedule.segments
    assert segments[0] == outer.segments[0]
    assert near(segments[1].schedule.segments[0].length.value, 210)


def test_undo_in_the_middle_of_a_drag_ends_it_and_takes_back_what_was_before(hand: Hand) -> None:
    hand.drag(0, 150)
    dragged = hand.workspace.design
    start = hand.grab(1)
    hand.move(start, hand.pixel(400))
    hand.workspace.store.undo()
    assert hand.starts == [0, 90, 225, 450]
    assert not hand.layer.dragging
    hand.move(hand.pixel(400), hand.pixel(300))
    hand.drop(hand.pixel(300))
    assert hand.starts == [0, 90, 225, 450]
    hand.workspace.store.redo()
    assert hand.workspace.design is dragged


def test_deleting_the_group_in_the_middle_of_a_drag_ends_it(hand: Hand) -> None:
    workspace = hand.workspace
    group = next(g for g in workspace.design.groups if g.id != workspace.design.remainder)
    workspace.select_group(group.id)
    workspace.commit("", edits.set_schedule, group.id, ROW)
    hand.settle()
    start = hand.grab(1)
    hand.move(start, hand.pixel(300))
    workspace.commit("", edits.remove_group, group.id)
    assert not hand.layer.dragging
    after = workspace.design
    hand.move(hand.pixel(300), hand.pixel(320))
    hand.drop(hand.pixel(320))
    assert workspace.design is after
    assert len(workspace.design.groups) == 1


def test_an_edit_from_elsewhere_in_the_middle_of_a_drag_stays_and_ends_it(hand: Hand) -> None:
    workspace = hand.workspace
    start = hand.grab(1)
    hand.move(start, hand.pixel(300))
    workspace.commit("", edits.set_base_lr, workspace.selected_group.id, 0.02)
    hand.move(hand.pixel(300), hand.pixel(320))
    hand.drop(hand.pixel(320))
    assert workspace.selected_group.lr.base == 0.02
    assert hand.starts == [0, 90, 225, 450]


def test_over_segments_without_a_step_the_first_movement_tells_which_one_grows(hand: Hand) -> None:
    empty = Segment(Constant(), Length(0.0, "steps"))
    row = Sequence((Segment(Linear(), Length(90, "steps")), empty, Segment(Cosine())))
    workspace = hand.workspace
    workspace.commit("", edits.set_schedule, workspace.selected_group.id, row)
    hand.settle()
    assert len(hand.layer.items()) == 1
    hand.drag(0, 150)
    assert hand.starts[1] == 90
    assert near(hand.starts[2], 150)
    workspace.store.undo()
    hand.settle()
    hand.drag(0, 40)
    assert near(hand.starts[1], 40)
    assert hand.starts[1] == hand.starts[2]


def test_a_product_of_two_tracks_and_a_picture_show_no_lines(hand: Hand) -> None:
    hand.panel.set_view("lr_wd")
    hand.settle()
    assert hand.layer.items() == []
    hand.panel.set_view("lr")
    hand.settle()
    assert len(hand.layer.items()) == 2
    hand.panel.show_as_picture()
    assert hand.layer.items() == []
