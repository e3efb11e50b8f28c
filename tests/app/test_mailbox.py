"""What threads tell the window comes in order, in the window's own thread, and only while it looks."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner_app.mailbox import Mailbox

MANY = 20_000


def test_a_flood_from_a_thread_comes_in_order_and_in_few_parts(qapp: QApplication, qtbot: QtBot) -> None:
    parts: list[list[int]] = []
    threads: set[threading.Thread] = set()

    def take(come: list[int]) -> None:
        parts.append(come)
        threads.add(threading.current_thread())

    owner = QObject()
    mailbox: Mailbox[int] = Mailbox(take, owner)
    mailbox.open()
    sender = threading.Thread(target=lambda: [mailbox.put(number) for number in range(MANY)])
    sender.start()
    sender.join()
    qtbot.waitUntil(lambda: sum(map(len, parts)) == MANY, timeout=5000)
    assert [number for part in parts for number in part] == list(range(MANY))
    assert len(parts) <= MANY / 1000
    assert threads == {threading.current_thread()}


def test_what_a_thread_says_after_it_was_closed_is_not_heard(qapp: QApplication, qtbot: QtBot) -> None:
    heard: list[str] = []
    owner = QObject()
    mailbox: Mailbox[str] = Mailbox(heard.extend, owner)
    mailbox.open()
    late = mailbox.put
    mailbox.close()
    late("of the first sweep")
    mailbox.open()
    late("of the first sweep")
    mailbox.put("of the second sweep")
    qtbot.waitUntil(lambda: bool(heard), timeout=5000)
    assert heard == ["of the second sweep"]
