"""The plot under real mouse and key events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design, Freeze, Plan
from lrdesigner.handles import settled
from lrdesigner.schedules import (
    Constant,
    Cosine,
    Expression,
    Length,
    Linear,
    MultiStep,
    Plateau,
    RecordedTrace,
    Segment,
    Sequence,
    StepDecay,
)
from lrdesigner.store import Change, Store
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.plot.handle_item import RADIUS, HandleItem
from lrdesigner_app.theme import DARK, Theme
from lrdesigner_app.workspace import Workspace

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier
WARM_UP = Sequence((Segment(Linear(0.1, 1.0), Length(45, "steps")), Segment(Cosine(0.01))))


class Hand:
    """A hand on the mouse over one plot, and what the store told meanwhile."""

    def __init__(self, panel: PlotPanel, workspace: Workspace) -> None:
        self.panel, self.workspace = panel, workspace
        self.viewport = panel.chart.viewport()
        self.changes: list[Change] = []
        workspace.store.subscribe(self.changes.append)

    @property
    def base(self) -> float:
        return self.workspace.selected_group.lr.base

    @property
    def item(self) -> HandleItem:
        return self.panel._handles.items()[0]

    def give(self, schedule: object) -> None:
        """Give the selected group a schedule, and look at its handles."""
        self.workspace.commit("", edits.set_schedule, self.workspace.selected_group.id, schedule)
        self.settle()
        self.changes.clear()

    def handle(self, name: str) -> HandleItem:
        """The item that shows the handle of this name."""
        layer = self.panel._handles
        pairs = zip(layer.items(), layer.stacks(), strict=True)
        return next(item for item, stack in pairs if name in stack.names)

    @property
    def schedule(self) -> Any:
        return self.workspace.selected_group.lr.schedule

    def drag(self, name: str, by: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Drag a handle by so many pixels and drop it."""
        start = self.grab(self.handle(name))
        self.drag_to(start, start + by, modifiers)
        self.release(start + by)

    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes]

    def place(self, step: float, value: float) -> QPoint:
        """The pixel at which a step and a value are drawn."""
        view, axis_map = self.panel.chart.view, self.panel._map
        scene = view.mapViewToScene(QPointF(axis_map.x(step), axis_map.y(value)))
        return self.panel.chart.mapFromScene(scene)

    def value_at(self, pixel: QPoint | QPointF) -> float:
        return self.panel._map.value(self.panel.chart.view.mapSceneToView(QPointF(pixel)).y())

    def grab(self, item: HandleItem | None = None) -> QPoint:
        self.settle()
        at = self.panel.chart.mapFromScene((item or self.item).scenePos())
        QTest.mouseMove(self.viewport, at)
        QTest.mousePress(self.viewport, LEFT, NONE, at)
        return at

    def drag_to(self, start: QPoint, end: QPoint, modifiers: Qt.KeyboardModifier = NONE, moves: int = 6) -> None:
        for number in range(1, moves + 1):
            at = start + (end - start) * (number / moves)
            self._send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, LEFT, modifiers)
            QApplication.processEvents()

    def release(self, at: QPoint) -> None:
        QTest.mouseRelease(self.viewport, LEFT, NONE, at)
        self.settle()

    def settle(self) -> None:
        for _ in range(3):
            QApplication.processEvents()
            self.panel._throttle.flush()

    def _send(self, kind: QEvent.Type, at: QPoint, button: object, buttons: object, modifiers: object) -> None:
        place, everywhere = QPointF(at), QPointF(self.viewport.mapToGlobal(at))
        QApplication.sendEvent(self.viewport, QMouseEvent(kind, place, everywhere, button, buttons, modifiers))


@pytest.fixture
def workspace(design: Design, qapp: QApplication) -> Workspace:
    """Without the style sheet, which takes longer to apply than most of these tests."""
    return Workspace(Store(design), Theme(qapp))


@pytest.fixture
def hand(workspace: Workspace, qtbot: QtBot) -> Iterator[Hand]:
    rate_limit = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    head, backbone = (group.id for group in workspace.design.groups)
    workspace.commit("", edits.set_schedule, head, WARM_UP)
    workspace.commit("", edits.set_schedule, backbone, StepDecay(Length(3, "epochs"), 0.5))
    workspace.commit("", edits.set_base_lr, backbone, 1e-4)
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


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("epochs", [True, False])
def test_a_drag_gives_previews_and_exactly_one_commit_where_it_is_dropped(hand: Hand, log: bool, epochs: bool) -> None:
    hand.panel.set_log(log)
    hand.panel.set_epochs(epochs)
    start = hand.grab()
    end = start + QPoint(30, 90)
    dropped = hand.value_at(hand.item.scenePos() + QPointF(30, 90))
    hand.drag_to(start, end)
    assert hand.workspace.store.committed.groups[0].lr.base == 1e-3
    hand.release(end)
    assert hand.kinds().count("edit") == 1
    assert set(hand.kinds()[:-1]) == {"preview"}
    assert len(hand.kinds()) > 3
    assert hand.base == pytest.approx(settled(dropped, "normal"), rel=1e-3)
    assert hand.panel.chart.mapFromScene(hand.item.scenePos()).y() == pytest.approx(end.y(), abs=1)
    assert hand.workspace.store.undo_label == "Base lr of everything"


def test_undo_after_a_drag_goes_back_in_one_step(hand: Hand) -> None:
    start = hand.grab()
    hand.drag_to(start, start + QPoint(0, 60))
    hand.release(start + QPoint(0, 60))
    hand.workspace.store.undo()
    assert hand.base == 1e-3


def test_a_press_and_release_without_movement_changes_nothing(hand: Hand) -> None:
    at = hand.grab()
    hand.release(at)
    assert hand.changes == []


def test_taking_hold_beside_the_centre_does_not_move_the_value(hand: Hand) -> None:
    at = hand.panel.chart.mapFromScene(hand.item.scenePos()) + QPoint(3, 4)
    QTest.mousePress(hand.viewport, LEFT, NONE, at)
    hand.drag_to(at, at + QPoint(0, 50))
    hand.drag_to(at + QPoint(0, 50), at)
    hand.release(at)
    assert hand.base == pytest.approx(1e-3, rel=1e-9)


def test_escape_during_a_drag_restores_and_the_rest_of_the_movement_means_nothing(hand: Hand) -> None:
    start = hand.grab()
    hand.drag_to(start, start + QPoint(0, 60))
    assert hand.base != 1e-3
    QTest.keyClick(hand.panel.chart, Qt.Key.Key_Escape)
    assert hand.base == 1e-3
    hand.drag_to(start + QPoint(0, 60), start + QPoint(0, 120))
    hand.release(start + QPoint(0, 120))
    assert hand.base == 1e-3
    assert "edit" not in hand.kinds()
    assert not hand.panel._handles.dragging


def test_the_right_button_during_a_drag_restores(hand: Hand) -> None:
    start = hand.grab()
    end = start + QPoint(0, 60)
    hand.drag_to(start, end)
    hand._send(QEvent.Type.MouseButtonPress, end, RIGHT, LEFT | RIGHT, NONE)
    assert hand.base == 1e-3
    hand._send(QEvent.Type.MouseButtonRelease, end, RIGHT, LEFT, NONE)
    hand.release(end)
    assert "edit" not in hand.kinds()


def test_losing_the_focus_during_a_drag_restores(hand: Hand) -> None:
    start = hand.grab()
    hand.drag_to(start, start + QPoint(0, 60))
    hand.panel._header.log.setFocus()
    hand.item.clearFocus()
    assert hand.base == 1e-3
    hand.release(start + QPoint(0, 60))
    assert "edit" not in hand.kinds()


@pytest.mark.parametrize("kind", ["commit", "undo", "open"])
def test_a_change_from_elsewhere_during_a_drag_ends_it_and_wins(hand: Hand, kind: str) -> None:
    store, head = hand.workspace.store, hand.workspace.selected_group.id
    foreign: dict[str, Callable[[], object]] = {
        "commit": lambda: store.commit("Typed", edits.set_base_lr, head, 0.5),
        "undo": store.undo,
        "open": lambda: store.open(edits.set_base_lr(store.committed, head, 0.25)),
    }
    start = hand.grab()
    hand.drag_to(start, start + QPoint(0, 60))
    foreign[kind]()
    after = store.design
    hand.drag_to(start + QPoint(0, 60), start + QPoint(0, 90))
    hand.release(start + QPoint(0, 90))
    assert store.design is after
    assert store.committed is after
    assert not hand.item.dragging


def test_control_catches_round_values_that_are_near_and_no_others(hand: Hand) -> None:
    start = hand.grab()
    near = QPoint(start.x(), hand.place(0, 5e-4).y() + 6)
    hand.drag_to(start, near, CTRL)
    hand.release(near)
    assert hand.base == 5e-4
    start = hand.grab()
    between = QPoint(start.x(), hand.place(0, 3.4e-4).y())
    hand.drag_to(start, between, CTRL)
    hand.release(between)
    assert hand.base == pytest.approx(3.4e-4, rel=0.02)


def test_control_and_shift_move_a_tenth_as_far(hand: Hand) -> None:
    start = hand.grab()
    end = start + QPoint(0, 100)
    expected = hand.value_at(hand.item.scenePos() + QPointF(0, 10))
    hand.drag_to(start, end, CTRL | SHIFT)
    hand.release(end)
    assert hand.base == pytest.approx(expected, rel=1e-3)


def test_a_linear_axis_cannot_be_dragged_to_zero_or_below(hand: Hand) -> None:
    hand.panel.set_log(False)
    start = hand.grab()
    end = QPoint(start.x(), hand.viewport.height() - 3)
    hand.drag_to(start, end)
    hand.release(end)
    assert 0 < hand.base < 2e-5


@pytest.mark.parametrize(("key", "expected"), [(Qt.Key.Key_Up, 1.1e-3), (Qt.Key.Key_Down, 9.9e-4)])
def test_arrow_keys_on_the_handle_step_the_value_with_one_commit_each(hand: Hand, key: Qt.Key, expected: float) -> None:
    hand.item.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(hand.panel.chart, key)
    assert hand.base == pytest.approx(expected)
    assert hand.kinds() == ["edit"]
    QTest.keyClick(hand.panel.chart, key)
    assert hand.kinds() == ["edit", "edit"]


def test_the_tab_key_reaches_the_handle(hand: Hand) -> None:
    hand.panel._header.epochs.setFocus()
    hand.panel.chart.setFocus(Qt.FocusReason.TabFocusReason)
    assert hand.item.hasFocus()
    assert hand.panel._handles.box.isVisible()
    assert "base lr 0.001" in hand.panel._handles.box.text()


def test_the_handle_keeps_its_size_in_pixels_when_zoomed(hand: Hand) -> None:
    def width() -> float:
        return hand.item.deviceTransform(hand.panel.chart.viewportTransform()).mapRect(hand.item.boundingRect()).width()

    before = width()
    hand.panel.chart.set_ranges(x=(0.0, 1.0), y=(-3.2, -2.9))
    hand.settle()
    assert width() == pytest.approx(before)
    assert RADIUS == 5


def test_the_value_range_stands_still_during_a_drag_and_frames_what_left_it_afterwards(hand: Hand) -> None:
    hand.panel.set_log(False)
    hand.settle()
    before = hand.panel.chart.view.viewRange()
    start = hand.grab()
    end = start - QPoint(0, 300)
    hand.drag_to(start, end)
    hand.settle()
    assert hand.panel.chart.view.viewRange() == before
    hand.release(end)
    assert hand.panel.chart.view.viewRange()[1][1] > hand.base


def test_only_the_changed_curve_is_evaluated_again(hand: Hand) -> None:
    before = hand.panel._curves.evaluations
    items = [curve.stroke for curve in hand.panel._curves._curves.values()]
    hand.workspace.commit("", edits.set_base_lr, hand.workspace.selected_group.id, 0.02)
    hand.settle()
    assert hand.panel._curves.evaluations == before + 1
    assert [curve.stroke for curve in hand.panel._curves._curves.values()] == items


def test_a_preview_is_drawn(hand: Hand) -> None:
    head = hand.workspace.selected_group.id
    hand.workspace.preview("", edits.set_base_lr, head, 0.02)
    hand.settle()
    assert hand.panel._curves._curves[head].values.max() == pytest.approx(0.02)


def test_a_click_on_a_curve_selects_its_group_and_a_click_beside_it_does_not(hand: Hand) -> None:
    backbone = hand.workspace.design.groups[1].id
    at = hand.place(300, 2.5e-5)
    QTest.mouseClick(hand.viewport, LEFT, NONE, at + QPoint(0, 40))
    assert hand.workspace.selected_group.id != backbone
    QTest.mouseClick(hand.viewport, LEFT, NONE, at)
    assert hand.workspace.selected_group.id == backbone


def test_hovering_shows_every_group_at_that_step(hand: Hand) -> None:
    at = hand.place(200, 3e-5)
    QTest.mouseMove(hand.viewport, at + QPoint(1, 1))
    QTest.mouseMove(hand.viewport, at)
    text = hand.panel._scenery.box.text()
    assert hand.panel._scenery.box.isVisible()
    assert "step 200" in text
    assert "everything" in text
    assert "backbone" in text
    QApplication.sendEvent(hand.panel.chart, QEvent(QEvent.Type.Leave))
    assert not hand.panel._scenery.box.isVisible()


def test_the_wheel_zooms_at_the_pointer_and_framing_shows_everything_again(hand: Hand) -> None:
    view = hand.panel.chart.view
    hand.panel._throttle.cancel()  # as when nothing has happened for a while
    before = view.viewRange()
    at = hand.place(225, 1e-4)
    under = hand.value_at(at)
    delta = QPoint(0, 240)
    wheel = QWheelEvent(
        QPointF(at), QPointF(hand.viewport.mapToGlobal(at)), QPoint(), delta, Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(hand.viewport, wheel)
    hand.settle()
    assert np.diff(view.viewRange()[0])[0] < np.diff(before[0])[0]
    assert hand.value_at(at) == pytest.approx(under, rel=1e-3)
    hand.panel.frame_all()
    hand.settle()
    assert np.allclose(view.viewRange(), before)


def test_switching_the_axes_keeps_the_design_and_tells_once(hand: Hand, qtbot: QtBot) -> None:
    before = hand.workspace.design
    with qtbot.waitSignal(hand.panel.view_changed):
        QTest.mouseClick(hand.panel._header.linear, LEFT)
    with qtbot.waitSignal(hand.panel.view_changed):
        QTest.mouseClick(hand.panel._header.steps, LEFT)
    with qtbot.assertNotEmitted(hand.panel.view_changed):
        hand.panel.set_log(False)
    assert (hand.panel.log, hand.panel.epochs) == (False, False)
    assert hand.workspace.design is before
    assert hand.panel.chart.view.viewRange()[0][1] > 450


@pytest.mark.parametrize("formula", ["0.0 * step", "-1.0", "log(step - step)", "1 / (step - step)", "sqrt(10 - step)"])
@pytest.mark.parametrize("log", [True, False])
def test_values_that_an_axis_cannot_show_leave_gaps_and_a_hint(hand: Hand, formula: str, log: bool) -> None:
    hand.panel.set_log(log)
    hand.workspace.commit("", edits.set_schedule, hand.workspace.selected_group.id, Expression(formula))
    hand.settle()
    hand.panel.grab()
    hand.panel.frame_all()
    head = hand.workspace.selected_group.id
    assert bool(hand.panel._scenery.hint) != hand.panel._curves.drawn(head)


def test_a_cosine_to_zero_on_a_log_axis_draws_without_its_last_point(hand: Hand) -> None:
    head = hand.workspace.selected_group.id
    hand.workspace.commit("", edits.set_schedule, head, Cosine(0.0))
    hand.settle()
    curve = hand.panel._curves._curves[head]
    assert curve.drawn
    assert np.isnan(curve.ys[-1])
    assert hand.panel._scenery.hint == ""


def test_both_sides_of_a_jump_are_drawn_in_a_run_too_long_to_draw_every_step(hand: Hand) -> None:
    hand.workspace.commit("", edits.set_plan, Plan(epoch=10_000, epochs=30))
    hand.settle()
    curve = hand.panel._curves._curves[hand.workspace.design.groups[1].id]
    jump = int(np.searchsorted(curve.steps, 30_000))
    assert curve.steps[jump - 1 : jump + 1].tolist() == [29_999, 30_000]
    assert curve.values[jump] == pytest.approx(curve.values[jump - 1] / 2)


def test_zooming_into_a_long_run_shows_every_step(hand: Hand) -> None:
    hand.workspace.commit("", edits.set_plan, Plan(epoch=10_000, epochs=30))
    hand.panel.set_epochs(False)
    hand.panel.chart.set_ranges(x=(123_400.0, 123_440.0))
    hand.panel.viewport._on_moved_by_hand()
    hand.settle()
    steps = hand.panel._curves._curves[hand.workspace.selected_group.id].steps
    seen = steps[(steps >= 123_400) & (steps <= 123_440)]
    assert seen.tolist() == list(range(123_400, 123_441))


def test_a_group_that_trains_nothing_is_dashed(hand: Hand) -> None:
    hand.workspace.commit("", edits.add_group, "idle")
    hand.settle()
    idle = hand.workspace.design.groups[-1].id
    pen = hand.panel._curves._curves[idle].stroke.pen
    assert pen.style() == Qt.PenStyle.DashLine


def test_removed_groups_take_their_curves_along(hand: Hand) -> None:
    backbone = hand.workspace.design.groups[1].id
    hand.workspace.commit("", edits.remove_group, backbone)
    hand.settle()
    assert list(hand.panel._curves._curves) == [hand.workspace.design.groups[0].id]


def test_the_selected_curve_is_thick_but_thin_while_dragging(hand: Hand) -> None:
    curve = hand.panel._curves._curves[hand.workspace.selected_group.id]
    assert curve.stroke.pen.width() == 2
    start = hand.grab()
    hand.drag_to(start, start + QPoint(0, 20))
    assert curve.stroke.pen.width() == 1
    hand.release(start + QPoint(0, 20))
    assert curve.stroke.pen.width() == 2


def test_the_time_axis_tells_where_it_lies(hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(hand.panel.time_axis_moved) as told:
        hand.panel.resize(900, 560)
        hand.panel.frame_all()
    first, last, left, right = told.args
    assert first < 0 < 450 < last
    assert left > 20
    assert 0 <= right < 20


def test_a_constant_has_its_handle_in_the_middle(hand: Hand) -> None:
    hand.workspace.commit("", edits.set_schedule, hand.workspace.selected_group.id, Constant())
    hand.settle()
    middle = hand.place(225, 1e-3)
    assert hand.item.scenePos().x() == pytest.approx(middle.x(), abs=2)


def test_the_colours_follow_the_theme(hand: Hand) -> None:
    theme = hand.workspace.theme
    theme.tokens = DARK
    theme.changed.emit()
    hand.settle()
    pen = hand.panel._curves._curves[hand.workspace.selected_group.id].stroke.pen
    assert pen.color().name() == theme.group_colour(hand.workspace.selected_group.colour).name()


def test_at_one_place_the_first_movement_tells_whether_time_or_value_is_meant(hand: Hand) -> None:
    assert hand.handle("base_lr") is hand.handle("boundary 0")
    there = hand.panel.chart.view.mapSceneToView(hand.item.scenePos() + QPointF(72, 0)).x()
    hand.drag("base_lr", QPoint(72, 9))
    assert hand.kinds().count("edit") == 1
    assert hand.base == 1e-3
    assert hand.schedule.segments[0].length.value == pytest.approx(hand.panel._map.step(there), abs=1)
    assert hand.workspace.store.undo_label == "Segments of everything"
    hand.workspace.store.undo()
    hand.settle()
    hand.drag("base_lr", QPoint(9, 72))
    assert hand.schedule == WARM_UP
    assert hand.base < 1e-3


def test_a_handle_stays_in_the_hand_where_it_passes_others(hand: Hand) -> None:
    start = hand.grab(hand.handle("boundary 0"))
    hand.drag_to(start, start + QPoint(200, 0))
    hand.settle()
    held = hand.handle("boundary 0")
    assert held.dragging
    assert held.isVisible()
    assert held.scenePos().x() == pytest.approx(hand.panel.chart.mapToScene(start + QPoint(200, 0)).x(), abs=2)
    assert "warm-up ends" in hand.panel._handles.box.text()
    hand.release(start + QPoint(200, 0))


@pytest.mark.parametrize(
    ("by", "modifiers", "moved"),
    [
        (QPoint(2, 60), NONE, {"gamma"}),
        (QPoint(60, 2), NONE, {"every"}),
        (QPoint(60, 50), NONE, {"every", "gamma"}),
        (QPoint(60, 50), SHIFT, {"every"}),
        (QPoint(50, 60), SHIFT, {"gamma"}),
    ],
)
def test_a_handle_of_two_axes_leaves_alone_the_one_that_is_not_meant(
    hand: Hand, by: QPoint, modifiers: Qt.KeyboardModifier, moved: set[str]
) -> None:
    before = StepDecay(Length(3, "epochs"), 0.5)
    hand.give(before)
    hand.drag("stair", by, modifiers)
    assert {name for name in ("every", "gamma") if getattr(hand.schedule, name) != getattr(before, name)} == moved


def test_control_catches_an_epoch_that_is_near(hand: Hand) -> None:
    ahead = hand.place(88, 1e-3) - hand.place(45, 1e-3)
    hand.drag("boundary 0", QPoint(ahead.x(), 0), CTRL)
    assert hand.schedule.segments[0].length == Length(90, "steps")
    ahead = hand.place(105, 1e-3) - hand.place(90, 1e-3)
    hand.drag("boundary 0", QPoint(ahead.x(), 0), CTRL)
    assert hand.schedule.segments[0].length.value == pytest.approx(105, abs=1)


@pytest.mark.parametrize(("key", "modifiers", "steps"), [(Qt.Key.Key_Right, NONE, 46), (Qt.Key.Key_Right, CTRL, 90)])
def test_arrow_keys_left_and_right_move_in_time(
    hand: Hand, key: Qt.Key, modifiers: Qt.KeyboardModifier, steps: int
) -> None:
    hand.handle("boundary 0").setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(hand.panel.chart, key, modifiers)
    assert hand.schedule.segments[0].length == Length(steps, "steps")
    hand.settle()
    assert hand.handle("boundary 0").hasFocus()


def test_the_tab_key_goes_through_the_handles_and_on(hand: Hand) -> None:
    items = hand.panel._handles.items()
    assert len(items) > 2
    hand.panel._header.epochs.setFocus()
    hand.panel.chart.setFocus(Qt.FocusReason.TabFocusReason)
    for item in items[1:]:
        QTest.keyClick(hand.panel.chart, Qt.Key.Key_Tab)
        assert item.hasFocus()
    QTest.keyClick(hand.panel.chart, Qt.Key.Key_Backtab)
    assert items[-2].hasFocus()
    items[-1].setFocus()
    assert not hand.panel._handles.focus_next(1)


def test_handles_closer_together_than_they_are_wide_give_way_to_earlier_ones(hand: Hand) -> None:
    hand.give(MultiStep(tuple(Length(100.0 + step, "steps") for step in range(40)), 0.99))
    shown = hand.panel._handles.stacks()
    assert 3 < len(shown) < 20
    assert shown[0].names[0] == "base_lr"


def test_the_cursor_tells_along_which_axes_a_handle_goes(hand: Hand) -> None:
    hand.give(Sequence((Segment(Linear(1.0, 0.1), Length(90, "steps")), Segment(Constant(0.5)))))
    shapes = {name: hand.handle(name).cursor().shape() for name in ("base_lr", "boundary 0", "1.factor")}
    assert shapes == {
        "base_lr": Qt.CursorShape.SizeVerCursor,
        "boundary 0": Qt.CursorShape.SizeHorCursor,
        "1.factor": Qt.CursorShape.SizeVerCursor,
    }
    hand.give(WARM_UP)
    assert hand.handle("base_lr").cursor().shape() == Qt.CursorShape.SizeAllCursor


def test_what_a_log_axis_cannot_show_is_taken_from_its_lower_edge(hand: Hand) -> None:
    hand.give(Cosine(0.0))
    item = hand.handle("floor")
    bottom = hand.panel.chart.view.sceneBoundingRect().bottom()
    assert item.isVisible()
    assert item.scenePos().y() == pytest.approx(bottom, abs=10)
    hand.drag("floor", QPoint(0, -60))
    assert 0 < hand.schedule.floor < 1
    assert hand.schedule.length == Length()


def test_on_a_linear_axis_a_floor_is_dragged_down_to_nothing(hand: Hand) -> None:
    hand.give(Cosine(0.3))
    hand.panel.set_log(False)
    item = hand.handle("floor")
    hand.drag("floor", QPoint(0, int(hand.viewport.height() - item.scenePos().y())))
    assert hand.schedule.floor == 0.0


def test_the_tabs_are_the_tracks_that_some_group_has(hand: Hand) -> None:
    hand.panel.resize(1100, hand.panel.height())  # else a box takes their place

    def offered() -> list[str]:
        return [view for view, made in hand.panel._header.views.items() if made.isVisible()]

    assert offered() == ["lr", "weight_decay", "momentum", "beta2", "lr_wd"]
    for group in hand.workspace.design.groups:
        hand.workspace.commit("", edits.set_optimizer, group.id, "SGD")
    hand.settle()
    assert offered() == ["lr", "weight_decay", "momentum", "lr_wd"]


def test_a_tab_selects_the_track_everywhere_and_follows_it(hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(hand.workspace.signals.selected_slot_changed):
        QTest.mouseClick(hand.panel._header.views["momentum"], LEFT)
    assert (hand.workspace.selected_slot, hand.panel.view) == ("momentum", "momentum")
    hand.workspace.select_slot("weight_decay")
    assert hand.panel.view == "weight_decay"
    assert hand.panel._header.views["weight_decay"].isChecked()
    hand.panel.set_view("lr_wd")
    assert (hand.workspace.selected_slot, hand.panel.view) == ("weight_decay", "lr_wd")
    hand.panel.set_view("beta2")
    hand.panel.set_view("lr_wd")
    assert (hand.workspace.selected_slot, hand.panel.view) == ("lr", "lr_wd")


def test_the_next_track_comes_after_the_last_one_again(hand: Hand) -> None:
    seen = []
    for _ in range(6):
        seen.append(hand.panel.view)
        hand.panel.next_view()
    assert seen == ["lr", "weight_decay", "momentum", "beta2", "lr_wd", "lr"]


def test_each_tab_keeps_its_own_axis(hand: Hand) -> None:
    assert hand.panel.log
    hand.panel.set_view("momentum")
    assert not hand.panel.log
    hand.panel.set_log(True)
    hand.panel.set_view("lr")
    hand.panel.set_log(False)
    hand.panel.set_view("momentum")
    assert hand.panel.log
    assert not hand.panel.log_of("lr")


def test_a_constant_track_is_drawn_and_read_out(hand: Hand) -> None:
    hand.panel.set_view("beta2")
    hand.settle()
    curve = hand.panel._curves._curves[hand.workspace.selected_group.id]
    assert curve.drawn
    assert set(curve.values.tolist()) == {0.999}
    at = hand.place(200, 0.95)
    QTest.mouseMove(hand.viewport, at + QPoint(1, 1))
    QTest.mouseMove(hand.viewport, at)
    text = hand.panel._scenery.box.text()
    assert "Beta 2" in text
    assert "0.999" in text


def test_the_product_of_rate_and_weight_decay_has_no_handles(hand: Hand) -> None:
    head = hand.workspace.selected_group
    hand.workspace.commit("", edits.set_track, head.id, "weight_decay", Cosine(0.5))
    hand.panel.set_view("lr_wd")
    hand.settle()
    curve = hand.panel._curves._curves[head.id]
    assert curve.values[45] == pytest.approx(1e-3 * 0.01 * (0.5 + 0.5 * (1 + np.cos(np.pi * 0.1)) / 2))
    assert hand.panel._handles.items() == []


def test_a_drag_in_another_tab_moves_that_track_only(hand: Hand) -> None:
    head = hand.workspace.selected_group
    hand.workspace.commit("", edits.set_track, head.id, "weight_decay", Cosine(0.5))
    hand.panel.set_view("weight_decay")
    hand.settle()
    hand.drag("floor", QPoint(0, 40))
    after = hand.workspace.selected_group
    assert after.weight_decay != Cosine(0.5)
    assert after.lr == head.lr
    hand.drag("weight_decay", QPoint(0, 40))
    assert 0 < hand.workspace.selected_group.options.weight_decay < 0.01


def test_the_selected_group_says_where_it_is_frozen_and_the_others_are_shaded(hand: Hand) -> None:
    bands = hand.panel._scenery.bands
    head, backbone = (group.id for group in hand.workspace.design.groups)
    freeze = (Freeze(Length(0, "steps"), Length(3, "epochs")),)
    hand.workspace.commit("", edits.set_freeze, backbone, freeze)
    hand.settle()
    assert (bands.frozen(), bands.words()) == (1, [])
    hand.workspace.select_group(backbone)
    hand.settle()
    assert (bands.frozen(), bands.words()) == (1, ["frozen"])
    hand.panel.set_view("momentum")
    assert bands.frozen() == 0
    assert head != backbone


@pytest.mark.parametrize("trace", [None, "the loss of trial 3"])
def test_a_curve_that_a_metric_steers_is_dashed_and_says_for_which_metric(hand: Hand, trace: str | None) -> None:
    schedule = Plateau() if trace is None else Plateau(metric=RecordedTrace((2.0, 1.0), trace))
    hand.give(schedule)
    pen = hand.panel._curves._curves[hand.workspace.selected_group.id].stroke.pen
    assert pen.style() == Qt.PenStyle.DashLine
    said = trace or "an assumed metric"
    assert hand.panel._scenery.hint == f"everything: drawn for {said}; in training the real one decides"


def test_a_selected_group_without_the_track_says_so(hand: Hand) -> None:
    head = hand.workspace.selected_group.id
    hand.panel.set_view("beta2")
    hand.workspace.commit("", edits.set_optimizer, head, "SGD")
    hand.settle()
    assert hand.panel.view == "beta2"
    assert hand.panel._scenery.hint == "everything: SGD has no beta 2"
    assert head not in hand.panel._curves._curves
