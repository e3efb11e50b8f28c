"""Calling something often, but doing it at most every so many milliseconds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Throttle(QObject):
    """The first request runs at once; those within `interval_ms` after it are answered by one run at its end."""

    def __init__(self, call: Callable[[], None], interval_ms: int, parent: QObject) -> None:
        super().__init__(parent)
        self._call = call
        self._wanted = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(interval_ms)
        self._rest.timeout.connect(self._on_rested)

    @property
    def pending(self) -> bool:
        """Whether a request still waits to be answered."""
        return self._wanted

    def request(self) -> None:
        """Run now, or as soon as the interval since the last run is over."""
        if self._rest.isActive():
            self._wanted = True
            return
        self._run()

    def flush(self) -> None:
        """Answer a waiting request now."""
        if self._wanted:
            self._run()

    def cancel(self) -> None:
        """Forget a waiting request."""
        self._wanted = False
        self._rest.stop()

    def _on_rested(self) -> None:
        if self._wanted:
            self._run()

    def _run(self) -> None:
        self._wanted = False
        self._rest.start()
        self._call()
