"""Several windows in one process: opened, closed and left by keys, each with its own design, and freed when closed."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.window_set import CASCADE, WindowSet, _cascaded

Buttons = QMessageBox.StandardButton
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def windows(qapp: QApplication, qtbot: QtBot) -> Iterator[WindowSet]:
    first = make_window(qapp, demo_design())
    first.spare.close()  # no child is wanted here
    with qtbot.waitExposed(first):
        first.show()
    yield first.windows
    for window in first.windows.windows:
        window.close_unasked()
    drain()


def drain() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


def edit(window: MainWindow, name: str) -> None:
    window.workspace.commit("Rename", edits.rename_group, window.workspace.design.groups[0].id, name)


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Buttons) -> list[str]:
    """Answer the questions about unsaved designs one after the other; gives what was asked about."""
    left, asked = list(answers), []

    def ask(parent: object, title: str, text: str, *rest: object) -> Buttons:
        assert isinstance(parent, MainWindow)
        asked.append(parent.workspace.design.groups[0].name)
        return left.pop(0)

    monkeypatch.setattr(QMessageBox, "warning", ask)
    return asked


def press(window: MainWindow, key: Qt.Key) -> None:
    window.activateWindow()
    QTest.keyClick(window, key, CTRL)
    drain()


def test_ctrl_n_opens_a_window_with_a_design_of_its_own_beside_the_first(windows: WindowSet, qtbot: QtBot) -> None:
    (first,) = windows.windows
    first.setGeometry(20, 30, 700, 500)
    edit(first, "mine")
    press(first, Qt.Key.Key_N)
    _, second = windows.windows
    assert second.isVisible()
    assert second.workspace is not first.workspace
    assert second.workspace.design == demo_design()
    assert second.workspace.theme is first.workspace.theme
    edit(second, "other")
    assert [window.workspace.design.groups[0].name for window in windows.windows] == ["mine", "other"]
    assert second.settings is first.settings


def test_windows_cascade_and_begin_again_at_the_upper_left() -> None:
    screen = QRect(0, 0, 1000, 800)
    assert _cascaded(QRect(10, 20, 500, 400), screen) == QRect(10 + CASCADE, 20 + CASCADE, 500, 400)
    assert _cascaded(QRect(490, 390, 500, 400), screen) == QRect(CASCADE, CASCADE, 500, 400)


def test_ctrl_w_closes_one_window_and_the_others_stay(windows: WindowSet, qapp: QApplication) -> None:
    (first,) = windows.windows
    press(first, Qt.Key.Key_N)
    press(windows.windows[1], Qt.Key.Key_W)
    assert windows.windows == (first,)
    assert first.isVisible()


def test_a_window_that_is_not_to_be_closed_stays(windows: WindowSet, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = windows.windows
    edit(first, "mine")
    asked = answering(monkeypatch, Buttons.Cancel)
    press(first, Qt.Key.Key_W)
    assert asked == ["mine"]
    assert windows.windows == (first,)
    assert first.isVisible()


def test_quit_asks_every_window_that_is_not_saved_and_closes_all(
    windows: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = windows.windows
    for _ in range(2):
        press(first, Qt.Key.Key_N)
    edit(windows.windows[0], "one")
    edit(windows.windows[2], "three")
    asked = answering(monkeypatch, Buttons.Discard, Buttons.Discard)
    press(first, Qt.Key.Key_Q)
    assert sorted(asked) == ["one", "three"]
    assert windows.windows == ()


def test_one_cancel_stops_quitting_and_nothing_is_closed_or_lost(
    windows: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = windows.windows
    press(first, Qt.Key.Key_N)
    edit(windows.windows[0], "one")
    edit(windows.windows[1], "two")
    asked = answering(monkeypatch, Buttons.Discard, Buttons.Cancel)
    press(first, Qt.Key.Key_Q)
    assert len(asked) == 2
    assert len(windows.windows) == 2
    assert all(window.isVisible() and window.workspace.store.modified for window in windows.windows)
    press(first, Qt.Key.Key_Z)
    assert not first.workspace.store.modified


def test_only_the_last_window_that_closes_is_remembered(windows: WindowSet) -> None:
    (first,) = windows.windows
    press(first, Qt.Key.Key_N)
    second = windows.windows[1]
    press(second, Qt.Key.Key_W)
    assert windows.settings.bytes("geometry") is None
    first.do("close_window")
    assert windows.windows == ()
    assert windows.settings.bytes("geometry") is not None


def freed(windows: WindowSet, prepare: Callable[[MainWindow], None]) -> bool:
    """Whether a second window is gone, all of it, once it was used and closed."""
    windows.windows[0].do("new_window")
    drain()
    prepare(windows.windows[1])
    gone = weakref.ref(windows.windows[1])
    workspace = weakref.ref(windows.windows[1].workspace)
    windows.windows[1].close_unasked()
    drain()
    gc.collect()
    return gone() is None and workspace() is None


def test_a_closed_window_is_freed(windows: WindowSet) -> None:
    assert freed(windows, lambda window: None)


def test_a_window_that_was_used_is_freed_when_it_is_closed(windows: WindowSet, qtbot: QtBot) -> None:
    def use(window: MainWindow) -> None:
        edit(window, "used")
        for name in ("show_problems", "show_trial", "show_code", "toggle_log", "undo", "redo"):
            window.do(name)
        qtbot.wait(400)

    assert freed(windows, use)


def test_the_hook_for_exceptions_keeps_no_closed_window_and_tells_in_one_that_is_open(
    windows: WindowSet, capsys: pytest.CaptureFixture[str]
) -> None:
    (first,) = windows.windows
    assert freed(windows, lambda window: None)
    sys.excepthook(ValueError, ValueError("unforeseen"), None)
    assert "unforeseen" in capsys.readouterr().err
    assert "unforeseen" in first.notices.text.text()


def test_the_appearance_changes_in_every_window_also_after_one_was_closed(windows: WindowSet) -> None:
    assert freed(windows, lambda window: None)
    windows.windows[0].do("new_window")
    windows.theme.apply()
    windows.theme.changed.emit()
    drain()
    assert all(window.isVisible() for window in windows.windows)


def test_the_waiting_child_serves_all_windows_and_ends_with_the_last(qapp: QApplication, qtbot: QtBot) -> None:
    first = make_window(qapp, demo_design())
    qtbot.addWidget(first)
    with qtbot.waitExposed(first):
        first.show()
    first.spare.warm()
    waiting = first.spare.spare
    assert waiting is not None
    first.do("new_window")
    second = first.windows.windows[1]
    assert second.spare is first.spare
    second.close_unasked()
    drain()
    assert waiting.usable
    first.close_unasked()
    assert not waiting.usable


def test_the_place_of_a_new_window_follows_that_of_the_one_it_came_from(windows: WindowSet, qtbot: QtBot) -> None:
    (first,) = windows.windows
    first.resize(first.minimumSizeHint())
    first.move(5, 6)
    drain()
    expected = _cascaded(first.geometry(), first.screen().availableGeometry())
    press(first, Qt.Key.Key_N)
    assert windows.windows[1].geometry().topLeft() == expected.topLeft()
