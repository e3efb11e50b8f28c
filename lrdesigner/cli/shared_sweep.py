"""Sweeps that many machines share through a study of Optuna."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lrdesigner.cli.output import say
from lrdesigner.cli.progress import ProgressBar
from lrdesigner.cli.proof_commands import INTERRUPTED
from lrdesigner.cli.sweep_history import SweepHistory, recorded
from lrdesigner.cli.sweep_progress import SweepProgress
from lrdesigner.cli.sweep_words import table_of, write_sweep
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.jobs.run import run_job
from lrdesigner.trials.optuna_engine import OptunaSweep
from lrdesigner.trials.pool import run_one
from lrdesigner.trials.sweep_files import SweepFacts, planned_runs
from lrdesigner.trials.sweep_results import RunResult
from lrdesigner.trials.variants import Run


@dataclass(frozen=True, slots=True)
class Shared:
    """Where the study is, what it is called, and what keeps the results and the trials of this machine, if any does."""

    storage: str
    study: str
    folder: Path | None
    history: SweepHistory | None

    def opened(self, designs: Mapping[str, Design], *, create: bool) -> OptunaSweep:
        """The study; raises `UserError` where it cannot be opened."""
        if not self.storage:
            raise UserError("Optuna needs to know where its study is: give --storage journal:FILE or a database's URL.")
        return OptunaSweep(self.storage, self.study, designs, create=create)


def sweep_shared(
    shared: Shared, designs: Mapping[str, Design], runs: Sequence[Run], facts: SweepFacts, as_json: bool
) -> int:
    """Hand the runs out, do those that nobody else does, and write the table."""
    with kept_or_temporary(shared.folder) as folder:
        planned_runs(runs, folder)  # what cannot be run is told before anything is
        sweep = shared.opened(designs, create=True)
        fresh = sweep.enqueue(runs)
        say(f"{fresh} of {len(runs)} trials are new in the study {shared.study}; others join with --worker.")
        stopped = _work(sweep, folder, as_json, shared.history)
    wanted = {run.id for run in runs}
    results = [result for result in sweep.results() if result.id in wanted]
    write_sweep(table_of(results, facts), as_json)
    _tell_rest(sweep)
    if stopped:
        return INTERRUPTED
    return 0 if any(result.state == "finished" for result in results) else 1


def work_on(shared: Shared, designs: Mapping[str, Design], as_json: bool) -> int:
    """Do trials of a study that another has made."""
    sweep = shared.opened(designs, create=False)
    with kept_or_temporary(shared.folder) as folder:
        stopped = _work(sweep, folder, as_json, shared.history)
    _tell_rest(sweep)
    return INTERRUPTED if stopped else 0


def _work(sweep: OptunaSweep, folder: Path, as_json: bool, kept: SweepHistory | None) -> bool:
    """Whether it was stopped."""
    ended: list[RunResult] = []
    with ProgressBar(0, "Starting", shown=not as_json) as bar, recorded(kept, sweep.id) as keep:
        watch = SweepProgress(sweep.waiting, bar, as_json).watch.beside(keep)

        def run(one: Run) -> RunResult:
            [planned] = planned_runs([one], folder / one.id)
            try:
                ended.append(run_one(planned, folder, run_job, lambda: False, watch=watch))
            except OSError as error:
                raise UserError(f"The results in {folder} cannot be written: {error.strerror or error}.") from None
            return ended[-1]

        sweep.work(run)
    return any(result.state in ("stopped", "cancelled") for result in ended)


def _tell_rest(sweep: OptunaSweep) -> None:
    left = sweep.left_running
    if left and not sweep.finds_dead:
        say(
            f"{left} trials are marked as running: others do them, or died. A journal cannot tell which; with a "
            "database as the storage those of dead workers are handed out again."
        )


@contextmanager
def kept_or_temporary(folder: Path | None) -> Iterator[Path]:
    """The folder that was named, or one that goes when it is over."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="lrdesigner-") as temporary:
        yield Path(temporary)
