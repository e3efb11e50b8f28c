"""Doing something once, a moment after the last of many requests."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Debounce(QObject):
    """Calls `action` when `delay_ms` have passed without another request."""

    def __init__(self, delay_ms: int, action: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True, interval=delay_ms)
        self._timer.timeout.connect(action)

    def request(self) -> None:
        """Ask for the action; starts the wait anew."""
        self._timer.start()

    def forget(self) -> None:
        """Drop what was asked for."""
        self._timer.stop()
