"""Work in the background: what is told, in which order, and what is not told any more."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner.errors import UserError
from lrdesigner_app.background import Background, DroppedError, Task


class Bench:
    def __init__(self, in_order: bool = False) -> None:
        self.owner = QObject()
        self.problems: list[str] = []
        self.told: list[Any] = []
        self.background = Background(self.owner, self.problems.append, in_order=in_order)
        self.gate = threading.Event()

    def waits(self, value: str) -> None:
        def work(_: Task) -> str:
            assert self.gate.wait(10)
            return value

        self.background.ask(work, self.told.append)

    def gives(self, value: str) -> None:
        self.background.ask(lambda _: value, self.told.append)


@pytest.fixture
def bench(qapp: QApplication) -> Bench:
    return Bench()


def test_it_is_done_elsewhere_and_told_here_later(bench: Bench, qtbot: QtBot) -> None:
    places: list[Any] = []
    bench.background.ask(lambda _: threading.get_ident(), lambda there: places.append((there, threading.get_ident())))
    assert not places
    qtbot.waitUntil(lambda: bool(places))
    ((there, here),) = places
    assert here == threading.get_ident() != there


def test_a_newer_request_supersedes_an_older_one_also_one_under_way(bench: Bench, qtbot: QtBot) -> None:
    bench.waits("old")
    bench.gives("in between")
    bench.gives("new")
    bench.gate.set()
    qtbot.waitUntil(lambda: not bench.background.busy and bool(bench.told))
    assert bench.told == ["new"]


def test_in_order_nothing_is_left_out(qapp: QApplication, qtbot: QtBot) -> None:
    bench = Bench(in_order=True)
    bench.waits("first")
    bench.gives("second")
    bench.gives("third")
    bench.gate.set()
    qtbot.waitUntil(lambda: len(bench.told) == 3)
    assert bench.told == ["first", "second", "third"]


def test_what_is_dropped_is_not_told_and_can_end_early(bench: Bench, qtbot: QtBot) -> None:
    ended: list[str] = []

    def work(task: Task) -> None:
        assert bench.gate.wait(10)
        try:
            task.tell(1, 2)
        except DroppedError:
            ended.append("early")
            raise

    bench.background.ask(work, bench.told.append)
    bench.background.drop()
    bench.gate.set()
    qtbot.waitUntil(lambda: bool(ended))
    bench.gives("the next one")
    qtbot.waitUntil(lambda: bool(bench.told))
    assert bench.told == ["the next one"]
    assert not bench.problems


def test_what_takes_long_shows_its_progress_until_it_is_over(bench: Bench, qtbot: QtBot) -> None:
    shown: list[Any] = []
    bench.background.progressed.connect(lambda task: shown.append(task and (task.done, task.total)))

    def work(task: Task) -> str:
        task.tell(3, 8)
        assert bench.gate.wait(10)
        return "done"

    bench.background.ask(work, bench.told.append)
    qtbot.waitUntil(lambda: (3, 8) in shown)
    assert None not in shown
    bench.gate.set()
    qtbot.waitUntil(lambda: bool(bench.told))
    assert shown[-1] is None


def test_what_is_wrong_is_told_as_its_sentence(bench: Bench, qtbot: QtBot) -> None:
    def work(_: Task) -> None:
        raise UserError("The store is locked.")

    bench.background.ask(work, bench.told.append)
    qtbot.waitUntil(lambda: bool(bench.problems))
    assert bench.problems == ["The store is locked."]
    assert not bench.told


def test_a_fault_of_the_program_is_raised_in_the_windows_thread(bench: Bench, qtbot: QtBot) -> None:
    with qtbot.captureExceptions() as raised:
        bench.background.ask(lambda _: 1 // 0, bench.told.append)
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError


def test_who_is_gone_is_told_nothing(bench: Bench, qtbot: QtBot) -> None:
    bench.waits("too late")
    task = bench.background._current
    del bench.background, bench.owner
    bench.gate.set()
    assert task is not None
    assert task.over.wait(10)
    qtbot.wait(50)
    assert not bench.told
