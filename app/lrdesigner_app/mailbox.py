"""What threads tell the window: put in by any of them, taken out by the window's own."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QTimer

_TICK_MS = 50

Letter = TypeVar("Letter")


class Mailbox(QObject, Generic[Letter]):
    """While it is open, `take` gets at every tick all that has come. A thread calls `put`, which touches nothing of Qt.

    So a thread may outlive the window, and a flood is taken in whole and not one by one.
    """

    def __init__(self, take: Callable[[list[Letter]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._take = take
        self._letters: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        self.put: Callable[[Letter], None] = self._letters.put
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._on_tick)

    def open(self) -> None:
        """Look from now on; what came to it before is forgotten."""
        self._letters = queue.SimpleQueue()
        self.put = self._letters.put
        self._tick.start()

    def close(self) -> None:
        """Look no more."""
        self._tick.stop()

    def _on_tick(self) -> None:
        come = [self._letters.get() for _ in range(self._letters.qsize())]
        if come:
            self._take(come)
