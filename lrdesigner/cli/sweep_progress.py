"""How far a sweep is, on stderr, told from the threads in which its trials run."""

from __future__ import annotations

import threading

from lrdesigner.cli.progress import ProgressBar
from lrdesigner.cli.sweep_words import write_run
from lrdesigner.jobs.protocol import AnyReport, Metrics, Progress
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.pool import Watch
from lrdesigner.trials.record import TRAINING
from lrdesigner.trials.sweep_files import PlannedRun, result_of


class SweepProgress:
    """Shows the updates of all trials together; how each trial ended is written as it ends."""

    def __init__(self, runs: int, bar: ProgressBar, as_json: bool) -> None:
        self._runs = runs
        self._bar = bar
        self._as_json = as_json
        self._lock = threading.Lock()
        self._updates = 0
        self._each = 0
        self._ended = 0

    @property
    def watch(self) -> Watch:
        """Who is told of the runs."""
        return Watch(reports=self._report, ends=self._end)

    def _report(self, planned: PlannedRun, report: AnyReport) -> None:
        with self._lock:
            if isinstance(report, Progress) and report.stage == TRAINING and report.total:
                self._each = report.total
                self._describe()
            elif isinstance(report, Metrics):
                self._updates += 1
                self._bar.show(self._updates)

    def _end(self, planned: PlannedRun, outcome: Outcome) -> None:
        with self._lock:
            self._ended += 1
            self._describe()
            write_run(result_of(planned.run, outcome), self._as_json)

    def _describe(self) -> None:
        self._bar.describe(f"{self._ended} of {self._runs} trials", self._each * self._runs)
