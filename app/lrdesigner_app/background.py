"""Work that would hold up the window: done in a thread of its own, and told in the window's thread.

The thread touches nothing of Qt: a timer looks whether it is done. So whatever asked may be closed meanwhile, and what
comes then is dropped with the timer.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from lrdesigner.errors import UserError

T = TypeVar("T")

SLOW_S = 0.3
"""What takes longer shows its progress."""
_LOOK_MS = 10


class DroppedError(Exception):
    """Nobody wants the result any more."""


class Task:
    """Something under way. `done` of `total` parts are, as far as the work tells; `total` is 0 where it does not."""

    def __init__(self, work: Callable[[Task], Any], then: Callable[[Any], object]) -> None:
        self._work, self.then = work, then
        self.asked = monotonic()
        self.done = self.total = 0
        self.dropped = False
        self.over = threading.Event()
        self.result: Any = None
        self.error: Exception | None = None

    def tell(self, done: int, total: int) -> None:
        """To be called by the work between its parts; raises `DroppedError` where it may end."""
        if self.dropped:
            raise DroppedError
        self.done, self.total = done, total

    def run(self) -> None:
        """Do the work, in the calling thread."""
        try:
            self.result = self._work(self)
        except Exception as error:  # raised again in the window's thread
            self.error = error
        self.over.set()


class Background(QObject):
    """One thing at a time. A newer request supersedes an older one; with `in_order` all are done, one after another.

    With `in_order` the program waits at its end for what is under way, since that may be half written.
    """

    progressed = Signal(object)
    """`Task`: has been asked for longer ago than `SLOW_S`; None: no such one is left."""

    def __init__(self, parent: QObject, failed: Callable[[str], object], *, in_order: bool = False) -> None:
        super().__init__(parent)
        self._failed, self._in_order = failed, in_order
        self._waiting: deque[Task] = deque()
        self._current: Task | None = None
        self._slow = False
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        """Whether there is something whose result is wanted."""
        return bool(self._waiting) or (self._current is not None and not self._current.dropped)

    def ask(self, work: Callable[[Task], T], then: Callable[[T], object]) -> None:
        """Do the work; `then` is called with its result in this thread, later and never now.

        A `UserError` goes to `failed` as its text; anything else that is raised is raised again in this thread.
        """
        if not self._in_order:
            self.drop()
        self._waiting.append(Task(work, then))
        self._begin()
        self._timer.start()

    def drop(self) -> None:
        """Forget what was asked for: nothing of it is told any more, and what has not begun is not done."""
        self._waiting.clear()
        if self._current is not None:
            self._current.dropped = True
        self._tell_slow(None)

    def _begin(self) -> None:
        if self._current is None and self._waiting:
            self._current = self._waiting.popleft()
            threading.Thread(target=self._current.run, name="background", daemon=not self._in_order).start()

    def _look(self) -> None:
        task = self._current
        if task is not None and not task.over.is_set():
            wanted = self._waiting[0] if task.dropped and self._waiting else task
            late = not wanted.dropped and monotonic() - wanted.asked > SLOW_S
            self._tell_slow(wanted if late else None)
            return
        self._current = None
        self._begin()
        if self._current is None:
            self._timer.stop()
            self._tell_slow(None)
        if task is not None and not task.dropped:
            self._deliver(task)

    def _tell_slow(self, task: Task | None) -> None:
        if task is not None or self._slow:
            self._slow = task is not None
            self.progressed.emit(task)

    def _deliver(self, task: Task) -> None:
        if isinstance(task.error, UserError):
            self._failed(str(task.error))
        elif task.error is not None:
            raise task.error
        else:
            task.then(task.result)
