"""The view of the plot and the playhead under real events: wheel, keys, strip, menu."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.plot_menu import plot_menu

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
Box = tuple[tuple[float, float], tuple[float, float]]


@pytest.fixture
def window(window: MainWindow, qtbot: QtBot) -> MainWindow:
    qtbot.wait(50)
    return window


def box(window: MainWindow) -> Box:
    x, y = window.plot.chart.view.viewRange()
    return (x[0], x[1]), (y[0], y[1])


def width(found: Box, axis: int) -> float:
    return found[axis][1] - found[axis][0]


def middle(window: MainWindow) -> QPoint:
    chart = window.plot.chart
    return chart.mapFromScene(chart.view.sceneBoundingRect().center())


def wheel(
    window: MainWindow,
    angle: QPoint,
    at: QPoint | None = None,
    modifiers: Qt.KeyboardModifier = NONE,
    pixels: tuple[int, int] = (0, 0),
) -> None:
    viewport, place = window.plot.chart.viewport(), at or middle(window)
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    everywhere = QPointF(viewport.mapToGlobal(place))
    event = QWheelEvent(QPointF(place), everywhere, QPoint(*pixels), angle, none, modifiers, phase, False)
    QApplication.sendEvent(viewport, event)


def hover(window: MainWindow, qtbot: QtBot) -> None:
    """Put the pointer over the plot; of moves that follow each other quickly pyqtgraph drops some."""

    def moved() -> bool:
        place = middle(window) + QPoint(moves.pop() if moves else 0, 0)
        QTest.mouseMove(window.plot.chart.viewport(), place)
        return window.plot.pointed_step is not None

    moves = list(range(200))
    qtbot.waitUntil(moved)


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    window.plot.chart.setFocus()
    window.plot.chart.scene().setFocusItem(None)
    QTest.keyClick(window.plot.chart, key, modifiers)


@pytest.mark.parametrize(("modifiers", "axes"), [(NONE, (0, 1)), (CTRL, (0,)), (SHIFT, (1,))])
def test_the_wheel_away_from_the_hand_comes_nearer_along_the_axes_it_is_about(
    window: MainWindow, modifiers: Qt.KeyboardModifier, axes: tuple[int, ...]
) -> None:
    before = box(window)
    wheel(window, QPoint(0, 120), modifiers=modifiers)
    for axis in (0, 1):
        nearer = width(box(window), axis) < 0.8 * width(before, axis)
        assert nearer is (axis in axes)


def test_the_wheel_over_an_axis_zooms_that_axis(window: MainWindow) -> None:
    chart, before = window.plot.chart, box(window)
    plane = chart.view.sceneBoundingRect()
    wheel(window, QPoint(0, 120), chart.mapFromScene(QPointF(plane.center().x(), plane.bottom() + 12)))
    between = box(window)
    assert width(between, 0) < 0.8 * width(before, 0)
    assert between[1] == before[1]
    wheel(window, QPoint(0, 120), chart.mapFromScene(QPointF(plane.left() - 15, plane.center().y())))
    assert box(window)[0] == between[0]
    assert width(box(window), 1) < 0.8 * width(between, 1)


def test_two_fingers_sideways_move_along_time_as_far_as_they_do(window: MainWindow) -> None:
    before, chart = box(window), window.plot.chart
    wheel(window, QPoint(0, 120))
    before = box(window)
    wheel(window, QPoint(-80, 0), pixels=(-40, 0))
    moved = 40 * width(before, 0) / chart.view.width()
    assert np.allclose(box(window)[0], np.array(before[0]) + moved)
    assert box(window)[1] == before[1]


def test_the_wheel_stops_at_the_limits_and_what_is_under_the_pointer_stays_there(window: MainWindow) -> None:
    chart = window.plot.chart
    at = middle(window) + QPoint(90, 40)
    for _ in range(80):
        wheel(window, QPoint(0, 120), at)
    nearest = box(window)
    wheel(window, QPoint(0, 120), at)
    assert np.allclose(box(window), nearest)
    for _ in range(120):
        wheel(window, QPoint(0, -120), at)
    x, y = chart.view.state["limits"]["xLimits"], chart.view.state["limits"]["yLimits"]
    assert x[0] - 1e-9 <= box(window)[0][0] < box(window)[0][1] <= x[1] + 1e-9
    assert y[0] - 1e-9 <= box(window)[1][0] < box(window)[1][1] <= y[1] + 1e-9


def test_keys_zoom_and_move_the_view_and_home_brings_it_back(window: MainWindow) -> None:
    before = box(window)
    press(window, Qt.Key.Key_Plus)
    near = box(window)
    assert width(near, 0) < width(before, 0)
    press(window, Qt.Key.Key_Right)
    assert box(window)[0][0] > near[0][0]
    press(window, Qt.Key.Key_Up)
    assert box(window)[1][0] > near[1][0]
    press(window, Qt.Key.Key_Minus)
    press(window, Qt.Key.Key_Home)
    assert np.allclose(box(window), before)


def test_a_dot_frames_the_selected_segment(window: MainWindow) -> None:
    window.workspace.segments.select(0)
    first, last = window.workspace.segments.row.stretch(0)
    press(window, Qt.Key.Key_Period)
    low, high, *_ = window.plot.viewport.time_axis()
    assert low < first < last < high
    assert high - low < 1.5 * (last - first)


def test_other_axes_keep_what_is_selected_and_move_no_handle(window: MainWindow) -> None:
    workspace = window.workspace
    workspace.segments.select(1)
    path, design = workspace.segments.path, workspace.design
    places = [(h.name, h.step, h.value) for h in window.plot._handles._handles]
    for key in (Qt.Key.Key_L, Qt.Key.Key_U):
        press(window, key, CTRL)
        assert workspace.segments.path == path
        assert workspace.design is design
        assert [(h.name, h.step, h.value) for h in window.plot._handles._handles] == places


def test_the_strip_marks_the_step_under_the_pointer_and_a_click_on_the_marker_takes_it_away(
    window: MainWindow,
) -> None:
    scrub, display = window.plot.scrub, window.workspace.display
    at = QPoint(round(scrub.x_of(100)), 8)
    QTest.mouseClick(scrub, LEFT, NONE, at)
    assert display.look.playhead == scrub.step_at(at.x())
    assert window.plot._scenery.marked.line.isVisible()
    assert f"step {display.look.playhead:,}" in window.plot._scenery.marked.box.text()
    QTest.mouseClick(scrub, LEFT, NONE, at)
    assert display.look.playhead is None
    assert not window.plot._scenery.marked.line.isVisible()


def test_the_marked_step_lies_over_the_same_step_of_the_chart(window: MainWindow) -> None:
    chart, scrub = window.plot.chart, window.plot.scrub
    scene = chart.view.mapViewToScene(QPointF(window.plot.viewport.map.x(200), 0))
    pixel = scrub.mapFromGlobal(chart.viewport().mapToGlobal(chart.mapFromScene(scene)))
    assert abs(pixel.x() - scrub.x_of(200)) <= 1.5


def test_keys_on_the_strip_move_by_steps_and_epochs(window: MainWindow) -> None:
    scrub, plan, display = window.plot.scrub, window.workspace.design.plan, window.workspace.display
    scrub.setFocus()
    before = box(window)
    for key, modifiers, wanted in (
        (Qt.Key.Key_Home, NONE, 0),
        (Qt.Key.Key_Right, NONE, 1),
        (Qt.Key.Key_Right, CTRL, plan.steps_per_epoch),
        (Qt.Key.Key_Left, NONE, plan.steps_per_epoch - 1),
        (Qt.Key.Key_Left, CTRL, 0),
        (Qt.Key.Key_Left, NONE, 0),
        (Qt.Key.Key_End, NONE, plan.total_steps),
    ):
        QTest.keyClick(scrub, key, modifiers)
        assert display.look.playhead == wanted
    assert box(window) == before
    assert f"{plan.total_steps:,}" in scrub.accessibleDescription()
    QTest.keyClick(scrub, Qt.Key.Key_Escape)
    assert display.look.playhead is None


def test_values_at_the_pointer_take_the_place_of_those_at_the_marked_step(window: MainWindow, qtbot: QtBot) -> None:
    window.workspace.display.set_playhead(300)
    marked, hovered = window.plot._scenery.marked.box, window.plot._scenery.box
    hover(window, qtbot)
    assert hovered.isVisible()
    assert not marked.isVisible()
    window.plot.chart.left.emit()
    assert marked.isVisible()


def test_m_marks_the_step_at_the_pointer_and_takes_it_away_again(window: MainWindow, qtbot: QtBot) -> None:
    hover(window, qtbot)
    press(window, Qt.Key.Key_M)
    assert window.workspace.display.look.playhead == window.plot.pointed_step
    press(window, Qt.Key.Key_M)
    assert window.workspace.display.look.playhead is None


def test_a_right_click_opens_the_menu_but_not_while_something_is_held(window: MainWindow) -> None:
    viewport, at, asked = window.plot.chart.viewport(), middle(window), []
    window.plot.menu_requested.disconnect()
    window.plot.menu_requested.connect(asked.append)
    QTest.mouseClick(viewport, RIGHT, NONE, at)
    assert len(asked) == 1
    QTest.mousePress(viewport, LEFT, NONE, at)
    QTest.mousePress(viewport, RIGHT, NONE, at)
    QTest.mouseRelease(viewport, RIGHT, NONE, at)
    QTest.mouseRelease(viewport, LEFT, NONE, at)
    assert len(asked) == 1


def test_the_menu_acts_on_the_step_that_is_pointed_at(window: MainWindow) -> None:
    menu: QMenu = plot_menu(window, 77)
    actions = {action.text(): action for action in menu.actions()}
    actions["Mark this step"].trigger()
    assert window.workspace.display.look.playhead == 77
    number = len(window.workspace.segments.segments)
    actions["Split the segment here"].trigger()
    assert len(window.workspace.segments.segments) == number + 1
    menu.deleteLater()


def test_hidden_curves_are_told_and_shown_again_by_a_click(window: MainWindow) -> None:
    note = window.plot._scenery.hidden_note
    assert not note.isVisible()
    window.workspace.display.toggle_hidden(window.workspace.design.groups[0].id)
    assert note.text.text() == "1 curve hidden ·"
    assert note.isVisible()
    QTest.mouseClick(note.show_all, LEFT)
    assert not note.isVisible()
    assert window.workspace.display.look.hidden == frozenset()


def test_in_a_narrow_panel_a_box_offers_the_views(window: MainWindow) -> None:
    header = window.plot._header
    header.setFixedWidth(900)
    QApplication.processEvents()
    assert header.views["lr"].isVisible()
    header.setFixedWidth(420)
    QApplication.processEvents()
    assert header.combo.isVisible()
    assert not any(made.isVisible() for made in header.views.values())
    assert header.epochs.geometry().right() < 420
    header.combo.setFocus()
    QTest.keyClick(header.combo, Qt.Key.Key_Down)
    assert window.plot.view == "weight_decay"
    assert header.combo.currentText() == "Weight decay"
    header.setFixedWidth(900)
    QApplication.processEvents()
    assert not header.combo.isVisible()
    assert header.views["weight_decay"].isChecked()
