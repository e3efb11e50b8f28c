"""The plot under real mouse and key events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design, Plan
from lrdesigner.handles import settled
from lrdesigner.schedules import Constant, Cosine, Expression, Length, Linear, Segment, Sequence, StepDecay
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

    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes]

    def place(self, step: float, value: float) -> QPoint:
        """The pixel at which a step and a value are drawn."""
        view, axis_map = self.panel.chart.view, self.panel._map
        scene = view.mapViewToScene(QPointF(axis_map.x(step), axis_map.y(value)))
        return self.panel.chart.mapFromScene(scene)

    def value_at(self, pixel: QPoint | QPointF) -> float:
        return self.panel._map.value(self.panel.chart.view.mapSceneToView(QPointF(pixel)).y())

    def grab(self) -> QPoint:
        self.settle()
        at = self.panel.chart.mapFromScene(self.item.scenePos())
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


def test_control_snaps_to_one_two_five(hand: Hand) -> None:
    start = hand.grab()
    hand.drag_to(start, start + QPoint(0, 100), CTRL)
    hand.release(start + QPoint(0, 100))
    assert f"{hand.base:.2e}"[:4] in ("1.00", "2.00", "5.00")
    assert hand.base < 1e-3


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
    items = [curve.item for curve in hand.panel._curves._curves.values()]
    hand.workspace.commit("", edits.set_base_lr, hand.workspace.selected_group.id, 0.02)
    hand.settle()
    assert hand.panel._curves.evaluations == before + 1
    assert [curve.item for curve in hand.panel._curves._curves.values()] == items


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


def test_the_wheel_zooms_at_the_pointer_and_home_frames_everything_again(hand: Hand) -> None:
    view = hand.panel.chart.view
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
    QTest.keyClick(hand.panel.chart, Qt.Key.Key_Home)
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
    hand.panel._on_moved_by_hand()
    hand.settle()
    steps = hand.panel._curves._curves[hand.workspace.selected_group.id].steps
    seen = steps[(steps >= 123_400) & (steps <= 123_440)]
    assert seen.tolist() == list(range(123_400, 123_441))


def test_a_group_that_trains_nothing_is_dashed(hand: Hand) -> None:
    hand.workspace.commit("", edits.add_group, "idle")
    hand.settle()
    idle = hand.workspace.design.groups[-1].id
    pen = hand.panel._curves._curves[idle].item.opts["pen"]
    assert pen.style() == Qt.PenStyle.DashLine


def test_removed_groups_take_their_curves_along(hand: Hand) -> None:
    backbone = hand.workspace.design.groups[1].id
    hand.workspace.commit("", edits.remove_group, backbone)
    hand.settle()
    assert list(hand.panel._curves._curves) == [hand.workspace.design.groups[0].id]


def test_the_selected_curve_is_thick_but_thin_while_dragging(hand: Hand) -> None:
    curve = hand.panel._curves._curves[hand.workspace.selected_group.id]
    assert curve.item.opts["pen"].width() == 2
    start = hand.grab()
    hand.drag_to(start, start + QPoint(0, 20))
    assert curve.item.opts["pen"].width() == 1
    hand.release(start + QPoint(0, 20))
    assert curve.item.opts["pen"].width() == 2


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
    pen = hand.panel._curves._curves[hand.workspace.selected_group.id].item.opts["pen"]
    assert pen.color().name() == theme.group_colour(hand.workspace.selected_group.colour).name()
