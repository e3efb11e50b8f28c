"""The built-in engine of sweeps: each slot, one per device, runs one trial after the other in a child of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from lrdesigner.child.claims import Claim
from lrdesigner.child.run_files import KEPT, state_in
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import AnyReport, TrialRequest
from lrdesigner.jobs.reader import Outcome
from lrdesigner.jobs.run import run_job
from lrdesigner.trials.slots import Slot
from lrdesigner.trials.sweep_files import PlannedRun, result_of, run_file
from lrdesigner.trials.sweep_results import RunResult

DONE = ("finished", "diverged")
"""How a run ended that a continued sweep does not run again; what failed may have been mended meanwhile."""

_POLL_SECONDS = 0.1
_OTHERS_SECONDS = 0.5


class RunTrial(Protocol):
    """As `run_job` does it."""

    def __call__(
        self,
        request: TrialRequest,
        on_report: Callable[[AnyReport], None] | None = None,
        time_limit: float | None = None,
        python: str | None = None,
        should_stop: Callable[[], bool] | None = None,
        variables: Mapping[str, str] | None = None,
        should_end: Callable[[], bool] | None = None,
    ) -> Outcome:
        """Do one trial and wait for its end."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told, from the threads of the slots, that a run begins, reports and ends."""

    begins: Callable[[PlannedRun, Slot], None] = lambda planned, slot: None
    reports: Callable[[PlannedRun, AnyReport], None] = lambda planned, report: None
    ends: Callable[[PlannedRun, Outcome], None] = lambda planned, outcome: None

    def beside(self, other: Watch) -> Watch:
        """Both are told, the other one first."""

        def begins(planned: PlannedRun, slot: Slot) -> None:
            other.begins(planned, slot)
            self.begins(planned, slot)

        def reports(planned: PlannedRun, report: AnyReport) -> None:
            other.reports(planned, report)
            self.reports(planned, report)

        def ends(planned: PlannedRun, outcome: Outcome) -> None:
            other.ends(planned, outcome)
            self.ends(planned, outcome)

        return Watch(begins, reports, ends)


class Pool:
    """A sweep on this machine: `run` it; from any thread, `stop` keeps what is done and ends what runs.

    Results are written into `folder` as they come. Runs that are done there are left; those that another process does
    are waited for.
    """

    def __init__(
        self, folder: Path, slots: Sequence[Slot], watch: Watch | None = None, run: RunTrial | None = None
    ) -> None:
        self._folder = folder
        self._slots = slots
        self._watch = watch or Watch()
        self._run_trial: RunTrial = run or run_job
        self._stop = threading.Event()
        self._end = threading.Event()
        self._error: BaseException | None = None
        self._waiting: queue.SimpleQueue[PlannedRun] = queue.SimpleQueue()
        self._others: queue.SimpleQueue[PlannedRun] = queue.SimpleQueue()
        self._seen: set[str] = set()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End the running trials, each with a full report, and begin no others."""
        self._stop.set()

    def end(self) -> None:
        """End the running trials at once, whatever they do, and begin no others."""
        self._end.set()
        self.stop()

    def run(self, planned: Iterable[PlannedRun]) -> None:
        """Run all that is not done, in order; Ctrl-C stops. Raises `UserError` where results cannot be written."""
        for one in planned:
            if state_in(str(self._folder), one.run.id) not in DONE:
                self._waiting.put(one)
        self._until_over()
        if isinstance(self._error, OSError):
            raise UserError(
                f"The results in {self._folder} cannot be written: {self._error.strerror or self._error}; free some "
                "space, or give another folder with -o."
            ) from None
        if self._error is not None:
            raise self._error

    def _until_over(self) -> None:
        """All slots at work until there is nothing left to do; Ctrl-C stops them wherever it is heard."""
        go, over = threading.Event(), [threading.Event() for _ in self._slots]
        started = False
        while True:
            try:
                if not started:
                    for slot, event in zip(self._slots, over, strict=True):
                        threading.Thread(target=self._work, args=(slot, go, event), daemon=True).start()
                    started = True
                go.set()
                # No join: one that Ctrl-C interrupts takes the thread for dead (Python 3.11).
                while not all(event.wait(_POLL_SECONDS) for event in over):
                    pass
                return
            except KeyboardInterrupt:
                self.stop()
                if not started:  # some threads may be lacking; those that are there have begun nothing, and will not
                    go.set()
                    return

    def _work(self, slot: Slot, go: threading.Event, over: threading.Event) -> None:
        go.wait()
        try:
            while not self._stop.is_set() and (planned := self._next()) is not None:
                self._claimed(planned, slot)
        except BaseException as error:  # of this thread, which nobody would hear of
            self._error = self._error or error
            self._stop.set()
        finally:
            over.set()

    def _next(self) -> PlannedRun | None:
        """What to do next: what waits, then what others were doing and have left undone; None when all is done."""
        with contextlib.suppress(queue.Empty):
            return self._waiting.get_nowait()
        if self._others.empty() or self._stop.wait(_OTHERS_SECONDS):
            return None
        with contextlib.suppress(queue.Empty):
            return self._others.get_nowait()
        return None

    def _claimed(self, planned: PlannedRun, slot: Slot) -> None:
        folder, run = str(self._folder), planned.run.id
        claim = Claim.take(folder, run)
        if claim is None:
            self._seen.add(run)
            self._others.put(planned)
            return
        try:
            if run in self._seen and state_in(folder, run):  # another has done it meanwhile
                return
            run_one(
                planned,
                self._folder,
                self._run_trial,
                lambda: self._stop.is_set() or claim.lost.is_set(),
                slot,
                self._watch,
                self._end.is_set,
            )
        finally:
            claim.release()


def run_one(
    planned: PlannedRun,
    folder: Path,
    run: RunTrial,
    should_stop: Callable[[], bool],
    slot: Slot | None = None,
    watch: Watch | None = None,
    should_end: Callable[[], bool] | None = None,
) -> RunResult:
    """Do one run, with its results in the folder; raises `OSError` where they cannot be written."""
    slot, watch = slot or Slot(""), watch or Watch()
    file = run_file(folder, planned)
    watch.begins(planned, slot)

    def take(report: AnyReport) -> None:
        if str(report.__struct_config__.tag) in KEPT:
            file.add_line(msgspec.json.encode(report))
        watch.reports(planned, report)

    try:
        outcome = run(
            planned.request,
            take,
            python=planned.run.variant.design.model.python or None,
            should_stop=should_stop,
            variables=slot.variables,
            should_end=should_end,
        )
        file.end(outcome.state, outcome.message, outcome.metrics)
    finally:
        file.close()
    watch.ends(planned, outcome)
    return result_of(planned.run, outcome)
