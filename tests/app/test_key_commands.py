"""The actions for keys of a curve, by their keys in the plot of the whole window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.schedules import Cosine, Keyframe, Keyframes, Length
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.notices import Notice

KEYS = tuple(
    Keyframe(Length(float(step), "steps"), value)
    for step, value in ((0, 1.0), (100, 0.5), (200, 0.4), (300, 0.1), (400, 0.2))
)
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.activateWindow()
    qtbot.waitActive(window)
    window.workspace.commit("", edits.set_schedule, window.workspace.selected_group.id, Keyframes(KEYS))
    window.plot.chart.setFocus()
    return window


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.plot.chart, key, modifiers)


def curve(window: MainWindow) -> Keyframes:
    found = window.workspace.selected_group.lr.schedule
    assert isinstance(found, Keyframes)
    return found


def steps(window: MainWindow) -> list[int]:
    return [int(key.at.value) for key in curve(window).keys]


def test_v_cycles_through_the_ways_of_every_selected_key(window: MainWindow) -> None:
    window.workspace.keys.select((1, 2))
    seen = []
    for _ in range(4):
        press(window, Qt.Key.Key_V)
        seen.append([key.then for key in curve(window).keys[:3]])
    assert [then for _, then, _ in seen] == ["smooth", "bezier", "hold", "linear"]
    assert all(first == "linear" and one == two for first, one, two in seen)
    press(window, Qt.Key.Key_V, SHIFT)
    assert curve(window).keys[1].then == "hold"


def test_delete_removes_the_selected_keys_in_one_step(window: MainWindow) -> None:
    assert not window.action("remove_keys").isEnabled()
    window.workspace.keys.select((1, 3))
    press(window, Qt.Key.Key_Delete)
    assert steps(window) == [0, 200, 400]
    assert window.workspace.keys.indices == ()
    window.workspace.store.undo()
    assert steps(window) == [0, 100, 200, 300, 400]


def test_the_brackets_go_from_key_to_key(window: MainWindow) -> None:
    press(window, Qt.Key.Key_BracketRight)
    assert window.workspace.keys.indices == (0,)
    press(window, Qt.Key.Key_BracketRight)
    assert window.workspace.keys.indices == (1,)
    press(window, Qt.Key.Key_BracketLeft)
    press(window, Qt.Key.Key_BracketLeft)
    assert window.workspace.keys.indices == (0,)


def test_keys_are_made_equal_to_their_neighbours(window: MainWindow) -> None:
    window.workspace.keys.select((1, 2))
    press(window, Qt.Key.Key_BracketRight, CTRL)
    assert [key.value for key in curve(window).keys] == [1.0, 0.1, 0.1, 0.1, 0.2]
    press(window, Qt.Key.Key_BracketLeft, CTRL)
    assert [key.value for key in curve(window).keys] == [1.0, 1.0, 1.0, 0.1, 0.2]


def test_a_key_is_added_at_the_playhead_on_the_curve(window: MainWindow) -> None:
    notices: list[Notice] = []
    window.workspace.signals.notice_posted.connect(notices.append)
    press(window, Qt.Key.Key_I)
    assert steps(window) == [0, 100, 200, 300, 400]
    assert "Mark a step" in notices[-1].text
    window.workspace.display.set_playhead(150)
    press(window, Qt.Key.Key_I)
    assert steps(window) == [0, 100, 150, 200, 300, 400]
    assert curve(window).keys[2].value == pytest.approx(0.45)
    assert window.workspace.keys.indices == (2,)


def test_control_points_are_given_back_for_all_selected_keys(window: MainWindow) -> None:
    bent = tuple(Keyframe(key.at, key.value, "bezier", 0.3, 0.3) for key in KEYS)
    window.workspace.commit("", edits.set_schedule, window.workspace.selected_group.id, Keyframes(bent))
    window.workspace.keys.select((1, 2))
    press(window, Qt.Key.Key_A, SHIFT)
    found = curve(window).keys
    assert [(key.leave, key.arrive) for key in found[:4]] == [(0.3, None), (None, None), (None, 0.3), (0.3, 0.3)]


def test_b_bakes_what_has_no_keys_and_s_turns_snapping(window: MainWindow) -> None:
    window.workspace.commit("", edits.set_schedule, window.workspace.selected_group.id, Cosine(0.1))
    window.plot.chart.setFocus()
    press(window, Qt.Key.Key_B)
    assert len(curve(window).keys) > 5
    assert not window.action("bake").isEnabled()
    press(window, Qt.Key.Key_B, SHIFT)
    press(window, Qt.Key.Key_S)
    assert window.workspace.display.look.snapping
    press(window, Qt.Key.Key_S)
    assert not window.workspace.display.look.snapping
