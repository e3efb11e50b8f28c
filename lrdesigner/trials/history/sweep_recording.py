"""The trials of a sweep recorded as they run side by side, each into the history as one that runs alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from lrdesigner.jobs.protocol import AnyReport
from lrdesigner.jobs.reader import Outcome
from lrdesigner.trials.history.recording import WAIT_SECONDS, TrialRecorder
from lrdesigner.trials.history.reopened import variant_to_keep
from lrdesigner.trials.pool import Watch
from lrdesigner.trials.slots import Slot
from lrdesigner.trials.sweep_files import PlannedRun
from lrdesigner.trials.variants import Variant

_CUT_OFF = Outcome("failed", "The sweep ended before this trial did.")


class SweepRecorder:
    """Keeps every trial that its `watch` is told of, from any thread, under one id of the sweep.

    `path_of` names the file of the design that a variant is made of; None where it has none. Nothing here raises
    because of the store: `problem` tells what it said.
    """

    def __init__(self, sweep: str, path_of: Callable[[Variant], Path | None], file: Path | None = None) -> None:
        self._sweep, self._path_of, self._file = sweep, path_of, file
        self._lock = threading.Lock()
        self._running: dict[str, TrialRecorder] = {}
        self._closing: list[TrialRecorder] = []
        self._problems: list[str] = []

    @property
    def watch(self) -> Watch:
        """What a pool is given."""
        return Watch(self._begin, self._take, self._end)

    @property
    def problem(self) -> str:
        """How many trials the history lacks, or lacks parts of, and why; "" where none. Complete after `wait`."""
        with self._lock:
            count, first = len(self._problems), next(iter(self._problems), "")
        if not count:
            return ""
        lost = "A trial of the sweep is" if count == 1 else f"{count} trials of the sweep are"
        return f"{lost} not in the history: {first}"

    def wait(self, seconds: float = WAIT_SECONDS) -> None:
        """The sweep is over: let what was cut off end too, and wait for the disk, for so long at most."""
        with self._lock:
            self._closing += self._running.values()
            for recorder in self._running.values():
                recorder.end(_CUT_OFF)
            self._running.clear()
            closing = list(self._closing)
        until = time.monotonic() + seconds
        for recorder in closing:
            recorder.wait(max(until - time.monotonic(), 0.0))
        self._tidy()

    def _begin(self, planned: PlannedRun, slot: Slot) -> None:
        variant, request = planned.run.variant, planned.request
        try:
            code = Path(request.exported_file).read_text(encoding="utf-8")
        except OSError as error:
            with self._lock:
                self._problems.append(f"{request.exported_file} cannot be read: {error.strerror or error}.")
            return
        kept = variant_to_keep(variant, self._path_of(variant), code, request.options, self._sweep)
        recorder = TrialRecorder(kept, self._file)
        with self._lock:
            self._running[planned.run.id] = recorder

    def _take(self, planned: PlannedRun, report: AnyReport) -> None:
        recorder = self._running.get(planned.run.id)
        if recorder is not None:
            recorder.take(report)

    def _end(self, planned: PlannedRun, outcome: Outcome) -> None:
        with self._lock:
            recorder = self._running.pop(planned.run.id, None)
            if recorder is not None:
                recorder.end(outcome)
                self._closing.append(recorder)
        self._tidy()

    def _tidy(self) -> None:
        """Let go of those that lie in the store by now."""
        with self._lock:
            over = [recorder for recorder in self._closing if recorder.wait(0)]
            self._closing = [recorder for recorder in self._closing if recorder not in over]
            self._problems += [recorder.problem for recorder in over if recorder.problem]
