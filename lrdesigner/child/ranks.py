"""A trial in several processes: launches torch's own launcher, and stands between its processes and the parent.

The first process reports through a pipe in a private folder, for torchrun closes what a process inherits. By another
pipe each process hears stop and pause, and by its end that this process is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from lrdesigner.child.channel import Channel
from lrdesigner.child.failures import JobError
from lrdesigner.child.rank_channel import REPORTS, REQUEST, commands_of, error_of
from lrdesigner.child.torchrun import FAILURES
from lrdesigner.child.trial_settings import TrialSettings, settings_of

LOOK_SECONDS = 0.05
END_SECONDS = 10.0


def trial_in_ranks(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Have the processes train as the request says, and pass on what the first of them reports."""
    _refuse_windows()
    settings = settings_of(request)
    count = settings.processes
    channel.send("progress", {"stage": f"starting {count} processes"})
    with tempfile.TemporaryDirectory(prefix="lrdesigner-ranks-", ignore_cleanup_errors=True) as folder:
        with open(os.path.join(folder, REQUEST), "w", encoding="utf-8") as file:
            json.dump(request, file)
        with _pipes(folder, count) as (reports, commands), _torchrun(folder, settings) as launcher:
            relay = _Relay(channel, reports, commands)
            while launcher.poll() is None:
                relay.look()
            relay.look()
        return relay.ending or _failed(folder, count, launcher.returncode, channel)


def _refuse_windows() -> None:
    if sys.platform == "win32":
        raise JobError(
            "Trials in several processes need named pipes in a folder, which Windows lacks: choose one process, or run "
            "the trial on Linux or macOS."
        )


@contextlib.contextmanager
def _pipes(folder: str, count: int) -> Iterator[tuple[int, list[int]]]:
    """The reading end of the reports and the writing ends of the commands, new in the folder.

    This process holds each by both ends, so that neither waits for a process to come nor ends when one goes; when it
    lets go, whoever still reads meets the end.
    """
    with contextlib.ExitStack() as held:
        handles = []
        for name in (REPORTS, *map(commands_of, range(count))):
            path = os.path.join(folder, name)
            os.mkfifo(path, 0o600)
            handles.append(os.open(path, os.O_RDWR | os.O_NONBLOCK))
            held.callback(os.close, handles[-1])
        for commands in handles[1:]:
            os.write(commands, b"{}\n")  # the request itself lies in the folder
        yield handles[0], handles[1:]


@contextlib.contextmanager
def _torchrun(folder: str, settings: TrialSettings) -> Iterator[subprocess.Popen[bytes]]:
    """The launcher, whose end is waited for; it ends its processes when its stdin is closed or it is told to."""
    main = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    each = max((os.cpu_count() or 1) // settings.processes, 1)
    environment = {"OMP_NUM_THREADS": str(each), **os.environ}
    if settings.device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""  # FSDP2 takes GPUs wherever there are some
    command = [sys.executable, "-u", main, "--torchrun", folder, str(settings.processes)]
    launcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=2, env=environment)
    try:
        yield launcher
    finally:
        if launcher.poll() is None:
            launcher.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                launcher.wait(END_SECONDS)
        launcher.kill()
        launcher.communicate()


class _Relay:
    """Passes lines on; `ending` is the last one of the first process."""

    def __init__(self, channel: Channel, reports: int, commands: list[int]) -> None:
        self._channel, self._reports, self._commands = channel, reports, commands
        self._pending = b""
        self._told = ""
        self.ending: tuple[str, dict[str, Any]] | None = None

    def look(self) -> None:
        """Pass on what there is, after a moment if there is nothing."""
        self._tell()
        ready, _, _ = select.select([self._reports], [], [], LOOK_SECONDS)
        while ready and (chunk := _read(self._reports)):
            *lines, self._pending = (self._pending + chunk).split(b"\n")
            for line in lines:
                self._pass_on(json.loads(line))

    def _pass_on(self, report: dict[str, Any]) -> None:
        kind = report.pop("kind")
        if kind == "end":
            self.ending = report["reason"], report["metrics"]
        elif kind == "heartbeat":
            self._channel.step = report["step"]  # ours goes on saying that this process lives
        else:
            self._channel.send(kind, report)

    def _tell(self) -> None:
        wish = "stop" if self._channel.stop.is_set() else "pause" if self._channel.paused else "resume"
        if wish == (self._told or "resume"):
            return
        self._told = wish
        for commands in self._commands:
            os.write(commands, json.dumps({"kind": wish}).encode() + b"\n")


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 1 << 16)
    except BlockingIOError:
        return b""


def _failed(folder: str, count: int, status: int, channel: Channel) -> tuple[str, dict[str, Any]]:
    """Tell why there was no last line: by the first word of a process, or the end of one."""
    words = [_word(folder, rank) for rank in range(count)]
    told = sorted((word for word in words if word), key=lambda word: float(word["time"]))
    own = [word for word in told if not word["lost"]]
    metrics = (words[0] or {}).get("metrics") or {"steps": channel.step}
    killed = "" if own else _killed(folder, [word is not None for word in words])
    if killed or not told:
        error = JobError(killed or f"The processes of the trial ended without a word (torchrun: status {status}).")
        error.metrics = metrics
        raise error
    channel.send("error", (own or told)[0]["failure"])
    return "failed", metrics


def _word(folder: str, rank: int) -> dict[str, Any] | None:
    try:
        with open(os.path.join(folder, error_of(rank)), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
    except OSError:
        return None
    return found


def _killed(folder: str, told: list[bool]) -> str:
    """A sentence on the first process that ended without a word; "" if torchrun knows of none."""
    try:
        with open(os.path.join(folder, FAILURES), encoding="utf-8") as file:
            codes = {int(rank): code for rank, code in json.load(file).items()}
    except OSError:
        return ""
    # Torchrun ends the others by SIGTERM, and may count them in.
    for rank, code in sorted(codes.items(), key=lambda found: (found[1] == -signal.SIGTERM, found[0])):
        if not told[rank]:
            how = f"by signal {_signal_name(-code)}" if code < 0 else f"with status {code}"
            return (
                f"Process {rank + 1} of {len(told)} ended {how} and the trial with it; look whether something killed "
                "it or memory ran out."
            )
    return ""


def _signal_name(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:
        return str(number)
