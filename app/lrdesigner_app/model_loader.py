"""Opening a model in a child process, for the window: read, or built in one way after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal

from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory
from lrdesigner.jobs.protocol import AnyReport, InspectRequest, InventoryChunk, ReadRequest
from lrdesigner.jobs.reader import Outcome
from lrdesigner.model_inputs import Inputs
from lrdesigner.models.ladder import Attempt, next_rung, told
from lrdesigner.models.opening import Inspection, inspection_of, opening_request
from lrdesigner.models.source import ModelSource
from lrdesigner_app.notices import Notice
from lrdesigner_app.processes import Job, SpareChild
from lrdesigner_app.waiting import waiting

TIME_LIMIT_S = 120.0
_MANY_REPORTS = 40
"""Pieces of 64 KiB from which on it takes a moment to put them together."""


class ModelLoader(QObject):
    """One model at a time; a second request cancels the first."""

    started = Signal(str)
    ended = Signal()
    failed = Signal(object)
    remarked = Signal(object)
    """A `Notice` with what there is to say about a model that was opened."""

    def __init__(self, spare: SpareChild) -> None:
        super().__init__()
        self._spare = spare
        self._job: Job | None = None
        self._holds = 0
        self._waiting: Callable[[], None] | None = None
        self._release = QTimer(self, singleShot=True, interval=0)
        self._release.timeout.connect(self._go_on)

    def load(
        self,
        source: ModelSource,
        kwargs: Mapping[str, Any],
        give: Callable[[Inventory], None],
        python: str = "",
        inputs: Inputs | None = None,
    ) -> None:
        """Open `source` and call `give` with what was found; failures are told by `failed` as a `Notice`."""
        self.cancel()
        try:
            request = opening_request(source, kwargs, inputs)
        except UserError as error:
            self.failed.emit(Notice(str(error), "bad"))
            return
        attempt = _Opening(source, request, python, give)
        self.started.emit(f"{'Reading' if source.is_read else 'Building'} {source.text}…")
        self._start(attempt, request)

    @property
    def busy(self) -> bool:
        """Whether a model is being opened."""
        return self._job is not None

    def cancel(self) -> None:
        """Give up what is being opened; nothing changes."""
        job, self._job, self._waiting = self._job, None, None
        if job is not None:
            job.cancel()
            self.ended.emit()

    def hold(self, on: bool) -> None:
        """While this is on, a model that is ready waits: a person is being asked something. Calls may be nested."""
        self._holds += 1 if on else -1
        if not self._holds and self._waiting is not None:
            self._release.start()  # once whoever asked has acted on the answer, which may cancel

    def _go_on(self) -> None:
        if self._holds:
            return
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting()

    def _start(self, opening: _Opening, request: InspectRequest | ReadRequest) -> None:
        job = self._job = self._spare.start(request, time_limit=opening.seconds_left, python=opening.python)
        job.report_received.connect(opening.keep)
        job.ended.connect(lambda outcome: self._on_ended(job, opening, outcome))

    def _on_ended(self, job: Job, opening: _Opening, outcome: Outcome) -> None:
        if job is not self._job:
            return
        if self._holds:
            self._waiting = partial(self._on_ended, job, opening, outcome)
            return
        again = opening.after(outcome)
        if again is not None:
            self._start(opening, again)
            return
        self._job = None
        try:
            found = self._found(opening)
            if found.remarks:  # before it is taken, which may have something more important to tell
                self.remarked.emit(opened_notice(found))
            opening.give(found.inventory)
        except UserError as error:
            self.failed.emit(Notice(str(error), "bad", opening.outcome.details))

    def _found(self, opening: _Opening) -> Inspection:
        try:
            with waiting(len(opening.reports) > _MANY_REPORTS):
                return inspection_of(opening.source, opening.reports, opening.outcome)
        finally:
            self.ended.emit()


def opened_notice(found: Inspection) -> Notice:
    """The first thing that there is to say about a model, shortly; its details have all."""
    remarks = found.remarks
    text = remarks[0]
    if found.imports and not found.notes:
        text = "Names and shapes were read; nothing in the file was run."
    return Notice(text, details="" if remarks == (text,) else "\n".join(remarks))


class _Opening:
    """One model that is being opened: which ways were tried, and what came."""

    def __init__(
        self,
        source: ModelSource,
        request: InspectRequest | ReadRequest,
        python: str,
        give: Callable[[Inventory], None],
    ) -> None:
        self.source, self.python, self.give = source, python, give
        self.reports: list[AnyReport] = []
        self._request = request
        self._tried: list[Attempt] = []
        self._read: Outcome | None = None
        self._deadline = monotonic() + TIME_LIMIT_S

    @property
    def seconds_left(self) -> float:
        """How long all ways together may still take."""
        return max(self._deadline - monotonic(), 1.0)

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return self._read or told(self._tried)

    def keep(self, report: AnyReport) -> None:
        """Take a report of the child."""
        if isinstance(report, InventoryChunk):
            self.reports.append(report)

    def after(self, outcome: Outcome) -> InspectRequest | None:
        """What to ask next, now that this attempt has ended; None: nothing."""
        if isinstance(self._request, ReadRequest):
            self._read = outcome
            return None
        self._tried.append(Attempt(self._request.rung, outcome))
        rung = next_rung(self._tried)
        if rung is None:
            return None
        self._request = replace(self._request, rung=rung)
        return self._request
