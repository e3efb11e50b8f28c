"""Variants of a design, run one after the other by the runner of trials."""

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
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.workspace import Workspace


class Sweep(QObject):
    """All variants with one seed before the next, so that what has been run at any time compares fairly."""

    changed = Signal()
    """It started, a run of it ended, or it is over."""

    def __init__(self, workspace: Workspace, runner: TrialRunner) -> None:
        super().__init__()
        self._workspace, self._runner = workspace, runner
        self._design: Design = workspace.store.committed
        self._runs: list[Run] = []
        self._results: dict[str, RunResult] = {}
        self._current: tuple[Run, TrialRecord] | None = None
        self._id = ""
        self.variants: tuple[Variant, ...] = ()
        self.records: dict[str, TrialRecord] = {}
        """The record of the first seed of each variant, by its label."""
        workspace.signals.trial_changed.connect(self._on_trial_changed)

    @property
    def running(self) -> bool:
        """Whether runs are under way or to come."""
        return self._current is not None

    @property
    def table(self) -> SweepTable:
        """What has come out so far."""
        first = baseline_of(self.variants, self._design).label if self.variants else ""
        return sweep_table(self._results.values(), first, self._design.plan.total_steps)

    def start(self, variants: Sequence[Variant], options: TrialOptions, seeds: int) -> None:
        """Run these with so many seeds each."""
        self._design = self._workspace.store.committed
        self.variants, self.records, self._id = tuple(variants), {}, uuid.uuid4().hex
        self._runs = list(runs_of(self.variants, options, seeds))
        self._results = {run.id: not_run(run) for run in self._runs}
        self._next()

    def stop(self) -> None:
        """Stop the run under way; what ended is kept, what would have come is not run."""
        self._runs = []
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
        if self._current is None or record is not self._current[1] or record.running:
            return
        run, _ = self._current
        self._results[run.id] = RunResult(
            run.id, run.variant.label, run.seed, record.state, record.summary, record.message
        )
        self.records.setdefault(run.variant.label, record)
        if record.discarded or record.state == "stopped":
            self._runs = []
        QTimer.singleShot(0, self, self._next)  # the runner is still telling of this one
