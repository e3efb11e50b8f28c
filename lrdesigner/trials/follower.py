"""The results of a sweep as they are read, while others may still write them: bounded work at every look."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from lrdesigner.child.run_files import OUTCOME, RESULTS
from lrdesigner.child.worker import VARIANTS
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import AnyReport, Metrics, decode_report
from lrdesigner.plain_files import open_plain
from lrdesigner.trials.growing import Growing
from lrdesigner.trials.smoothing import RunningMean
from lrdesigner.trials.sweep_files import FACTS
from lrdesigner.trials.sweep_results import RunResult

MOST_READ = 1 << 24
"""Bytes that one look takes; the next look goes on. No line may be longer."""
_PIECE = 1 << 18
"""Bytes of one file that one look takes."""
_MOST_PEEKED = 20
_FIRST_LINE = b'{"kind":"run"'
_SUFFIX = ".jsonl"


class RunHeader(msgspec.Struct, frozen=True):
    """The first line of a file of results; `export` is the exported file, from the folder on."""

    id: str
    label: str = ""
    changes: dict[str, str] = {}
    seed: int = 0
    options: dict[str, Any] = {}
    export: str = ""


@dataclass(slots=True)
class FollowedRun:
    """What a file of results has told so far; `fault` says what of it could not be read."""

    header: RunHeader
    state: str = "running"
    message: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    steps: Growing = field(default_factory=lambda: Growing(0))
    smoothed: Growing = field(default_factory=lambda: Growing(0))
    fault: str = ""
    mean: RunningMean = field(default_factory=RunningMean)

    @property
    def result(self) -> RunResult:
        """The same as a row of the results."""
        head = self.header
        whole = head.options.get("whole") is True
        return RunResult(head.id, head.label, head.seed, self.state, self.metrics, self.message, whole)


@dataclass(slots=True)
class _File:
    identity: tuple[int, int] = (0, 0)
    offset: int = 0
    line: int = 0


class SweepFollower:
    """Reads what is new in the results of a folder at every look; `take` is given each report with its run's id.

    `behind` tells that the last look left something unread.
    """

    def __init__(self, folder: str | os.PathLike[str], take: Callable[[str, AnyReport], None] | None = None) -> None:
        self.runs: dict[str, FollowedRun] = {}
        self.behind = False
        self._folder = Path(folder) / RESULTS
        self._take = take
        self._files: dict[str, _File] = {}
        self._next = ""

    def look(self, most: int = MOST_READ) -> tuple[str, ...]:
        """The ids of the runs of which there is news, out of about so many bytes; the next look goes on with the rest.

        Raises `UserError` where the folder cannot be read.
        """
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(_SUFFIX))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UserError(f"The results in {self._folder} cannot be read: {error.strerror or error}.") from None
        first = next((at for at, name in enumerate(names) if name >= self._next), 0)
        fresh, self.behind = [], False
        for name in names[first:] + names[:first]:
            if most <= 0:
                self._next, self.behind = name, True
                break
            run = name.removesuffix(_SUFFIX)
            taken = self._read(run)
            most -= taken
            self.behind |= taken >= _PIECE
            if taken:
                fresh.append(run)
        return tuple(fresh)

    def _read(self, run: str) -> int:
        """How many bytes were new."""
        file, path = self._files.setdefault(run, _File()), self._folder / f"{run}{_SUFFIX}"
        try:
            if self._is_over(run, file, path):
                return 0
            with open_plain(path) as stream:
                found = os.fstat(stream.fileno())
                identity = (found.st_dev, found.st_ino)
                if identity != file.identity or found.st_size < file.offset:  # begun anew
                    file.identity, file.offset, file.line = identity, 0, 0
                    self.runs[run] = FollowedRun(RunHeader(run, run))
                stream.seek(file.offset)
                text = stream.read(_PIECE)
                if len(text) == _PIECE and b"\n" not in text:
                    text += stream.read(MOST_READ - _PIECE)
        except OSError:  # removed, or away for a moment
            return 0
        if len(text) == MOST_READ and b"\n" not in text:
            followed = self.runs[run]
            followed.fault = followed.fault or f"Line {file.line + 1} of {run}{_SUFFIX} is too long to be read."
            file.offset += len(text)
            return len(text)
        whole = text[: text.rfind(b"\n") + 1]  # the last line may still be being written
        file.offset += len(whole)
        for line in whole.splitlines():
            file.line += 1
            self._take_line(run, file.line, line)
        return len(text) if whole else 0

    def _is_over(self, run: str, file: _File, path: Path) -> bool:
        """Whether the run has ended and its file is as it was; of others a share may know the size only once opened."""
        followed = self.runs.get(run)
        if followed is None or followed.state == "running":
            return False
        found = os.stat(path)
        return (found.st_dev, found.st_ino) == file.identity and found.st_size == file.offset

    def _take_line(self, run: str, number: int, line: bytes) -> None:
        followed = self.runs[run]
        try:
            fields = msgspec.json.decode(line)
            kind = fields.get("kind") if isinstance(fields, dict) else None
            if kind == "run":
                followed.header = msgspec.convert(fields, RunHeader)
            elif kind == OUTCOME:
                followed.state, followed.message = str(fields["state"]), str(fields.get("message", ""))
                followed.metrics = dict(fields.get("metrics") or {})
            else:
                self._take_report(run, followed, decode_report(line))
        except (msgspec.MsgspecError, ArithmeticError, RecursionError, KeyError, TypeError, ValueError) as error:
            followed.fault = followed.fault or f"Line {number} of {run}{_SUFFIX} cannot be read: {error}."

    def _take_report(self, run: str, followed: FollowedRun, report: AnyReport) -> None:
        if isinstance(report, Metrics):
            step, loss = float(report.step), float(report.loss)  # of which one may be too large for a float
            followed.steps.extend([step])
            followed.smoothed.extend([followed.mean.taken(loss)])
        if self._take is not None:
            self._take(run, report)


def read_results(folder: str | os.PathLike[str]) -> tuple[RunResult, ...]:
    """How the runs of a folder stand now; raises `UserError` where it cannot be read."""
    follower = SweepFollower(folder)
    while follower.look():
        pass
    return tuple(followed.result for followed in follower.runs.values())


def holds_sweep(folder: Path) -> bool:
    """Whether a folder is a bundle or has results of a sweep; False also where it cannot be read."""
    if any(os.path.isfile(folder / name) for name in (FACTS, VARIANTS)):  # False also where nothing may be looked at
        return True
    try:
        with os.scandir(folder / RESULTS) as entries:
            files = islice((entry.path for entry in entries if entry.name.endswith(_SUFFIX)), _MOST_PEEKED)
            return any(_begins_as_results(file) for file in files)
    except OSError:
        return False


def _begins_as_results(file: str) -> bool:
    try:
        with open_plain(file) as stream:
            return stream.read(len(_FIRST_LINE)) == _FIRST_LINE
    except OSError:
        return False
