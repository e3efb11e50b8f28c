"""The core's pool in a thread of its own; it knows nothing of Qt and tells what happens through a function."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import AnyReport
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.history.sweep_recording import SweepRecorder
from lrdesigner.trials.pool import Pool, Watch
from lrdesigner.trials.slots import slots_for
from lrdesigner.trials.sweep_files import PlannedRun, planned_runs
from lrdesigner.trials.variants import Run


@dataclass(frozen=True, slots=True)
class Begun:
    """A run began."""

    planned: PlannedRun


@dataclass(frozen=True, slots=True)
class Reported:
    """What the child of a run has said."""

    run: str
    report: AnyReport


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended."""

    run: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Over:
    """All is over; `problem` is "" or what to tell the person."""

    problem: str = ""


News = Begun | Reported | Ended | Over


class PoolThread:
    """Runs of a sweep, so many at a time, from now on; the last news is `Over`, whatever happens."""

    def __init__(self, runs: Sequence[Run], jobs: int, keep: SweepRecorder, tell: Callable[[News], None]) -> None:
        self._runs, self._jobs, self._keep, self._tell = runs, jobs, keep, tell
        self._pool: Pool | None = None
        self._stopping = self._ending = False
        # A daemon: its children end with the program, because their stdin does.
        self._thread = threading.Thread(target=self._work, name="sweep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let what runs end with what it has, and begin no others."""
        self._stopping = True
        self._heed()

    def end(self, seconds: float) -> bool:
        """End the children at once and wait for that, so long at most; whether nothing is left."""
        self._ending = True
        self._heed()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _heed(self) -> None:
        """Called after either side has changed, so that no wish is lost between the two threads."""
        if self._pool is not None and self._ending:
            self._pool.end()
        elif self._pool is not None and self._stopping:
            self._pool.stop()

    def _work(self) -> None:
        problem = ""
        try:
            self._run()
        except UserError as error:
            problem = str(error)
        except Exception as error:  # of this thread, which nobody would hear of
            problem = f"The sweep ended by a fault of this program: {type(error).__name__}: {error}"
        self._keep.wait()
        self._tell(Over(problem or self._keep.problem))

    def _run(self) -> None:
        watch = Watch(
            lambda planned, slot: self._tell(Begun(planned)),
            lambda planned, report: self._tell(Reported(planned.run.id, report)),
            lambda planned, outcome: self._tell(Ended(planned.run.id, outcome)),
        ).beside(self._keep.watch)
        slots = slots_for(self._runs[0].options.device, self._jobs)
        with tempfile.TemporaryDirectory(prefix="lrdesigner-", ignore_cleanup_errors=True) as folder:
            planned = planned_runs(self._runs, Path(folder))
            self._pool = Pool(Path(folder), slots, watch)
            self._heed()
            self._pool.run(planned)
