"""Variants of a design, run one after the other by the runner of trials, or side by side."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from lrdesigner.document import Design
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner.trials.sweep_files import not_run
from lrdesigner.trials.sweep_results import RunResult, SweepTable, sweep_table
from lrdesigner.trials.variants import Run, Variant, baseline_of, runs_of
from lrdesigner_app.notices import Notice
from lrdesigner_app.throttle import Throttle
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.trial.side_by_side import SideBySide
from lrdesigner_app.workspace import Workspace

_GROW_MS = 200


class Sweep(QObject):
    """All variants with one seed before the next, so that what has been run at any time compares fairly."""

    changed = Signal()
    """It started, a run of it grew or ended, or it is over."""
    progressed = Signal()
    """More of it is done."""

    def __init__(self, workspace: Workspace, runner: TrialRunner) -> None:
        super().__init__()
        self._workspace, self._runner = workspace, runner
        self._design: Design = workspace.store.committed
        self._runs: list[Run] = []
        self._results: dict[str, RunResult] = {}
        self._current: tuple[Run, TrialRecord] | None = None
        self._id = ""
        self._beside = SideBySide(self)
        self._growing = Throttle(self.changed.emit, _GROW_MS, self)
        self.variants: tuple[Variant, ...] = ()
        self.records: dict[str, TrialRecord] = {}
        """The record of the first seed of each variant, by its label."""
        workspace.signals.trial_changed.connect(self._on_trial_changed)
        self._beside.begun.connect(self._on_begun)
        self._beside.grown.connect(self._growing.request)
        self.changed.connect(self.progressed)
        self._beside.ended.connect(self._on_ended)
        self._beside.over.connect(self._on_over)
        runner.closing.connect(self._beside.close)

    @property
    def running(self) -> bool:
        """Whether runs are under way or to come."""
        return self._current is not None or self._beside.running

    @property
    def table(self) -> SweepTable:
        """What has come out so far."""
        first = baseline_of(self.variants, self._design).label if self.variants else ""
        return sweep_table(self._results.values(), first, self._design.plan.total_steps)

    @property
    def progress(self) -> tuple[float, str]:
        """The share of it that is done, 0 to 1, and how many runs have ended, in words."""
        under_way = [*self._beside.records, *([self._current[1]] if self._current is not None else [])]
        ended = sum(result.state != "waiting" for result in self._results.values())
        part = sum(record.done for record in under_way if record.running)
        return (ended + part) / max(len(self._results), 1), f"{ended} of {len(self._results)} runs"

    def start(self, variants: Sequence[Variant], options: TrialOptions, seeds: int, at_a_time: int = 1) -> None:
        """Run these with so many seeds each: each shown as a trial is, or so many side by side."""
        if at_a_time > 1 and not self._runner.may_run(options, variants[0].design):
            return
        self._design = self._workspace.store.committed
        self.variants, self.records, self._id = tuple(variants), {}, uuid.uuid4().hex
        self._runs = list(runs_of(self.variants, options, seeds))
        self._results = {run.id: not_run(run) for run in self._runs}
        if at_a_time > 1:
            runs, self._runs = self._runs, []
            self._beside.start(runs, at_a_time, self._id, self._runner.design_path)
            self.changed.emit()
        else:
            self._next()

    def stop(self) -> None:
        """Stop what is under way; what ended is kept, what would have come is not run."""
        self._runs = []
        if self._beside.running:
            self._beside.stop()
        else:
            self._runner.stop()

    def _next(self) -> None:
        self._current = None
        if self._runs:
            run = self._runs.pop(0)
            if self._runner.run(run.options, run.variant, self._id) and self._runner.record is not None:
                self._current = run, self._runner.record
            else:
                self._runs = []
        self.changed.emit()

    def _on_trial_changed(self, record: TrialRecord) -> None:
        if self._current is None or record is not self._current[1]:
            return
        if record.running:
            self.progressed.emit()
            return
        run, _ = self._current
        self._keep(run, record)
        self.records.setdefault(run.variant.label, record)
        if record.discarded or record.state == "stopped":
            self._runs = []
        QTimer.singleShot(0, self, self._next)  # the runner is still telling of this one

    def _keep(self, run: Run, record: TrialRecord) -> None:
        label, whole = run.variant.label, run.options.whole
        self._results[run.id] = RunResult(run.id, label, run.seed, record.state, record.summary, record.message, whole)

    def _on_begun(self, run: Run, record: TrialRecord) -> None:
        self.records.setdefault(run.variant.label, record)

    def _on_ended(self, run: Run, record: TrialRecord) -> None:
        self._keep(run, record)
        self._growing.request()

    def _on_over(self, problem: str) -> None:
        self._growing.cancel()
        self.changed.emit()
        if problem:
            self._workspace.post(Notice(problem, "bad"))
