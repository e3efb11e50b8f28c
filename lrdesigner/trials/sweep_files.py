"""The folder of a sweep as it is written: exported files, what its results do not tell, and files for the results."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lrdesigner.child.run_files import RunFile
from lrdesigner.design_file import write_atomically
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export
from lrdesigner.jobs.protocol import TrialRequest
from lrdesigner.jobs.reader import Outcome
from lrdesigner.proof import trial_code, trial_request
from lrdesigner.trials.sweep_results import RunResult
from lrdesigner.trials.variants import Run, Variant

EXPORTS = "exports"
FACTS = "sweep.json"


class SweepFacts(msgspec.Struct, frozen=True):
    """What the results of a sweep do not tell themselves: what is compared with, and how long the plan is.

    `runs` is how many there will be; 0 where that is not known.
    `id` is that of the sweep in the history, which stays when it is continued; "" in a bundle.
    """

    baseline: str = ""
    total_steps: int = 0
    runs: int = 0
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
    return RunResult(run.id, run.variant.label, run.seed, "waiting", whole=run.options.whole)


def result_of(run: Run, outcome: Outcome) -> RunResult:
    """The row of a run that ended so."""
    label, whole = run.variant.label, run.options.whole
    return RunResult(run.id, label, run.seed, outcome.state, outcome.metrics, outcome.message, whole)


def write_facts(folder: Path, facts: SweepFacts) -> None:
    """Put them beside the results; raises `UserError`."""
    write_atomically(folder / FACTS, msgspec.json.encode(facts) + b"\n")


def read_facts(folder: Path) -> SweepFacts:
    """Those beside the results, as far as there are any."""
    try:
        return msgspec.json.decode((folder / FACTS).read_bytes(), type=SweepFacts)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return SweepFacts()


def run_header(folder: Path, planned: PlannedRun) -> dict[str, Any]:
    """What the first line of the results in a folder says of a run: who it is, and where its exported file lies."""
    return {**planned.header, "export": Path(os.path.relpath(planned.request.exported_file, folder)).as_posix()}


def run_file(folder: Path, planned: PlannedRun) -> RunFile:
    """The file of a run's results, begun; raises `OSError`."""
    file = RunFile(str(folder), planned.run.id)
    file.begin(run_header(folder, planned))
    return file
