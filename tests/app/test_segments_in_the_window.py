"""Plot, strip, lane and inspector of one window while segments and frozen stretches are dragged."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from lrdesigner.freeze_edits import stretch_of
from lrdesigner.schedules.segments import as_segments
from lrdesigner_app.main_window import MainWindow

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(window: MainWindow) -> MainWindow:
    window.resize(1280, 800)
    head = next(group for group in window.workspace.design.groups if group.name == "head")
    window.workspace.select_group(head.id)
    settle(window)
    return window


def settle(window: MainWindow) -> None:
    for _ in range(4):
        QApplication.processEvents()
        window.plot._throttle.flush()


def hold(widget: QWidget, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(widget, LEFT, NONE, start)
    for number in range(1, 6):
        place = QPointF(start) + QPointF(end - start) * (number / 5)
        everywhere = widget.mapToGlobal(place)
        event = QMouseEvent(QEvent.Type.MouseMove, place, everywhere, Qt.MouseButton.NoButton, LEFT, NONE)
        QApplication.sendEvent(widget, event)


def test_strip_and_lane_lie_under_the_steps_of_the_plot(window: MainWindow) -> None:
    window.do("freeze_lane")
    settle(window)
    chart = window.plot.chart
    for step in (0, 200, 450):
        shown = chart.view.mapViewToScene(QPointF(window.plot._map.x(step), 0.0))
        there = chart.mapToGlobal(chart.mapFromScene(shown)).x()
        for lane in (window.strip, window.freeze_lane):
            here = lane.mapToGlobal(QPoint(round(lane.scale.x(step)), 0)).x()
            assert abs(here - there) <= 2


def test_while_a_gap_is_dragged_on_the_strip_the_plot_and_the_inspector_follow(window: MainWindow) -> None:
    workspace, strip = window.workspace, window.strip
    workspace.segments.select(1)
    field = window.inspector.segment.length_form.editor("length")
    edge = strip.edges()[1]
    start = QPoint(round(strip.scale.x(edge.step)) - 1, 12)
    end = QPoint(round(strip.scale.x(315)) - 1, 12)
    hold(strip, start, end)
    settle(window)
    segment = as_segments(workspace.selected_group.lr.schedule)[1]
    moved = strip.edges()[1].step
    assert abs(moved - 315) <= 2
    assert workspace.store.design is not workspace.store.committed
    assert field.text() == str(segment.length)  # type: ignore[attr-defined]
    assert window.plot._boundaries.boundaries()[1].step == moved
    handles = [handle.step for stack in window.plot._handles.stacks() for handle in stack.handles]
    assert moved in handles
    QTest.mouseRelease(strip, LEFT, NONE, end)
    assert workspace.store.design is workspace.store.committed


def test_typing_into_the_inspector_while_a_gap_is_held_lets_the_gap_go(window: MainWindow) -> None:
    workspace, strip = window.workspace, window.strip
    edge = strip.edges()[1]
    start = QPoint(round(strip.scale.x(edge.step)) - 1, 12)
    hold(strip, start, start + QPoint(60, 0))
    assert strip.gesture is not None
    field = window.inspector.base_form.editor("base")
    field.setFocus()
    assert strip.gesture is None
    field.setText("")  # type: ignore[attr-defined]
    QTest.keyClicks(field, "0.02")
    QTest.mouseRelease(strip, LEFT, NONE, start + QPoint(60, 0))
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert workspace.selected_group.lr.base == 0.02
    assert strip.edges()[1].step == edge.step


def test_keys_split_at_the_playhead_and_duplicate(window: MainWindow) -> None:
    workspace, strip = window.workspace, window.strip
    strip.setFocus()
    workspace.display.set_playhead(100)
    QTest.keyClick(strip, Qt.Key.Key_K, CTRL)
    assert workspace.segments.row.starts[2] == 100
    assert workspace.segments.index == 2
    count = len(workspace.segments.segments)
    QTest.keyClick(strip, Qt.Key.Key_D, CTRL)
    assert len(workspace.segments.segments) == count + 1
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert not workspace.store.modified


def test_delete_in_the_strip_is_the_strips_and_in_the_lane_the_lanes(window: MainWindow) -> None:
    workspace = window.workspace
    window.strip.setFocus()
    count = len(workspace.segments.segments)
    QTest.keyClick(window.strip, Qt.Key.Key_Delete)
    assert len(workspace.segments.segments) == count - 1
    window.do("freeze_lane")
    assert window.freeze_lane.hasFocus()
    QTest.keyClicks(window.freeze_lane, "+")
    assert len(workspace.selected_group.freeze) == 1
    QTest.keyClick(window.freeze_lane, Qt.Key.Key_Delete)
    assert workspace.selected_group.freeze == ()


def test_while_a_stretch_is_drawn_the_plot_and_the_inspector_show_it(window: MainWindow) -> None:
    window.do("freeze_lane")
    settle(window)
    lane, workspace = window.freeze_lane, window.workspace
    start, end = (QPoint(round(lane.scale.x(step)), 8) for step in (90, 180))
    hold(lane, start, end)
    settle(window)
    assert window.plot._scenery.bands.frozen() == 1
    assert "Frozen from epoch 2" in window.inspector.freeze.words.text()
    assert lane.read_out.isVisible()
    assert window.rect().contains(lane.read_out.geometry())
    QTest.keyClick(lane, Qt.Key.Key_Escape)
    settle(window)
    assert window.plot._scenery.bands.frozen() == 0
    hold(lane, start, end)
    QTest.mouseRelease(lane, LEFT, NONE, end)
    (part,) = workspace.selected_group.freeze
    first, last = stretch_of(part, workspace.design.plan)
    assert abs(first - 90) <= 1
    assert abs(last - 180) <= 1
