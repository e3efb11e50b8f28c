"""The folder of a sweep: exported files, and the results of its runs, which can be followed while they grow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from lrdesigner.child.run_files import OUTCOME, RESULTS, RunFile
from lrdesigner.design_file import write_atomically
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export
from lrdesigner.jobs.protocol import AnyReport, Metrics, TrialRequest, decode_report
from lrdesigner.jobs.reader import Outcome
from lrdesigner.proof import trial_code, trial_request
from lrdesigner.trials.sweep_results import RunResult
from lrdesigner.trials.variants import Run, Variant

EXPORTS = "exports"
FACTS = "sweep.json"
MOST_READ = 1 << 24
"""Bytes of one file that one look takes; the next look goes on."""


class RunHeader(msgspec.Struct, frozen=True):
    """The first line of a file of results."""

    id: str
    label: str = ""
    changes: dict[str, str] = {}
    seed: int = 0
    options: dict[str, Any] = {}


class SweepFacts(msgspec.Struct, frozen=True):
    """What the results of a sweep do not tell themselves: what is compared with, and how long the plan is.

    `id` is that of the sweep in the history, which stays when it is continued; "" in a bundle.
    """

    baseline: str = ""
    total_steps: int = 0
    id: str = ""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run with what its child is asked."""

    run: Run
    request: TrialRequest

    @property
    def header(self) -> dict[str, Any]:
        """What the first line of its results says."""
        variant = self.run.variant
        return {
            "id": self.run.id,
            "label": variant.label,
            "changes": dict(variant.changes),
            "seed": self.run.seed,
            "options": msgspec.to_builtins(self.run.options),
        }


def planned_runs(runs: Iterable[Run], folder: Path) -> tuple[PlannedRun, ...]:
    """The runs with their exported files in the folder; raises `UserError` for the first that cannot be run."""
    files: dict[tuple[str, ExportOptions], Path] = {}
    planned = []
    for run in runs:
        label, code = run.variant.label, trial_code(run.options)
        if (label, code) not in files:
            files[label, code] = folder / EXPORTS / f"{len(files):03d}.py"
            _export(run.variant, code, files[label, code])
        try:
            planned.append(PlannedRun(run, trial_request(run.variant.design, files[label, code], run.options)))
        except UserError as error:
            raise UserError(f"{label}: {error}") from None
    return tuple(planned)


def _export(variant: Variant, code: ExportOptions, file: Path) -> None:
    try:
        text = export(variant.design, code)
    except UserError as error:
        raise UserError(f"{variant.label}: {error}") from None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {file.parent} cannot be made: {error.strerror or error}.") from None
    write_atomically(file, text.encode())


def not_run(run: Run) -> RunResult:
    """The row of a run that was not begun."""
    return RunResult(run.id, run.variant.label, run.seed, "waiting")


def result_of(run: Run, outcome: Outcome) -> RunResult:
    """The row of a run that ended so."""
    return RunResult(run.id, run.variant.label, run.seed, outcome.state, outcome.metrics, outcome.message)


def write_facts(folder: Path, facts: SweepFacts) -> None:
    """Put them beside the results; raises `UserError`."""
    write_atomically(folder / FACTS, msgspec.json.encode(facts) + b"\n")


def read_facts(folder: Path) -> SweepFacts:
    """Those beside the results, as far as there are any."""
    try:
        return msgspec.json.decode((folder / FACTS).read_bytes(), type=SweepFacts)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return SweepFacts()


@dataclass(slots=True)
class FollowedRun:
    """What a file of results has told so far; `fault` says what of it could not be read."""

    header: RunHeader
    state: str = "running"
    message: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    fault: str = ""

    @property
    def result(self) -> RunResult:
        """The same as a row of the results."""
        head = self.header
        return RunResult(head.id, head.label, head.seed, self.state, self.metrics, self.message)


@dataclass(slots=True)
class _File:
    identity: tuple[int, int] = (0, 0)
    offset: int = 0
    line: int = 0


class SweepFollower:
    """Reads what is new in the results of a folder at every look; `take` is given each report with its run's id."""

    def __init__(self, folder: str | os.PathLike[str], take: Callable[[str, AnyReport], None] | None = None) -> None:
        self.runs: dict[str, FollowedRun] = {}
        self._folder = Path(folder) / RESULTS
        self._take = take
        self._files: dict[str, _File] = {}

    def look(self) -> tuple[str, ...]:
        """The ids of the runs of which there is news; raises `UserError` where the folder cannot be read."""
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(".jsonl"))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UserError(f"The results in {self._folder} cannot be read: {error.strerror or error}.") from None
        return tuple(run for name in names if self._read(run := name.removesuffix(".jsonl")))

    def _read(self, run: str) -> bool:
        file = self._files.setdefault(run, _File())
        try:
            with open(self._folder / f"{run}.jsonl", "rb") as stream:
                found = os.fstat(stream.fileno())
                identity = (found.st_dev, found.st_ino)
                if identity != file.identity or found.st_size < file.offset:  # begun anew
                    file.identity, file.offset, file.line = identity, 0, 0
                    self.runs[run] = FollowedRun(RunHeader(run, run))
                stream.seek(file.offset)
                text = stream.read(MOST_READ)
        except OSError:  # removed, or away for a moment
            return False
        whole = text[: text.rfind(b"\n") + 1]  # the last line may still be being written
        file.offset += len(whole)
        for line in whole.splitlines():
            file.line += 1
            self._take_line(run, file.line, line)
        return bool(whole)

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
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
            followed.fault = followed.fault or f"Line {number} of {run}.jsonl cannot be read: {error}."

    def _take_report(self, run: str, followed: FollowedRun, report: AnyReport) -> None:
        if isinstance(report, Metrics):
            followed.steps.append(report.step)
            followed.losses.append(report.loss)
        if self._take is not None:
            self._take(run, report)


def read_results(folder: str | os.PathLike[str]) -> tuple[RunResult, ...]:
    """How the runs of a folder stand now; raises `UserError` where it cannot be read."""
    follower = SweepFollower(folder)
    while follower.look():
        pass
    return tuple(followed.result for followed in follower.runs.values())


def run_file(folder: Path, planned: PlannedRun) -> RunFile:
    """The file of a run's results, begun; raises `OSError`."""
    file = RunFile(str(folder), planned.run.id)
    file.begin(planned.header)
    return file
