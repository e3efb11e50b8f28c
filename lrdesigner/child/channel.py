"""The two pipes to the parent, kept out of reach of the user's code, and the promise to die with the parent."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, NoReturn

from lrdesigner.child.leftovers import MARK, end_leftovers

HEARTBEAT_SECONDS = 1.0
# Taken now, before a model's code can put others into their place.
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_write = os.write


class Channel:
    """Lines of JSON to and from the parent.

    Make it with `take_over`. `stop` is set when the parent asks to stop; `step` is what heartbeats report. Jobs that
    can pause call `wait_while_paused` between their steps. When the parent is gone, this process and, if it leads one,
    its whole process group end at once.
    """

    def __init__(self, incoming: int, outgoing: int) -> None:
        self.stop = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self.step = 0
        self._incoming = incoming
        self._outgoing = outgoing
        self._pipe = _identity(outgoing)
        self._mark = os.environ.get(MARK, "")
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._request: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    @classmethod
    def take_over(cls) -> Channel:
        """Keep fds 0 and 1 for the protocol; the user's code finds an empty stdin, and its prints go to stderr."""
        incoming, outgoing = os.dup(0), os.dup(1)
        if sys.platform == "win32":
            import msvcrt

            msvcrt.setmode(incoming, os.O_BINARY)
            msvcrt.setmode(outgoing, os.O_BINARY)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        channel = cls(incoming, outgoing)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=channel._forget)
        threading.Thread(target=channel._watch, name="lrdesigner-watch", daemon=True).start()
        return channel

    def request(self) -> dict[str, Any] | None:
        """Wait for the request; None if the parent says stop before it asks for anything."""
        line = self._request.get()
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError("the request is not a JSON object")
        return None if request.get("kind") == "stop" else request

    @property
    def paused(self) -> bool:
        """Whether the parent has asked to wait."""
        return not self._going.is_set()

    def wait_while_paused(self) -> float:
        """Return at once, or when the parent says that it goes on or stops; how many seconds that took."""
        if self._going.is_set():
            return 0.0
        began = time.monotonic()
        self._going.wait()
        return time.monotonic() - began

    def start_heartbeat(self) -> None:
        """From now on say every second that this process is alive."""
        threading.Thread(target=self._beat, name="lrdesigner-heartbeat", daemon=True).start()

    def send(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Write one whole line. Numbers must be finite."""
        line = _encode({"kind": kind, **fields}).encode() + b"\n"
        if os.getpid() != self._owner:  # a fork of the user's code must not speak for us
            return
        with self._lock:
            self._write(line)

    def end(self, reason: str, metrics: Mapping[str, Any]) -> NoReturn:
        """Write the last line and end the process, with everything that the user's code started."""
        if os.getpid() == self._owner:
            line = _encode({"kind": "end", "reason": reason, "metrics": metrics})
            self._lock.acquire()  # never released: nothing may follow the last line
            self._write(line.encode() + b"\n")
        if self._leads_group():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(os.getpid(), signal.SIGTERM)
        # Not sys.exit: threads and exit handlers of the user's code could hang or crash after the last line. Nor is
        # anything flushed, for -u leaves nothing to flush in what is not the user's own.
        os._exit(1 if reason == "failed" else 0)

    def _write(self, line: bytes) -> None:
        view = memoryview(line)
        try:
            while view:
                if _identity(self._outgoing) != self._pipe:
                    self._cut_off()
                view = view[_write(self._outgoing, view) :]
        except OSError as error:
            self._die() if error.errno == errno.EPIPE else self._cut_off()

    def _beat(self) -> None:
        pause = threading.Event()
        while not pause.wait(HEARTBEAT_SECONDS):
            self.send("heartbeat", {"step": self.step})

    def _watch(self) -> None:
        # os.read and not sys.stdin: a thread inside sys.stdin's buffer aborts the interpreter when it shuts down.
        pending = b""
        asked = False
        while chunk := self._read():
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                if not asked:
                    asked = True
                    self._request.put(line)
                else:
                    self._obey(line)
        self._die()

    def _obey(self, line: bytes) -> None:
        if b'"stop"' in line:
            self.stop.set()
        if b'"pause"' in line:
            self._going.clear()
        else:
            self._going.set()

    def _read(self) -> bytes:
        try:
            return os.read(self._incoming, 1 << 16)
        except OSError:
            return b""

    def _leads_group(self) -> bool:
        return hasattr(os, "killpg") and os.getpid() == self._owner == os.getpgrp()

    def _cut_off(self) -> NoReturn:
        """The user's code has closed our pipe, under whose number now perhaps a file of the user is open."""
        os._exit(1)

    def _die(self) -> NoReturn:
        end_leftovers(self._mark)
        if self._leads_group():
            os.killpg(self._owner, signal.SIGKILL)
        os._exit(1)

    def _forget(self) -> None:
        """In a fork: let go of the pipes, so that the parent sees this process's end and not the fork's."""
        for handle in (self._incoming, self._outgoing):
            with contextlib.suppress(OSError):
                os.close(handle)


def _identity(handle: int) -> tuple[int, int]:
    found = os.fstat(handle)
    return found.st_dev, found.st_ino
