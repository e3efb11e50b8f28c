"""Selecting keys with a box and transforming several of them, under real mouse and key events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design, Freeze
from lrdesigner.schedules import Constant, Cosine, Keyframe, Keyframes, Length, Segment, Sequence
from lrdesigner.store import Change, Store
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.plot.grip_items import Side
from lrdesigner_app.plot.seen_keys import pixel_of
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def at(step: float, value: float, then: Any = "linear") -> Keyframe:
    return Keyframe(Length(float(step), "steps"), value, then)


HELD = Keyframes((at(0, 0.1), at(100, 1.0, "hold"), at(200, 0.4), at(300, 0.2), at(450, 0.05)))
CURVE = Keyframes((at(0, 0.1), at(100, 1.0), at(200, 0.4), at(300, 0.2), at(450, 0.05)))


def chosen(workspace: Workspace) -> tuple[int, ...]:
    return workspace.keys.indices


class Hand:
    """A hand on the mouse over a plot whose selected group has a curve of five keys."""

    def __init__(self, panel: PlotPanel, workspace: Workspace) -> None:
        self.panel, self.workspace = panel, workspace
        self.viewport = panel.chart.viewport()
        self.changes: list[Change] = []
        workspace.store.subscribe(self.changes.append)

    @property
    def box(self) -> Any:
        return self.panel.key_tools.transform

    def selected(self) -> tuple[int, ...]:
        return self.workspace.keys.indices

    def take_second_group(self) -> int:
        """Give the curve to a group that can be removed, and select it."""
        group = self.workspace.design.groups[1].id
        self.workspace.commit("", edits.set_schedule, group, CURVE)
        self.workspace.select_group(group)
        self.settle()
        return group

    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes]

    def places(self) -> list[tuple[int, float]]:
        keys = self.workspace.keys.curve
        assert keys is not None
        return [(point.step, point.value) for point in sorted(keys.points, key=lambda point: point.index)]

    def pixel(self, index: int) -> QPoint:
        """Where a key is drawn, in pixels of the chart."""
        keys, view = self.workspace.keys.curve, self.panel.chart.view
        assert keys is not None
        point = next(point for point in keys.points if point.index == index)
        found = pixel_of(point, self.panel._handles.map, self.panel.chart)
        assert found is not None
        pixel: QPoint = self.panel.chart.mapFromScene(view.mapToScene(found))
        return pixel

    def area(self, *indices: int) -> tuple[QPoint, QPoint]:
        """Corners of a box around some keys, outside of their handles."""
        pixels = [self.pixel(index) for index in indices]
        left, right = min(p.x() for p in pixels), max(p.x() for p in pixels)
        top, bottom = min(p.y() for p in pixels), max(p.y() for p in pixels)
        return QPoint(left - 14, top - 28), QPoint(right + 14, bottom + 14)  # clear of the curve

    def draw(self, *indices: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Draw a box around some keys."""
        start, end = self.area(*indices)
        self.press(start, modifiers)
        self.drag_to(start, end, modifiers)
        self.release(end, modifiers)

    def grip(self, side: Side) -> QPoint:
        self.settle()
        item = self.box.grip(side)
        assert item.isVisible()
        pixel: QPoint = self.panel.chart.mapFromScene(item.scenePos())
        return pixel

    def pull(self, start: QPoint, by: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.press(start)
        self.drag_to(start, start + by, modifiers)
        self.release(start + by, modifiers)

    def press(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.settle()
        QTest.mouseMove(self.viewport, at)
        self._send(QEvent.Type.MouseButtonPress, at, LEFT, LEFT, modifiers)

    def drag_to(self, start: QPoint, end: QPoint, modifiers: Qt.KeyboardModifier = NONE, moves: int = 6) -> None:
        for number in range(1, moves + 1):
            place = start + (end - start) * (number / moves)
            self._send(QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, LEFT, modifiers)
            QApplication.processEvents()

    def release(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self._send(QEvent.Type.MouseButtonRelease, at, LEFT, Qt.MouseButton.NoButton, modifiers)
        self.settle()

    def escape(self) -> None:
        QTest.keyClick(self.panel.chart, Qt.Key.Key_Escape)
        self.settle()

    def settle(self) -> None:
        for _ in range(3):
            QApplication.processEvents()
            self.panel._throttle.flush()

    def _send(
        self,
        kind: QEvent.Type,
        at: QPoint,
        button: Qt.MouseButton,
        buttons: Qt.MouseButton,
        modifiers: Qt.KeyboardModifier,
    ) -> None:
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
    workspace.commit("", edits.set_schedule, head, CURVE)
    workspace.commit("", edits.set_schedule, backbone, Constant())
    workspace.commit("", edits.set_base_lr, backbone, 1e-5)
    panel = PlotPanel(workspace)
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    qtbot.waitExposed(panel)
    panel.chart.setFocus()
    panel.set_epochs(False)
    made = Hand(panel, workspace)
    made.settle()
    made.changes.clear()
    yield made
    pg.setConfigOption("mouseRateLimit", rate_limit)


@pytest.mark.parametrize("log", [True, False])
def test_a_box_selects_the_keys_inside_and_changes_nothing(hand: Hand, log: bool) -> None:
    hand.panel.set_log(log)
    shown = hand.panel.chart.view.viewRange()
    hand.draw(1, 2)
    assert hand.selected() == (1, 2)
    assert hand.changes == []
    assert hand.panel.chart.view.viewRange() == shown
    hand.draw(3)
    assert hand.selected() == (3,)


def test_shift_extends_and_ctrl_toggles(hand: Hand) -> None:
    hand.draw(1, 2)
    hand.draw(3, modifiers=SHIFT)
    assert hand.selected() == (1, 2, 3)
    start, end = hand.area(2, 3)
    start, end = end + QPoint(24, 24), start  # from where the curve is not: there Ctrl would add a key
    hand.press(start, CTRL)
    hand.drag_to(start, end, CTRL)
    hand.release(end, CTRL)
    assert hand.selected() == (1,)
    hand.draw(2, modifiers=CTRL)
    assert hand.selected() == (1, 2)


def test_keys_are_selected_while_the_box_is_drawn_and_escape_brings_back_what_was(hand: Hand) -> None:
    hand.draw(1)
    start, end = hand.area(2, 3)
    hand.press(start)
    hand.drag_to(start, end)
    assert hand.selected() == (2, 3)
    assert hand.panel.key_tools.select.item.isVisible()
    hand.escape()
    assert hand.selected() == (1,)
    assert not hand.panel.key_tools.select.item.isVisible()
    hand.drag_to(end, end + QPoint(100, 50))
    hand.release(end + QPoint(100, 50))
    assert hand.selected() == (1,)


def test_the_right_button_cancels_the_box(hand: Hand) -> None:
    start, end = hand.area(2, 3)
    hand.press(start)
    hand.drag_to(start, end)
    QTest.mouseClick(hand.viewport, RIGHT, NONE, end)
    assert hand.selected() == ()
    hand.release(end)
    assert hand.selected() == ()


def test_a_group_selected_while_the_box_is_drawn_ends_it(hand: Hand) -> None:
    start, end = hand.area(2, 3)
    hand.press(start)
    hand.drag_to(start, end)
    hand.workspace.select_group(hand.workspace.design.groups[1].id)
    assert not hand.panel.key_tools.select.item.isVisible()
    hand.release(end)
    assert hand.selected() == ()


def test_without_keys_a_drag_pans_and_the_middle_button_always_does(hand: Hand) -> None:
    view = hand.panel.chart.view
    shown = view.viewRange()
    start, _ = hand.area(1, 2)
    middle = Qt.MouseButton.MiddleButton
    QTest.mousePress(hand.viewport, middle, NONE, start)
    for number in range(1, 7):
        place = start + QPoint(5, 2) * number
        hand._send(QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, middle, NONE)
    QTest.mouseRelease(hand.viewport, middle, NONE, start + QPoint(30, 12))
    assert view.viewRange() != shown
    assert hand.selected() == ()
    hand.workspace.commit("", edits.set_schedule, hand.workspace.selected_group.id, Cosine(0.1))
    hand.settle()
    shown = view.viewRange()
    place = start + QPoint(40, 90)
    hand.pull(place, QPoint(60, 20))
    assert view.viewRange() != shown


def test_a_click_on_empty_ground_selects_no_keys_and_one_on_a_curve_its_group(hand: Hand) -> None:
    hand.draw(1, 2)
    QTest.mouseClick(hand.viewport, LEFT, NONE, hand.pixel(1) + QPoint(20, 160))
    hand.settle()
    assert hand.selected() == ()
    other = hand.workspace.design.groups[1]
    view = hand.panel.chart.view
    on_curve = view.mapViewToScene(QPointF(230, hand.panel._map.y(1e-5)))
    QTest.mouseClick(hand.viewport, LEFT, NONE, hand.panel.chart.mapFromScene(on_curve))
    hand.settle()
    assert hand.workspace.selected_group is other


def test_escape_with_nothing_held_selects_no_keys(hand: Hand) -> None:
    hand.draw(1, 2)
    hand.escape()
    assert hand.selected() == ()


@pytest.mark.parametrize("how", ["locked", "hidden", "frozen"])
def test_keys_that_cannot_be_taken_are_not_selected(hand: Hand, how: str) -> None:
    group, display = hand.workspace.selected_group.id, hand.workspace.display
    start, end = hand.area(1, 2)
    if how == "locked":
        display.toggle_locked(group)
    elif how == "hidden":
        display.toggle_hidden(group)
    else:
        frozen = (Freeze(Length(0, "steps"), Length(250, "steps")),)
        hand.workspace.commit("", edits.set_freeze, group, frozen)
    hand.settle()
    hand.press(start)
    hand.drag_to(start, end)
    hand.release(end)
    assert hand.selected() == ()


def test_a_box_over_another_curve_of_the_track_goes_there(hand: Hand) -> None:
    inner = Keyframes((at(0, 1.0), at(60, 0.5), at(120, 0.8)))
    row = Sequence((Segment(Cosine(0.5), Length(200, "steps")), Segment(inner)))
    hand.workspace.commit("", edits.set_schedule, hand.workspace.selected_group.id, row)
    hand.workspace.segments.go_to((1,))
    hand.settle()
    start, end = hand.area(1, 2)
    hand.workspace.segments.go_to((0,))
    hand.settle()
    hand.press(start)
    hand.drag_to(start, end)
    hand.release(end)
    assert hand.workspace.segments.path == (1,)
    assert hand.selected() == (1, 2)


def test_a_box_around_the_keys_has_eight_grips_clear_of_every_handle(hand: Hand) -> None:
    assert not hand.box.shown
    hand.workspace.keys.select((1,))
    assert not hand.box.shown
    hand.workspace.keys.select((1, 2))
    hand.settle()
    assert hand.box.shown
    handles = [hand.pixel(index) for index in range(5)]
    for grip in hand.box.grips:
        place = hand.panel.chart.mapFromScene(grip.scenePos())
        assert min((place - handle).manhattanLength() for handle in handles) > 12
    hand.workspace.keys.clear()
    hand.settle()
    assert not hand.box.shown


def test_keys_of_one_value_are_scaled_in_time_only(hand: Hand) -> None:
    flat = Keyframes((at(0, 0.5), at(100, 0.5), at(300, 0.5)))
    hand.workspace.commit("", edits.set_schedule, hand.workspace.selected_group.id, flat)
    hand.workspace.keys.select((0, 1, 2))
    hand.settle()
    assert [grip.side for grip in hand.box.grips if grip.isVisible()] == [(1, 0), (-1, 0)]


@pytest.mark.parametrize("log", [True, False])
def test_the_right_grip_scales_time_from_the_left(hand: Hand, log: bool) -> None:
    hand.panel.set_log(log)
    hand.workspace.keys.select((1, 2, 3))
    before = hand.places()
    start = hand.grip((1, 0))
    hand.pull(start, QPoint((hand.pixel(3) - hand.pixel(1)).x() // 2, 0))
    steps = [step for step, _ in hand.places()]
    assert steps[0::4] == [0, 450]
    assert steps[1] == 100
    assert steps[3] == pytest.approx(400, abs=2)
    assert steps[2] - 100 == pytest.approx((steps[3] - 100) / 2, abs=1)
    assert [value for _, value in hand.places()] == [value for _, value in before]
    assert hand.kinds().count("edit") == 1
    assert set(hand.kinds()[:-1]) == {"preview"}
    assert hand.workspace.store.undo_label == f"Scale 3 keys of {hand.workspace.selected_group.name}"
    assert hand.selected() == (1, 2, 3)
    hand.workspace.store.undo()
    assert hand.places() == before


def test_the_top_grip_scales_values_in_proportion(hand: Hand) -> None:
    hand.panel.set_log(False)
    hand.workspace.keys.select((1, 2, 3))
    height = hand.pixel(3).y() - hand.pixel(1).y()
    hand.pull(hand.grip((0, 1)), QPoint(0, height // 2))
    values = [value for _, value in hand.places()]
    assert values[1] == pytest.approx(2e-4 + 0.5 * 8e-4, rel=0.02)
    assert values[2] - 2e-4 == pytest.approx((values[1] - 2e-4) / 4, rel=0.02)
    assert values[3] == 2e-4
    assert [step for step, _ in hand.places()] == [0, 100, 200, 300, 450]


def test_on_a_log_axis_ratios_are_scaled(hand: Hand) -> None:
    hand.workspace.keys.select((1, 2, 3))
    height = hand.pixel(3).y() - hand.pixel(1).y()
    hand.pull(hand.grip((0, -1)), QPoint(0, height))
    values = [value for _, value in hand.places()]
    assert values[1] == 1e-3
    assert values[3] == pytest.approx(1e-3 * 0.2**2, rel=0.03)
    assert values[2] == pytest.approx(1e-3 * 0.4**2, rel=0.03)


@pytest.mark.parametrize("modifier", [CTRL, ALT])
def test_with_ctrl_or_alt_the_middle_stays(hand: Hand, modifier: Qt.KeyboardModifier) -> None:
    hand.workspace.keys.select((1, 2, 3))
    hand.pull(hand.grip((1, 0)), QPoint((hand.pixel(3) - hand.pixel(1)).x() // 4, 0), modifier)
    steps = [step for step, _ in hand.places()]
    assert steps[1] == pytest.approx(50, abs=2)
    assert steps[2] == 200
    assert steps[3] == pytest.approx(350, abs=2)


def test_a_corner_scales_both_and_shift_or_a_letter_one(hand: Hand) -> None:
    hand.workspace.keys.select((1, 2, 3))
    before = hand.places()
    hand.pull(hand.grip((1, 1)), QPoint(60, -20))
    assert hand.places()[3][0] > 300
    assert hand.places()[1][1] > 1e-3
    hand.workspace.store.undo()
    hand.pull(hand.grip((1, 1)), QPoint(60, -20), SHIFT)
    assert [value for _, value in hand.places()] == [value for _, value in before]
    assert hand.places()[3][0] > 300
    hand.workspace.store.undo()
    start = hand.grip((1, 1))
    hand.press(start)
    hand.drag_to(start, start + QPoint(60, -20))
    QTest.keyClick(hand.panel.chart, Qt.Key.Key_Y)
    assert [step for step, _ in hand.places()] == [step for step, _ in before]
    hand.release(start + QPoint(60, -20))
    assert hand.places()[1][1] > 1e-3
    assert hand.kinds().count("edit") == 3


def test_keys_pressed_together_stand_side_by_side_and_come_apart_again(hand: Hand) -> None:
    hand.workspace.keys.select((1, 2, 3))
    start = hand.grip((1, 0))
    far = QPoint(-600, 0)
    hand.press(start)
    hand.drag_to(start, start + far)
    assert [step for step, _ in hand.places()] == [0, 100, 101, 102, 450]
    hand.drag_to(start + far, start)
    hand.release(start)
    assert [step for step, _ in hand.places()] == [0, 100, 200, 300, 450]
    assert "edit" not in hand.kinds()


@pytest.mark.parametrize("how", ["escape", "right button", "another key", "undo", "group"])
def test_what_interrupts_a_drag_restores_everything(hand: Hand, how: str) -> None:
    hand.workspace.commit("", edits.set_base_lr, hand.workspace.selected_group.id, 2e-3)
    hand.workspace.keys.select((1, 2, 3))
    before = hand.places()
    hand.changes.clear()
    start = hand.grip((1, 1))
    hand.press(start)
    hand.drag_to(start, start + QPoint(60, -20))
    assert hand.places() != before
    assert hand.box.box.isVisible()
    assert "steps" in hand.box.box.text()
    if how == "escape":
        hand.escape()
    elif how == "right button":
        QTest.mousePress(hand.viewport, RIGHT, NONE, start)
    elif how == "another key":
        QTest.keyClick(hand.panel.chart, Qt.Key.Key_A)
    elif how == "undo":
        hand.workspace.store.undo()
    else:
        hand.workspace.select_group(hand.workspace.design.groups[1].id)
    assert not hand.box.dragging
    hand.drag_to(start + QPoint(60, -20), start + QPoint(120, -40))
    hand.release(start + QPoint(120, -40))
    assert "edit" not in hand.kinds()
    assert not hand.box.box.isVisible()
    if how in ("escape", "right button", "another key"):
        assert hand.places() == before
        assert hand.selected() == (1, 2, 3)


def test_the_edge_of_the_box_moves_every_key(hand: Hand) -> None:
    hand.workspace.keys.select((1, 2))
    hand.settle()
    rect = hand.box.frame.rect
    edge = QPointF(rect.left() + rect.width() / 4, rect.top())
    start = hand.panel.chart.mapFromScene(hand.panel.chart.view.mapToScene(edge))
    pixels = (hand.pixel(2) - hand.pixel(1)).x()
    hand.pull(start, QPoint(pixels // 2, 0))
    assert hand.places()[0] == (0, 1e-4)
    assert [step for step, _ in hand.places()[1:3]] == [pytest.approx(150, abs=2), pytest.approx(250, abs=2)]
    assert [value for _, value in hand.places()[1:3]] == [1e-3, 4e-4]
    assert hand.workspace.store.undo_label == f"Move 2 keys of {hand.workspace.selected_group.name}"


def test_a_fine_drag_goes_a_tenth_of_the_way(hand: Hand) -> None:
    hand.workspace.keys.select((1, 2, 3))
    width = (hand.pixel(3) - hand.pixel(1)).x()
    hand.pull(hand.grip((1, 0)), QPoint(width, 0), CTRL | SHIFT)
    assert [step for step, _ in hand.places()] == [0, 100, 210, 320, 450]


def test_a_locked_group_and_another_track_have_no_box(hand: Hand) -> None:
    hand.workspace.keys.select((1, 2))
    hand.settle()
    hand.workspace.display.toggle_locked(hand.workspace.selected_group.id)
    assert not hand.box.shown
    hand.workspace.display.toggle_locked(hand.workspace.selected_group.id)
    assert hand.box.shown
    hand.panel.set_view("lr_wd")
    hand.settle()
    assert not hand.box.shown


def test_inside_of_the_box_a_smaller_one_can_be_drawn(hand: Hand) -> None:
    hand.draw(1, 2, 3)
    hand.draw(2)
    assert hand.selected() == (2,)


@pytest.mark.parametrize("held", [True, False])
def test_the_group_of_the_box_may_be_removed(hand: Hand, held: bool) -> None:
    group = hand.take_second_group()
    hand.workspace.keys.select((1, 2))
    start = hand.grip((1, 0))
    if held:
        hand.press(start)
        hand.drag_to(start, start + QPoint(50, 0))
    assert hand.workspace.commit("", edits.remove_group, group)
    hand.settle()
    assert not hand.box.shown
    assert not hand.box.dragging
    hand.release(start + QPoint(50, 0))
    hand.workspace.store.undo()
    hand.workspace.select_group(group)
    assert [step for step, _ in hand.places()] == [0, 100, 200, 300, 450]


def test_a_group_shown_alone_with_a_box_around_its_keys_may_be_removed(hand: Hand) -> None:
    group = hand.take_second_group()
    hand.workspace.display.toggle_solo(group)
    hand.workspace.keys.select((1, 2))
    hand.settle()
    assert hand.box.shown
    assert hand.workspace.commit("", edits.remove_group, group)
    hand.settle()
    assert not hand.box.shown


def test_keys_are_scaled_in_the_normalised_view_as_they_are_seen(hand: Hand) -> None:
    hand.workspace.display.set_normalised(True)
    hand.panel.set_log(False)
    hand.settle()
    hand.workspace.keys.select((1, 2, 3))
    height = hand.pixel(3).y() - hand.pixel(1).y()
    hand.pull(hand.grip((0, 1)), QPoint(0, height // 2))
    assert hand.places()[1][1] == pytest.approx(2e-4 + 0.5 * 8e-4, rel=0.02)


def test_no_key_means_what_it_does_otherwise_while_keys_are_held(window: MainWindow, qtbot: QtBot) -> None:
    group = window.workspace.selected_group.id
    window.workspace.commit("", edits.set_schedule, group, CURVE)
    hand = Hand(window.plot, window.workspace)
    hand.workspace.keys.select((1, 2))
    start = hand.grip((1, 0))
    hand.press(start)
    hand.drag_to(start, start + QPoint(50, 0))
    assert hand.box.dragging
    QTest.keyClick(window.plot.chart, Qt.Key.Key_K)
    assert hand.selected() == (1, 2)
    assert not hand.box.dragging
    hand.release(start + QPoint(50, 0))
    assert "edit" not in hand.kinds()


def test_keys_select_other_keys(window: MainWindow) -> None:
    workspace, chart = window.workspace, window.plot.chart
    for name in ("select_all_keys", "select_later_keys", "invert_keys", "select_no_keys"):
        assert not window.action(name).isEnabled()
    workspace.commit("", edits.set_schedule, workspace.selected_group.id, HELD)
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_A, CTRL)
    assert chosen(workspace) == (0, 1, 2, 3, 4)
    workspace.keys.select((2,))
    QTest.keyClick(chart, Qt.Key.Key_K)
    assert chosen(workspace) == (4, 3, 2)
    QTest.keyClick(chart, Qt.Key.Key_I, CTRL)
    assert chosen(workspace) == (0, 1)
    QTest.keyClick(chart, Qt.Key.Key_K, SHIFT)
    assert chosen(workspace) == (0, 1)
    workspace.keys.select((3,))
    QTest.keyClick(chart, Qt.Key.Key_L, SHIFT)
    assert chosen(workspace) == (2, 4, 3)
    window.do("select_no_keys")
    assert chosen(workspace) == ()
    assert not window.action("select_later_keys").isEnabled()
    assert window.action("select_all_keys").isEnabled()
