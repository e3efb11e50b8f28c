"""Calls that come too often are answered by fewer runs, and the last one is never lost."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from lrdesigner_app.throttle import Throttle


@pytest.fixture
def owner(qapp: object) -> QObject:
    return QObject()


def test_the_first_request_runs_at_once(owner: QObject) -> None:
    runs: list[int] = []
    Throttle(lambda: runs.append(1), 1000, owner).request()
    assert runs == [1]


def test_requests_within_the_interval_are_answered_by_one_run_at_its_end(owner: QObject, qtbot: QtBot) -> None:
    state, seen = [0], list[int]()
    throttle = Throttle(lambda: seen.append(state[0]), 40, owner)
    for number in range(1, 6):
        state[0] = number
        throttle.request()
    assert seen == [1]
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=1000)
    qtbot.wait(100)
    assert seen == [1, 5]


def test_a_request_after_a_rest_runs_at_once_again(owner: QObject, qtbot: QtBot) -> None:
    runs: list[int] = []
    throttle = Throttle(lambda: runs.append(1), 20, owner)
    throttle.request()
    qtbot.wait(60)
    throttle.request()
    assert len(runs) == 2


def test_flush_answers_what_waits_and_nothing_else(owner: QObject) -> None:
    runs: list[int] = []
    throttle = Throttle(lambda: runs.append(1), 1000, owner)
    throttle.flush()
    assert runs == []
    throttle.request()
    throttle.request()
    throttle.flush()
    assert len(runs) == 2
    assert not throttle.pending


def test_cancel_forgets_what_waits(owner: QObject, qtbot: QtBot) -> None:
    runs: list[int] = []
    throttle = Throttle(lambda: runs.append(1), 20, owner)
    throttle.request()
    throttle.request()
    throttle.cancel()
    qtbot.wait(60)
    assert len(runs) == 1


def test_a_call_that_requests_again_does_not_run_without_end(owner: QObject, qtbot: QtBot) -> None:
    runs: list[int] = []

    def call() -> None:
        runs.append(1)
        throttle.request()

    throttle = Throttle(call, 20, owner)
    throttle.request()
    qtbot.wait(100)
    throttle.cancel()
    assert 2 <= len(runs) <= 7
