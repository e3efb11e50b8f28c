"""How a process of a trial in several processes hears of the child that launched it, and the first one answers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Mapping
from typing import Any, NoReturn

from lrdesigner.child.channel import Channel
from lrdesigner.child.peers import ALONE, Alone

REPORTS = "reports"
REQUEST = "request.json"


def commands_of(rank: int) -> str:
    """The name of the pipe that a process is told by; it ends when the launching child does."""
    return f"commands-{rank}"


def error_of(rank: int) -> str:
    """The name of the file in which a process tells why it failed."""
    return f"error-{rank}.json"


class RankChannel(Channel):
    """Pipes in the trial's folder. A stop takes effect for all processes before the same update.

    When the launching child is gone, this process ends at once, with all that it started.
    """

    def __init__(self, folder: str, rank: int) -> None:
        # Not to wait for a launching child that is gone already: then the first read finds the end.
        incoming = os.open(os.path.join(folder, commands_of(rank)), os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(incoming, True)
        outgoing = os.open(os.path.join(folder, REPORTS) if rank == 0 else os.devnull, os.O_WRONLY)
        super().__init__(incoming, outgoing)
        self.peers: Alone = ALONE
        self._folder, self._rank = folder, rank
        self._stop_asked = threading.Event()
        os.register_at_fork(after_in_child=self._forget)
        threading.Thread(target=self._watch, name="lrdesigner-watch", daemon=True).start()

    def request(self) -> dict[str, Any] | None:
        """The request of the trial; None if it was stopped before."""
        if super().request() is None:
            return None
        with open(os.path.join(self._folder, REQUEST), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        return found

    def wait_while_paused(self) -> float:
        """As in `Channel`; the first process waits for all, and all learn of a stop here."""
        paused = super().wait_while_paused() if self._rank == 0 else 0.0
        if self.peers.agreed(self._stop_asked.is_set()):
            self.stop.set()
        return paused

    def fail(self, fields: Mapping[str, Any]) -> NoReturn:
        """Leave word of a failure, and end."""
        file = os.path.join(self._folder, error_of(self._rank))
        with contextlib.suppress(OSError):
            with open(f"{file}.part", "w", encoding="utf-8") as part:
                json.dump({"time": time.time(), **fields}, part)
            os.replace(f"{file}.part", file)
        os._exit(1)

    def _obey(self, line: bytes) -> None:
        if b'"stop"' not in line:
            super()._obey(line)
            return
        self._stop_asked.set()
        self._going.set()

    def _die(self) -> NoReturn:
        shutil.rmtree(self._folder, ignore_errors=True)
        super()._die()
