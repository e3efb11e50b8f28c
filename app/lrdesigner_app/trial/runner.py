"""Runs a trial of the design: writes the exported file, starts the job, keeps the record."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import AnyReport, Metrics, RangeTestRequest, TrialRequest
from lrdesigner.jobs.reader import Outcome
from lrdesigner.proof import range_test_request, trial_request, written_code
from lrdesigner.trials.options import NO_OPTIONS, RangeOptions, TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.notices import Notice
from lrdesigner_app.processes import Job, SpareChild
from lrdesigner_app.throttle import Throttle
from lrdesigner_app.workspace import Workspace

if TYPE_CHECKING:
    from lrdesigner.trials.history.recording import TrialRecorder
    from lrdesigner.trials.variants import Variant

Request = TypeVar("Request", TrialRequest, RangeTestRequest)

_TELL_MS = 50
_TICK_MS = 1000
_CLOSE_MS = 1000


class TrialRunner(QObject):
    """One trial at a time. What happens is told by `workspace.signals.trial_changed`, at most 20 times a second."""

    closing = Signal()
    """The window closes: whatever trains has to end now."""

    def __init__(
        self,
        workspace: Workspace,
        spare: SpareChild,
        export_file: Callable[[Design, TrialOptions], str],
        design_path: Callable[[], Path | None] = lambda: None,
    ) -> None:
        super().__init__()
        self._workspace, self._spare, self._export_file = workspace, spare, export_file
        self.design_path = design_path
        self._job: Job | None = None
        self._recorder: TrialRecorder | None = None
        self._files = ExitStack()
        self._record: TrialRecord | None = None
        self._training_since = self._paused_since = 0.0
        self._throttle = Throttle(self._tell, _TELL_MS, self)
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK_MS)
        self._clock.timeout.connect(self._throttle.request)

    @property
    def running(self) -> bool:
        """Whether a trial is under way."""
        return self._job is not None

    def design_key(self, design: Design) -> str:
        """Under what the trials of a design are found in the history."""
        from lrdesigner.trials.history.entries import design_key

        return design_key(design, self.design_path())

    def kept(self, seconds: float) -> bool:
        """Wait at most so long until the last trial lies in the history; whether it does."""
        return self._recorder is None or self._recorder.wait(seconds)

    @property
    def record(self) -> TrialRecord | None:
        """The last trial, running or not."""
        return self._record

    def run(self, options: TrialOptions = NO_OPTIONS, variant: Variant | None = None, sweep: str = "") -> bool:
        """Start a trial of the committed design, or of a variant in a sweep; False when it could not start."""
        prepared = self._prepared(trial_request, options, variant.design if variant is not None else None)
        if prepared is None:
            return False
        design, code, request = prepared
        self._record = TrialRecord(design=design, options=request.options)
        self._recorder = self._new_recorder(design, code, request.options, None, variant, sweep)
        self._start(request, design.model.python)
        return True

    def may_run(self, options: TrialOptions, design: Design) -> bool:
        """Whether trials of it may run now, by whomever: the person may be asked; what is against it is told."""
        if not self._is_free():
            return False
        try:
            self._export_file(design, options)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return False
        return True

    def test_range(self, wanted: RangeOptions, options: TrialOptions = NO_OPTIONS) -> Job | None:
        """Start a range test of the committed design, in the place of a trial; None when it could not start."""
        prepared = self._prepared(lambda design, file, asked: range_test_request(design, file, wanted, asked), options)
        if prepared is None:
            return None
        design, code, request = prepared
        recorder = self._recorder = self._new_recorder(design, code, request.options, wanted)
        job = self._job = self._spare.start(request, python=design.model.python)
        job.report_received.connect(recorder.take)
        job.ended.connect(self._on_range_tested)
        self._workspace.signals.range_test_changed.emit()
        return job

    def _prepared(
        self,
        make: Callable[[Design, Path, TrialOptions], Request],
        options: TrialOptions,
        design: Design | None = None,
    ) -> tuple[Design, str, Request] | None:
        """The design (None: the committed one), its code and the request; None, with a notice, where that cannot be."""
        if not self._is_free():
            return None
        design = design or self._workspace.store.committed
        try:
            code = self._export_file(design, options)
            return design, code, make(design, self._files.enter_context(written_code(code)), options)
        except UserError as error:
            self._clean_up()
            self._workspace.post(Notice(str(error), "bad"))
            return None

    def _is_free(self) -> bool:
        """Whether a trial can start; where none can, that is told."""
        if self.running:
            doing = "stopping" if self._record is not None and self._record.state == "stopping" else "running"
            self._workspace.post(Notice(f"A trial is still {doing}; the next can start when it has ended."))
        return not self.running

    def _new_recorder(
        self,
        design: Design,
        code: str,
        options: TrialOptions,
        wanted: RangeOptions | None,
        variant: Variant | None = None,
        sweep: str = "",
    ) -> TrialRecorder:
        """What keeps the trial; the store is imported now, because a window that starts needs none."""
        from lrdesigner.trials.history.recording import TrialRecorder
        from lrdesigner.trials.history.reopened import trial_to_keep, variant_to_keep

        path = self.design_path()
        if variant is not None:
            return TrialRecorder(variant_to_keep(variant, path, code, options, sweep))
        return TrialRecorder(trial_to_keep(design, path, code, options, wanted))

    def _on_range_tested(self, outcome: Outcome) -> None:
        self._job = None
        self._clean_up()
        if self._recorder is not None:
            self._recorder.end(outcome)
        self._workspace.signals.range_test_changed.emit()

    def stop(self) -> None:
        """Ask the trial to stop; what it measured is kept."""
        if self._job is None:
            return
        self._job.stop()
        if self._record is not None and self._record.running:
            self._record.state = "stopping"
            self._throttle.request()

    def pause(self) -> None:
        """Let the trial wait after the update that it is at."""
        if self._job is not None and self._record is not None and self._record.state == "running":
            self._record.state = "paused"
            self._paused_since = monotonic()
            self._job.pause()
            self._throttle.request()

    def go_on(self) -> None:
        """Let a trial go on that waits."""
        if self._job is not None and self._record is not None and self._record.state == "paused":
            self._record.state = "running"
            self._training_since += monotonic() - self._paused_since
            self._job.go_on()
            self._throttle.request()

    def pause_or_go_on(self) -> None:
        """Let the trial wait, or one that waits go on."""
        if self._record is not None and self._record.state == "paused":
            self.go_on()
        else:
            self.pause()

    def cancel(self) -> None:
        """End the trial at once and forget what it measured."""
        if self._job is None:
            return
        if self._record is not None and self._record.running:
            self._record.discarded = True
        self._job.cancel()

    def close(self) -> None:
        """The window closes: end the trial now and leave nothing behind."""
        self.closing.emit()
        job = self._job
        if job is not None:
            job.cancel()
            job.wait(_CLOSE_MS)
        self.kept(_CLOSE_MS / 1000)
        self._clean_up()

    def _start(self, request: TrialRequest, python: str) -> None:
        self._training_since = 0.0
        job = self._job = self._spare.start(request, python=python)
        job.report_received.connect(self._on_report)
        job.metrics_received.connect(self._on_metrics)
        job.responding_changed.connect(self._on_responding_changed)
        job.ended.connect(self._on_ended)
        self._clock.start()
        self._tell()

    def _on_report(self, report: AnyReport) -> None:
        if self._record is not None and self._recorder is not None:
            self._record.note(report)
            self._recorder.take(report)
            self._throttle.request()

    def _on_metrics(self, batch: list[Metrics]) -> None:
        if self._record is None or self._recorder is None:
            return
        for metrics in batch:
            self._recorder.take(metrics)
        now = monotonic()
        self._training_since = self._training_since or now
        self._record.add(batch)
        self._record.seconds = now - self._training_since
        self._throttle.request()

    def _on_responding_changed(self, responding: bool) -> None:
        if self._record is not None:
            self._record.silent = not responding
            self._throttle.request()

    def _on_ended(self, outcome: Outcome) -> None:
        self._job = None
        self._clock.stop()
        self._clean_up()
        record = self._record
        if record is not None:
            record.end(outcome)
            self._keep(outcome, record)
        self._throttle.cancel()
        self._tell()

    def _keep(self, outcome: Outcome, record: TrialRecord) -> None:
        """Let the history have it; what the store cannot do is told, and takes nothing from the trial."""
        recorder = self._recorder
        if recorder is None:
            return
        if record.discarded:
            recorder.discard()
        else:
            recorder.end(outcome)
        if recorder.problem:
            self._workspace.post(Notice(f"The trial is not in the history: {recorder.problem}", "bad"))

    def _clean_up(self) -> None:
        self._files.close()

    def _tell(self) -> None:
        if self._record is not None:
            self._workspace.signals.trial_changed.emit(self._record)
