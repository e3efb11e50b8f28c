"""What is done a moment after the last of many requests, and not under a hand that holds something."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from lrdesigner_app.debounce import Debounce


class Hand:
    """The buttons of the mouse as Qt would tell them."""

    def __init__(self) -> None:
        self.buttons = Qt.MouseButton.NoButton


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand()
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: made.buttons)
    return made


def test_many_requests_are_answered_by_one_run_after_the_last(qtbot: QtBot, hand: Hand) -> None:
    owner, runs = QObject(), list[float]()
    debounce = Debounce(200, lambda: runs.append(time.monotonic()), owner)
    for _ in range(5):
        debounce.request()
        qtbot.wait(5)
    last = time.monotonic()
    qtbot.waitUntil(lambda: bool(runs))
    qtbot.wait(300)
    assert len(runs) == 1
    assert runs[0] - last > 0.1


@pytest.mark.parametrize(("takes_s", "runs_while_held"), [(0.03, False), (0.0, True)])
def test_what_takes_long_waits_until_the_mouse_lets_go(
    qtbot: QtBot, hand: Hand, takes_s: float, runs_while_held: bool
) -> None:
    owner, runs = QObject(), list[int]()

    def act() -> None:
        runs.append(1)
        time.sleep(takes_s)

    debounce = Debounce(10, act, owner)
    debounce.request()
    qtbot.waitUntil(lambda: len(runs) == 1)
    hand.buttons = Qt.MouseButton.LeftButton
    debounce.request()
    qtbot.wait(400)
    assert (len(runs) == 2) == runs_while_held
    hand.buttons = Qt.MouseButton.NoButton
    qtbot.waitUntil(lambda: len(runs) == 2)


def test_what_was_forgotten_is_not_done(qtbot: QtBot, hand: Hand) -> None:
    owner, runs = QObject(), list[int]()
    debounce = Debounce(10, lambda: runs.append(1), owner)
    debounce.request()
    debounce.forget()
    qtbot.wait(60)
    assert runs == []
