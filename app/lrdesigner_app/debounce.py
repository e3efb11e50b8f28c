"""Doing something once, a moment after the last of many requests."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

PAUSE = 3
"""How long to wait, as a multiple of how long the action took last time."""
LONGEST_MS = 1500
LATE_S = 0.1
UNFELT_MS = 8
"""What takes longer than half a frame is not done while a mouse button is held: the next movement would wait for it."""


class Debounce(QObject):
    """Calls `action` when `delay_ms` have passed without another request."""

    def __init__(self, delay_ms: int, action: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True, interval=delay_ms)
        self._delay_ms, self._action, self._due = delay_ms, action, 0.0
        self._took_ms = 0.0
        self._timer.timeout.connect(self._act)

    def request(self) -> None:
        """Ask for the action; starts the wait anew."""
        self._due = monotonic() + self._timer.interval() / 1e3
        self._timer.start()

    def _act(self) -> None:
        """What takes long waits for a longer pause, so that it does not come in between."""
        began = monotonic()
        if began - self._due > LATE_S:  # the window was busy with what asked for it, and is yet to be painted
            self._due = began + LONGEST_MS
            self._timer.start()
            return
        if self._took_ms > UNFELT_MS and QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self.request()
            return
        self._action()
        self._took_ms = 1e3 * (monotonic() - began)
        self._timer.setInterval(max(self._delay_ms, min(int(PAUSE * self._took_ms), LONGEST_MS)))

    def forget(self) -> None:
        """Drop what was asked for."""
        self._timer.stop()
