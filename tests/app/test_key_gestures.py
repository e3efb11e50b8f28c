"""Keys, control points and handles of the plot in the hand: clicks, drags, what ends them, what they catch on."""

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

from lrdesigner import edits, tree_edits
from lrdesigner.document import Design
from lrdesigner.schedules import Constant, Cosine, Keyframe, Keyframes, Length, Linear, Segment, Sequence, shape_of
from lrdesigner.schedules.keyframes import Interpolation
from lrdesigner.store import Change, Store
from lrdesigner.track_keys import TrackKeys
from lrdesigner_app.notices import Notice
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.plot.handle_item import HandleItem
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE, CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
BASE = 1e-3
PLACES = ((0, 1.0), (100, 0.5), (200, 0.4), (300, 0.1), (420, 0.2))


def curve(then: Interpolation = "linear") -> Keyframes:
    return Keyframes(tuple(Keyframe(Length(float(step), "steps"), value, then) for step, value in PLACES))


class Hand:
    """A hand on the mouse over one plot, and what the store told meanwhile."""

    def __init__(self, panel: PlotPanel, workspace: Workspace) -> None:
        self.panel, self.workspace = panel, workspace
        self.viewport = panel.chart.viewport()
        self.changes: list[Change] = []
        self.notices: list[Notice] = []
        workspace.store.subscribe(self.changes.append)
        workspace.signals.notice_posted.connect(self.notices.append)

    def give(self, schedule: Any) -> None:
        """Give the selected group a schedule, and look at its handles."""
        self.workspace.commit("", edits.set_schedule, self.workspace.selected_group.id, schedule)
        self.settle()
        self.changes.clear()

    def item(self, name: str) -> HandleItem:
        layer = self.panel._handles
        return next(i for i, stack in zip(layer.items(), layer.stacks(), strict=True) if name in stack.names)

    def names(self) -> set[str]:
        return {name for stack in self.panel._handles.stacks() for name in stack.names}

    @property
    def keys(self) -> list[tuple[int, float]]:
        """Step and factor of every key, in the order of the list."""
        found = TrackKeys(self.workspace.selected_group, "lr", self.workspace.design.plan, self.workspace.keys.path)
        return [(int(key.at.value), key.value) for key in found.node.keys]

    def selected(self) -> tuple[int, ...]:
        return self.workspace.keys.indices

    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes]

    def pixel(self, step: float, value: float) -> QPoint:
        """The pixel at which a step and a value are drawn."""
        view, axis_map = self.panel.chart.view, self.panel._map
        return self.panel.chart.mapFromScene(view.mapViewToScene(QPointF(axis_map.x(step), axis_map.y(value))))

    def at(self, name: str) -> QPoint:
        self.settle()
        return self.panel.chart.mapFromScene(self.item(name).scenePos())

    def click(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseMove(self.viewport, at)
        QTest.mouseClick(self.viewport, button, modifiers, at)
        self.settle()

    def press(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.settle()
        QTest.mouseMove(self.viewport, at)
        QTest.mousePress(self.viewport, LEFT, modifiers, at)

    def drag_to(self, start: QPoint, end: QPoint, modifiers: Qt.KeyboardModifier = NONE, moves: int = 6) -> None:
        for number in range(1, moves + 1):
            at = start + (end - start) * (number / moves)
            place, everywhere = QPointF(at), QPointF(self.viewport.mapToGlobal(at))
            kind, no = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
            QApplication.sendEvent(self.viewport, QMouseEvent(kind, place, everywhere, no, LEFT, modifiers))
            QApplication.processEvents()

    def release(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseRelease(self.viewport, LEFT, modifiers, at)
        self.settle()

    def drag(self, name: str, to: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Drag a handle to a pixel and drop it."""
        start = self.at(name)
        self.press(start)
        self.drag_to(start, to, modifiers)
        self.release(to, modifiers)

    def type(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.panel.chart, key, modifiers)

    def settle(self) -> None:
        for _ in range(3):
            QApplication.processEvents()
            self.panel._throttle.flush()


@pytest.fixture
def workspace(design: Design, qapp: QApplication) -> Workspace:
    """Without the style sheet, which takes longer to apply than most of these tests."""
    return Workspace(Store(design), Theme(qapp))


@pytest.fixture
def hand(workspace: Workspace, qtbot: QtBot) -> Iterator[Hand]:
    rate_limit = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    head, backbone = (group.id for group in workspace.design.groups)
    workspace.commit("", edits.set_schedule, head, curve())
    workspace.commit("", edits.set_base_lr, head, BASE)
    workspace.commit("", edits.set_schedule, backbone, Constant())
    workspace.commit("", edits.set_base_lr, backbone, 3.3e-5)
    workspace.select_group(head)
    panel = PlotPanel(workspace)
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    panel.activateWindow()
    qtbot.waitActive(panel)
    panel.set_epochs(False)
    made = Hand(panel, workspace)
    made.settle()
    QTest.mouseMove(made.viewport, QPoint(3, 3))
    yield made
    QTest.mouseRelease(made.viewport, LEFT, NONE, QPoint(3, 3))
    pg.setConfigOption("mouseRateLimit", rate_limit)


def test_clicks_select_keys_as_lists_do_and_change_nothing(hand: Hand) -> None:
    hand.click(hand.at("key 1"))
    assert hand.selected() == (1,)
    hand.click(hand.at("key 3"), SHIFT)
    hand.click(hand.at("key 2"), CTRL)
    assert hand.selected() == (1, 3, 2)
    assert [hand.item(f"key {index}").marked for index in range(5)] == [False, True, True, True, False]
    assert [hand.item(f"key {index}").active for index in range(5)] == [False, False, True, False, False]
    hand.click(hand.at("key 1"), CTRL)
    assert hand.selected() == (3, 2)
    hand.click(hand.at("key 4"))
    assert hand.selected() == (4,)
    assert hand.changes == []


def test_the_key_at_the_top_is_not_hidden_by_the_handle_of_the_base_value(hand: Hand) -> None:
    assert {f"key {index}" for index in range(5)} <= hand.names()


def test_a_drag_of_a_key_that_is_not_selected_takes_it_alone(hand: Hand) -> None:
    hand.workspace.keys.select((3, 4))
    hand.drag("key 1", hand.pixel(140, 0.2 * BASE))
    assert hand.selected() == (1,)
    assert [step for step, _ in hand.keys] == [0, 140, 200, 300, 420]
    assert hand.keys[1][1] == pytest.approx(0.2, rel=0.02)
    assert hand.kinds().count("edit") == 1


@pytest.mark.parametrize("log", [True, False])
def test_selected_keys_move_together_and_undo_takes_it_back_at_once(hand: Hand, log: bool) -> None:
    hand.panel.set_log(log)
    before = hand.keys
    hand.workspace.keys.select((1, 2, 3))
    hand.drag("key 2", hand.pixel(230, 0.7 * BASE))
    after = hand.keys
    by = after[2][0] - 200
    assert by == pytest.approx(30, abs=1)
    assert [step for step, _ in after] == [0, 100 + by, 200 + by, 300 + by, 420]
    change = [now / old if log else now - old for (_, old), (_, now) in zip(before[1:4], after[1:4], strict=True)]
    assert change == pytest.approx([0.7 / 0.4 if log else 0.3] * 3, rel=0.02)
    assert change == pytest.approx([change[0]] * 3, rel=1e-9)
    assert after[0] == before[0]
    assert after[4] == before[4]
    hand.workspace.store.undo()
    assert hand.keys == before


def test_a_key_passes_its_neighbours_but_with_alt_it_stays_between(hand: Hand) -> None:
    value = PLACES[1][1] * BASE
    hand.drag("key 1", hand.pixel(350, value), ALT)
    assert hand.keys[1] == (199, 0.5)
    hand.drag("key 1", hand.pixel(350, value))
    assert hand.keys[1][0] == pytest.approx(350, abs=1)
    hand.drag("key 1", hand.pixel(300, value))
    assert hand.keys[1][0] in (299, 301)


def test_shift_keeps_to_the_main_direction(hand: Hand) -> None:
    hand.drag("key 1", hand.at("key 1") + QPoint(60, 25), SHIFT)
    assert hand.keys[1][1] == 0.5
    assert hand.keys[1][0] > 110


@pytest.mark.parametrize(("key", "kept"), [(Qt.Key.Key_X, 1), (Qt.Key.Key_Y, 0)])
def test_during_a_drag_x_keeps_to_time_and_y_to_value_until_pressed_again(hand: Hand, key: Qt.Key, kept: int) -> None:
    start = hand.at("key 1")
    end = start + QPoint(60, 60)
    hand.press(start)
    hand.drag_to(start, end)
    hand.type(key)
    assert hand.keys[1][kept] == PLACES[1][kept]
    assert hand.keys[1][1 - kept] != PLACES[1][1 - kept]
    hand.type(key)
    assert hand.keys[1][0] != PLACES[1][0]
    assert hand.keys[1][1] != PLACES[1][1]
    hand.type(key)
    hand.release(end)
    assert hand.keys[1][kept] == PLACES[1][kept]
    assert hand.kinds().count("edit") == 1


@pytest.mark.parametrize("how", ["escape", "right button", "another key", "delete", "lost focus", "lock"])
def test_what_restores_a_drag(hand: Hand, how: str) -> None:
    before = hand.workspace.design
    start = hand.at("key 1")
    hand.press(start)
    hand.drag_to(start, start + QPoint(50, 60))
    assert hand.workspace.design is not before
    if how == "right button":
        QTest.mouseClick(hand.viewport, RIGHT, NONE, start + QPoint(50, 60))
    elif how == "lost focus":
        hand.panel._header.findChildren(pg.QtWidgets.QWidget)[0].setFocus()
        hand.item("key 1").clearFocus()
    elif how == "lock":
        hand.workspace.display.toggle_locked(hand.workspace.selected_group.id)
    else:
        keys = {"escape": Qt.Key.Key_Escape, "another key": Qt.Key.Key_V, "delete": Qt.Key.Key_Delete}
        hand.type(keys[how])
    assert hand.workspace.design is before
    assert not hand.panel._handles.dragging
    hand.drag_to(start + QPoint(50, 60), start + QPoint(90, 90))
    hand.release(start + QPoint(90, 90))
    assert hand.workspace.design is before
    assert "edit" not in hand.kinds()


@pytest.mark.parametrize("how", ["undo", "remove group", "select group", "switch track", "edit", "remove keys"])
def test_a_change_from_elsewhere_ends_a_drag_and_nothing_of_it_is_kept(hand: Hand, how: str) -> None:
    workspace = hand.workspace
    head, backbone = (group.id for group in workspace.design.groups)
    workspace.commit("", edits.set_base_lr, backbone, 7e-5)
    kept = workspace.design.group(head).lr
    start = hand.at("key 1")
    hand.press(start)
    hand.drag_to(start, start + QPoint(50, 60))
    assert workspace.design.group(head).lr != kept
    match how:
        case "undo":
            workspace.store.undo()
            assert workspace.design.group(backbone).lr.base == 3.3e-5
        case "remove group":
            workspace.commit("Remove", edits.remove_group, head)
        case "select group":
            workspace.select_group(backbone)
        case "switch track":
            workspace.select_slot("weight_decay")
        case "edit":
            workspace.commit("Other", edits.set_base_lr, backbone, 5e-5)
        case "remove keys":
            workspace.commit("Shape", tree_edits.set_shape, head, "lr", (), "cosine")
    hand.settle()
    assert not hand.panel._handles.dragging
    assert workspace.store.design is workspace.store.committed
    entries = len(hand.changes)
    hand.drag_to(start + QPoint(50, 60), start + QPoint(90, 90))
    hand.release(start + QPoint(90, 90))
    assert len(hand.changes) == entries
    if how not in ("remove group", "remove keys"):
        assert workspace.design.group(head).lr == kept


def on_curve(hand: Hand, step: int) -> QPoint:
    """The pixel on the selected group's curve at a step."""
    keys = TrackKeys(hand.workspace.selected_group, "lr", hand.workspace.design.plan, hand.workspace.keys.path)
    edit, index = keys.insert(step)
    found = edit.edit(hand.workspace.design, *edit.arguments)
    after = TrackKeys(found.group(keys.group.id), "lr", found.plan, keys.path)
    return hand.pixel(step, next(point.value for point in after.points if point.index == index))


@pytest.mark.parametrize("modifiers", [NONE, CTRL])
def test_a_click_on_the_curve_adds_a_key_there_and_selects_it(hand: Hand, modifiers: Qt.KeyboardModifier) -> None:
    hand.click(on_curve(hand, 250), modifiers)
    assert len(hand.keys) == 6
    assert hand.keys[3][0] == pytest.approx(250, abs=1)
    assert hand.selected() == (3,)
    assert hand.kinds() == ["edit"]
    hand.workspace.store.undo()
    assert len(hand.keys) == 5


def test_a_bare_click_adds_no_key_where_another_part_is_edited(hand: Hand) -> None:
    hand.give(Sequence((Segment(Linear(), Length(100, "steps")), Segment(curve()))))
    hand.workspace.segments.go_to((0,))
    hand.settle()
    hand.click(hand.pixel(240, BASE * 0.442))
    assert "edit" not in hand.kinds()
    hand.workspace.segments.go_to((1,))
    hand.click(on_curve(hand, 250))
    assert hand.kinds() == ["edit"]
    assert hand.keys[2][0] == pytest.approx(150, abs=1)


def test_a_key_that_is_dragged_before_the_release_is_one_edit(hand: Hand) -> None:
    start = on_curve(hand, 250)
    hand.press(start, CTRL)
    hand.drag_to(start, start + QPoint(0, -90), CTRL)
    hand.release(start + QPoint(0, -90))
    assert len(hand.keys) == 6
    assert hand.selected() == (3,)
    assert hand.keys[3][1] > 0.3
    assert hand.keys[3][0] == pytest.approx(250, abs=1)
    assert hand.kinds().count("edit") == 1
    assert hand.changes[-1].label.startswith("Add a key")
    hand.workspace.store.undo()
    assert hand.keys == list(PLACES)


@pytest.mark.parametrize("how", ["escape", "right button", "undo"])
def test_a_key_that_is_not_let_go_of_is_not_added(hand: Hand, how: str) -> None:
    hand.workspace.keys.select((1, 2))
    before, start = hand.workspace.design, on_curve(hand, 250)
    hand.press(start, CTRL)
    hand.drag_to(start, start + QPoint(0, -90), CTRL)
    assert len(hand.keys) == 6
    if how == "escape":
        hand.type(Qt.Key.Key_Escape)
    elif how == "right button":
        QTest.mouseClick(hand.viewport, RIGHT, NONE, start + QPoint(0, -90))
    else:
        hand.workspace.store.undo()
        hand.workspace.store.redo()
    hand.drag_to(start + QPoint(0, -90), start + QPoint(60, -90))
    hand.release(start + QPoint(60, -90))
    assert hand.workspace.design is before
    assert hand.selected() == (1, 2)


def test_where_there_are_no_keys_a_notice_offers_to_bake_the_part(hand: Hand) -> None:
    hand.give(Sequence((Segment(Constant(), Length(200, "steps")), Segment(Cosine(0.1)))))
    hand.click(hand.pixel(60, BASE), CTRL)
    assert hand.kinds() == []
    notice = hand.notices[-1]
    assert shape_of(Constant()).title in notice.text
    assert notice.action is not None
    notice.action[1]()
    assert isinstance(hand.workspace.selected_group.lr.schedule.segments[0].schedule, Keyframes)
    assert hand.workspace.keys.node is not None


def test_a_middle_click_removes_a_key_and_the_selection_goes_on_meaning_the_same(hand: Hand) -> None:
    hand.workspace.keys.select((1, 3, 4))
    hand.click(hand.at("key 2"), button=MIDDLE)
    assert [step for step, _ in hand.keys] == [0, 100, 300, 420]
    assert hand.selected() == (1, 2, 3)
    hand.click(hand.at("key 0"), button=MIDDLE)
    assert hand.selected() == (0, 1, 2)


def test_the_only_key_stays_and_says_so(hand: Hand) -> None:
    hand.give(Keyframes((Keyframe(Length(200, "steps"), 0.5),)))
    hand.click(hand.at("key 0"), button=MIDDLE)
    assert hand.kinds() == []
    assert "at least one key" in hand.notices[-1].text


def test_the_arrow_keys_move_all_selected_keys(hand: Hand) -> None:
    hand.click(hand.at("key 1"))
    hand.click(hand.at("key 2"), SHIFT)
    hand.type(Qt.Key.Key_Right)
    hand.type(Qt.Key.Key_Up)
    assert [step for step, _ in hand.keys] == [0, 101, 201, 300, 420]
    assert hand.keys[2][1] == pytest.approx(0.41)
    assert hand.keys[1][1] == pytest.approx(0.5 * 0.41 / 0.4)
    assert hand.kinds() == ["edit", "edit"]


def test_a_drag_catches_values_and_steps_and_shows_a_line_while_it_does(hand: Hand) -> None:
    hand.workspace.display.set_snapping(True)
    hand.workspace.display.set_playhead(150)
    guides = hand.panel._handles.hold.guides
    start = hand.at("key 1")
    hand.press(start)
    near = hand.pixel(150, 3.3e-5) + QPoint(5, 4)
    hand.drag_to(start, near)
    assert hand.keys[1] == (150, pytest.approx(0.033, rel=1e-12))
    hand.settle()
    backbone = hand.workspace.design.groups[1].name
    assert f"at playhead · at {backbone}" in hand.panel._handles.box.text()
    assert guides.step.isVisible()
    assert guides.value.isVisible()
    free = hand.pixel(160, 2.6e-4)
    hand.drag_to(near, free)
    assert hand.keys[1][0] == pytest.approx(160, abs=1)
    assert not guides.value.isVisible()
    hand.drag_to(free, near, CTRL)
    assert hand.keys[1][1] != pytest.approx(0.033, rel=1e-6)
    hand.release(near, CTRL)
    assert not guides.step.isVisible()


@pytest.mark.parametrize(("step", "value", "what"), [
    (135, 0.5e-3, "epoch 3"), (200, 0.7e-3, "step of key 3"), (160, 0.4e-3, "value of key 3"),
    (160, 1e-3, "base value"), (160, 5e-5, "5e-5"), (450, 0.7e-3, "epoch 10"),
])  # fmt: skip
def test_what_a_key_can_catch_on(hand: Hand, step: int, value: float, what: str) -> None:
    start = hand.at("key 1")
    hand.press(start)
    hand.drag_to(start, hand.pixel(step, value) + QPoint(3, 3), CTRL)
    caught = [one.what for one in hand.panel._handles.hold.drag.caught if one is not None]  # type: ignore[union-attr]
    assert what in caught
    hand.release(hand.pixel(step, value), CTRL)


def test_curves_that_are_hidden_hold_nothing(hand: Hand) -> None:
    hand.workspace.display.toggle_hidden(hand.workspace.design.groups[1].id)
    start = hand.at("key 1")
    hand.press(start)
    hand.drag_to(start, hand.pixel(150, 3.3e-5) + QPoint(0, 3), CTRL)
    assert hand.keys[1][1] != pytest.approx(0.033, rel=1e-12)
    hand.release(hand.pixel(150, 3.3e-5), CTRL)


def test_selected_beziers_show_control_points_with_arms(hand: Hand) -> None:
    hand.give(curve("bezier"))
    assert not any("leave" in name for name in hand.names())
    hand.click(hand.at("key 1"))
    assert {"key 1 leave", "key 1 arrive"} <= hand.names()
    assert hand.item("key 1 leave").kind == "control"
    assert hand.panel._handles._arms.item.path().elementCount() == 4
    hand.workspace.keys.select((0,))
    assert "key 0 leave" in hand.names()
    assert "key 1 leave" not in hand.names()


def test_a_control_point_bends_both_sides_with_alt_one_and_two_clicks_make_it_automatic(hand: Hand) -> None:
    hand.give(curve("bezier"))
    hand.workspace.keys.select((1,))
    hand.drag("key 1 leave", hand.at("key 1 leave") + QPoint(0, -60))
    keys = hand.workspace.keys.node.keys  # type: ignore[union-attr]
    assert keys[1].leave is not None
    assert (keys[1].leave - 0.5) == pytest.approx(0.5 - keys[0].arrive, rel=1e-6)  # type: ignore[operator]
    assert hand.kinds().count("edit") == 1
    arrive = keys[0].arrive
    hand.drag("key 1 leave", hand.at("key 1 leave") + QPoint(0, 40), ALT)
    keys = hand.workspace.keys.node.keys  # type: ignore[union-attr]
    assert keys[0].arrive == arrive
    QTest.mouseDClick(hand.viewport, LEFT, NONE, hand.at("key 1 leave"))
    hand.settle()
    keys = hand.workspace.keys.node.keys  # type: ignore[union-attr]
    assert (keys[0].arrive, keys[1].leave) == (None, None)


def test_the_keyboard_moves_a_control_point_and_gives_it_back(hand: Hand) -> None:
    hand.give(curve("bezier"))
    hand.workspace.keys.select((1,))
    hand.settle()
    hand.item("key 1 leave").setFocus()
    hand.type(Qt.Key.Key_Up)
    assert hand.workspace.keys.node.keys[1].leave is not None  # type: ignore[union-attr]
    hand.type(Qt.Key.Key_Delete)
    assert hand.workspace.keys.node.keys[1].leave is None  # type: ignore[union-attr]


def test_a_locked_group_has_no_handles_until_it_is_let_go(hand: Hand) -> None:
    group = hand.workspace.selected_group.id
    hand.workspace.display.toggle_locked(group)
    hand.settle()
    assert hand.names() == set()
    hand.click(on_curve(hand, 250), CTRL)
    assert hand.kinds() == []
    hand.workspace.display.toggle_locked(group)
    hand.settle()
    assert "key 1" in hand.names()
