"""Running one job to its end, for the command line and for tests."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

from msgspec.structs import replace

from lrdesigner.child.leftovers import MARK, end_leftovers
from lrdesigner.jobs.launch import child_environment, command_for
from lrdesigner.jobs.protocol import (
    STOP_LINE,
    AnyReport,
    AnyRequest,
    CaptureRequest,
    InspectRequest,
    InventoryChunk,
    ReadRequest,
    VerifyRequest,
    encode_request,
)
from lrdesigner.jobs.reader import GiveUp, JobReader, Outcome
from lrdesigner.model_inputs import Inputs
from lrdesigner.models.ladder import Attempt, next_rung, told
from lrdesigner.models.opening import Inspection, inspection_of, opening_request
from lrdesigner.models.source import ModelSource

STOP_SECONDS = 3.0
"""How long a child has to end by itself once it was asked to, or has sent its last message."""
DRAIN_SECONDS = 0.5
"""How long output is read on after the child's death, where a process that it started holds the pipe."""
POLL_SECONDS = 0.05
CHUNK = 1 << 16

OnReport = Callable[[AnyReport], None]


def run_job(
    request: AnyRequest,
    on_report: OnReport | None = None,
    time_limit: float | None = None,
    python: str | None = None,
    should_stop: Callable[[], bool] | None = None,
    variables: Mapping[str, str] | None = None,
    should_end: Callable[[], bool] | None = None,
) -> Outcome:
    """Do one job in a child process and wait for its end; the child and all that it started are gone afterwards.

    `time_limit` is in seconds and covers everything, the import of torch included. Ctrl-C asks the child to stop,
    a second one ends it; either way the outcome is returned. `should_stop` asks it as the first does, `should_end` ends
    it as the second. What `on_report` raises goes through. `variables` are environment variables beside those of every
    child.
    """
    command = command_for(request, python or "")
    return run_command(command, encode_request(request), on_report, time_limit, should_stop, variables, should_end)


def run_ladder(
    request: CaptureRequest | InspectRequest | VerifyRequest,
    on_report: OnReport | None = None,
    time_limit: float | None = None,
    python: str | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """As `run_job`, for a job that builds a model without weights: each way of building in a child of its own."""
    tried: list[Attempt] = []
    started = time.monotonic()
    while (rung := next_rung(tried)) is not None:
        left = None if time_limit is None else max(time_limit - (time.monotonic() - started), 0.1)
        outcome = run_job(replace(request, rung=rung), on_report, left, python, should_stop)
        tried.append(Attempt(rung, outcome))
    return told(tried)


def inspect_model(
    source: ModelSource,
    kwargs: Mapping[str, Any] | None = None,
    time_limit: float | None = None,
    python: str | None = None,
    inputs: Inputs | None = None,
) -> Inspection:
    """Open a model; unless it is only read, this runs code. Raises `UserError` with the reason when it fails."""
    chunks: list[AnyReport] = []

    def keep(report: AnyReport) -> None:
        if isinstance(report, InventoryChunk):
            chunks.append(report)

    request = opening_request(source, kwargs or {}, inputs)
    if isinstance(request, ReadRequest):
        outcome = run_job(request, keep, time_limit)
    else:
        outcome = run_ladder(request, keep, time_limit, python)
    return inspection_of(source, chunks, outcome)


def run_command(
    command: list[str],
    first_line: bytes,
    on_report: OnReport | None = None,
    time_limit: float | None = None,
    should_stop: Callable[[], bool] | None = None,
    variables: Mapping[str, str] | None = None,
    should_end: Callable[[], bool] | None = None,
) -> Outcome:
    """As `run_job`, for any command that speaks the protocol."""
    reader = JobReader()
    try:
        child = _Child(command, {**child_environment(), **(variables or {})})
    except OSError as error:
        return reader.not_started(f"{command[0]}: {error.strerror or error}")
    return _Run(child, reader, on_report, time_limit, should_stop, should_end).result(first_line)


class _Child:
    """The process, its process group, and two threads that read its pipes."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._mark = environment[MARK]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            bufsize=0,
            start_new_session=True,  # its own group, so that Ctrl-C reaches us alone and a kill reaches all of it
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if sys.platform == "win32" else 0,
        )
        # Bounded, so that a flood waits in the pipe and not in our memory.
        self.chunks: queue.Queue[tuple[str, bytes]] = queue.Queue(maxsize=64)
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._pump, args=(name, stream), daemon=True)
            for name, stream in (("output", self._process.stdout), ("errors", self._process.stderr))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def lives(self) -> bool:
        """Whether it has not ended; a dead one is left unreaped where possible, so that its group's id stays ours."""
        if not hasattr(os, "waitid"):
            return self._process.poll() is None
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def write(self, line: bytes) -> None:
        """Write a line to its stdin; a child that no longer reads shows in its exit."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(line)

    def kill(self) -> None:
        """End it and every process of its group."""
        if sys.platform == "win32":
            self._process.kill()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # none is left, or (macOS) only the dead
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> int:
        """Kill what is left, wait for it, let go of the pipes; the exit code."""
        self.kill()
        code = self._process.wait()
        end_leftovers(self._mark)
        self._closed.set()
        for thread in self._threads:
            thread.join(timeout=1)
        if self._process.stdin is not None:
            self._process.stdin.close()
        return code

    def _pump(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            data = b"?"
            while data and not self._closed.is_set():
                try:
                    data = os.read(stream.fileno(), CHUNK)
                except OSError:
                    data = b""
                self._put(name, data)

    def _put(self, name: str, data: bytes) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self.chunks.put((name, data), timeout=POLL_SECONDS)
                return


class _Run:
    """One job: time limit, stop, and the feeding of the reader."""

    def __init__(
        self,
        child: _Child,
        reader: JobReader,
        on_report: OnReport | None,
        time_limit: float | None,
        should_stop: Callable[[], bool] | None,
        should_end: Callable[[], bool] | None,
    ) -> None:
        self._child = child
        self._reader = reader
        self._on_report = on_report
        self._limit = time_limit
        self._started = time.monotonic()
        self._should_stop = should_stop
        self._should_end = should_end
        self._stop_sent: float | None = None
        self._open_pipes = 2
        self._died: float | None = None
        self._ended: float | None = None

    def result(self, first_line: bytes) -> Outcome:
        """Send the request, follow the child to its end."""
        try:
            self._child.write(first_line)
            while not self._over():
                try:
                    self._turn()
                except KeyboardInterrupt:
                    self._interrupt()
        finally:
            code = self._child.close()
        return self._reader.exited(code)

    def _turn(self) -> None:
        now = time.monotonic()
        if self._limit is not None and now - self._started > self._limit:
            self._kill("timed_out", f"The job took longer than the limit of {self._limit:g} seconds and was ended.")
        elif self._stop_sent is not None and now - self._stop_sent > STOP_SECONDS:
            self._kill("cancelled", "The job did not stop when asked, and was ended.")
        elif self._should_end is not None and self._should_end():
            self._kill("cancelled", "The job was cancelled.")
        elif self._reader.garbled or self._ended_long_ago(now):
            self._child.kill()
        elif self._stop_sent is None and self._should_stop is not None and self._should_stop():
            self._ask_to_stop()
        self._feed()

    def _ended_long_ago(self, now: float) -> bool:
        """Whether the child has sent its last message and yet lives on."""
        if self._ended is None and self._reader.ended:
            self._ended = now
        return self._ended is not None and now - self._ended > STOP_SECONDS

    def _feed(self) -> None:
        try:
            name, data = self._child.chunks.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        if not data:
            self._open_pipes -= 1
        elif name == "errors":
            self._reader.feed_errors(data)
        else:
            for report in self._reader.feed_output(data):
                if self._on_report is not None:
                    self._on_report(report)

    def _over(self) -> bool:
        if self._child.lives:
            return False
        now = time.monotonic()
        if self._died is None:
            self._died = now
            self._child.kill()  # what it left behind would hold the pipes open
        return self._open_pipes == 0 or (now - self._died > DRAIN_SECONDS and self._child.chunks.empty())

    def _interrupt(self) -> None:
        if self._stop_sent is None:
            self._ask_to_stop()
        else:
            self._kill("cancelled", "The job was cancelled.")

    def _ask_to_stop(self) -> None:
        self._stop_sent = time.monotonic()
        self._child.write(STOP_LINE)

    def _kill(self, why: GiveUp, message: str) -> None:
        self._reader.give_up(why, message)
        self._child.kill()
