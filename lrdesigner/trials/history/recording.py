"""A trial recorded as it runs: what its process reports and how it ends goes into the history."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from lrdesigner.jobs.protocol import CriticalRate, Diagnostics, Hello, Metrics, RangePoint
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.history.connection import default_store
from lrdesigner.trials.history.entries import Ending, NewTrial, State
from lrdesigner.trials.history.reports import RowNames
from lrdesigner.trials.history.writer import TrialWriter

WAIT_SECONDS = 10.0
"""How long a program that is about to end waits for the disk."""


class TrialRecorder:
    """Takes every report of a trial's process, then its outcome. Nothing here raises because of the store.

    `problem` is "" or a sentence that says why the history lacks this trial, or part of it.
    """

    def __init__(self, trial: NewTrial, file: Path | None = None) -> None:
        self._writer = TrialWriter(file or default_store(), trial)
        self._rows = RowNames()
        self._began = time.monotonic()

    @property
    def id(self) -> str:
        """The id under which the trial is found."""
        return self._writer.id

    @property
    def problem(self) -> str:
        """What the store has said last; "" while all is well."""
        return self._writer.problem

    def take(self, report: Any) -> None:
        """Take in any report, in order; those that measure nothing are passed over."""
        if isinstance(report, Hello):
            self._writer.learn(python=report.python, torch=report.torch)
        elif isinstance(report, (Metrics, Diagnostics, CriticalRate, RangePoint)):
            self._writer.add(*self._rows.row(report, time.monotonic() - self._began))

    def end(self, outcome: Outcome) -> None:
        """Keep how it ended; a trial that was cancelled is stopped. Returns at once, see `wait`."""
        told = outcome.metrics
        self._writer.learn(
            python=str(told.get("python", "")), torch=str(told.get("torch", "")), device=str(told.get("device", ""))
        )
        self._writer.end(Ending(_state(outcome), outcome.message, outcome.details, dict(told)))

    def discard(self) -> None:
        """Take the trial out of the history again. Returns at once, see `wait`."""
        self._writer.discard()

    def wait(self, seconds: float = WAIT_SECONDS) -> bool:
        """Wait until everything lies in the store, for so long at most; whether it does, or was given up."""
        return self._writer.wait(seconds)


def _state(outcome: Outcome) -> State:
    match outcome.state:
        case "finished" | "stopped" | "diverged" | "failed" | "crashed":
            return outcome.state
        case "cancelled":
            return "stopped"
        case "killed":
            return "crashed"
        case "timed_out" | "garbled":
            return "failed"
