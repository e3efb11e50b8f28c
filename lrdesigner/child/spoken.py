"""What a child says to the end of its job, heard with the standard library alone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lrdesigner.child.leftovers import MARK, end_leftovers

STOP_SECONDS = 5.0
"""How long a child has to end by itself once it was asked to."""
_POLL_SECONDS = 0.2
_KEPT_ERRORS = 2000
_STOP_LINE = b'{"kind":"stop"}\n'


@dataclass(frozen=True)
class Spoken:
    """How a job ended, in the words of `lrdesigner.jobs.reader.Outcome`."""

    state: str
    message: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)


def spoken_by(
    command: Sequence[str],
    request: Mapping[str, Any],
    environment: Mapping[str, str],
    take: Callable[[str, bytes], None],
    should_stop: Callable[[], bool],
) -> Spoken:
    """Do one job in a child; `take` is given the kind of each line that it sends, and the line without its end."""
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            return Spoken("crashed", f"The child process could not be started: {error}.")
        over = threading.Event()
        threading.Thread(target=_stop_when, args=(process, should_stop, over), daemon=True).start()
        try:
            end, failure = _listened(process, request, take)
        finally:
            over.set()
            _end(process, environment.get(MARK, ""))
        return _outcome(end, failure, process.returncode, _tail(errors))


def _listened(
    process: subprocess.Popen[bytes], request: Mapping[str, Any], take: Callable[[str, bytes], None]
) -> tuple[dict[str, Any], str]:
    """The last message, {} if none came, and what the child said of a failure."""
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018 - for the type checker alone
    with contextlib.suppress(OSError):
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    failure = ""
    for line in process.stdout:
        try:
            report = json.loads(line)
            kind = str(report["kind"])
        except (ValueError, KeyError, TypeError):
            _kill(process)
            return {"reason": "garbled"}, "The child process broke the protocol."
        if kind == "end":
            return report, failure
        failure = str(report.get("message", "")) if kind == "error" else failure
        take(kind, line.rstrip(b"\n"))
    return {}, failure


def _stop_when(process: subprocess.Popen[bytes], should_stop: Callable[[], bool], over: threading.Event) -> None:
    """Ask to stop when it is time, and end what does not."""
    while not over.wait(_POLL_SECONDS):
        if should_stop():
            with contextlib.suppress(OSError, ValueError):
                assert process.stdin is not None
                process.stdin.write(_STOP_LINE)
                process.stdin.flush()
            if not over.wait(STOP_SECONDS):
                _kill(process)
            return


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """See the child out, and everything that it started."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    _kill(process)
    process.wait()
    end_leftovers(mark)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _outcome(end: Mapping[str, Any], failure: str, code: int, errors: str) -> Spoken:
    reason, metrics = str(end.get("reason", "")), end.get("metrics") or {}
    if reason == "failed":
        return Spoken("failed", failure, metrics)
    if reason:
        return Spoken(reason, failure, metrics)
    if failure:
        return Spoken("failed", failure)
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    said = f": {errors}" if errors else "."
    return Spoken("killed" if code == -9 else "crashed", f"The child process ended with {how}{said}")


def _tail(errors: Any) -> str:
    errors.seek(0, os.SEEK_END)
    errors.seek(max(errors.tell() - _KEPT_ERRORS, 0))
    return str(errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2])
