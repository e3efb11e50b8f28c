"""Building a model in a child process, for the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory
from lrdesigner.jobs.protocol import InspectRequest, InventoryChunk, joined
from lrdesigner.jobs.reader import Outcome
from lrdesigner.models.source import ModelSource
from lrdesigner_app.notices import Notice
from lrdesigner_app.processes import Job, SpareChild

TIME_LIMIT_S = 120.0


class ModelLoader(QObject):
    """One model at a time; a second request cancels the first."""

    started = Signal(str)
    ended = Signal()
    failed = Signal(object)

    def __init__(self, spare: SpareChild) -> None:
        super().__init__()
        self._spare = spare
        self._job: Job | None = None
        self._give: Callable[[Inventory], None] | None = None

    def load(self, source: ModelSource, kwargs: dict[str, Any], give: Callable[[Inventory], None]) -> None:
        """Build `source` and call `give` with what was found; failures are told by `failed` as a `Notice`."""
        self.cancel()
        self._give = give
        request = InspectRequest(source=source.child_source, kwargs=kwargs)
        job = self._job = self._spare.start(request, time_limit=TIME_LIMIT_S)
        chunks: list[InventoryChunk] = []
        job.report_received.connect(
            lambda report: chunks.append(report) if isinstance(report, InventoryChunk) else None
        )
        job.ended.connect(lambda outcome: self._on_ended(job, source, outcome, chunks))
        self.started.emit(f"Building {source.text}…")

    def cancel(self) -> None:
        """Give up what is being built; nothing changes."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
            self.ended.emit()

    def _on_ended(self, job: Job, source: ModelSource, outcome: Outcome, chunks: list[InventoryChunk]) -> None:
        if job is not self._job:
            return
        self._job = None
        self.ended.emit()
        if not outcome.succeeded or self._give is None:
            self.failed.emit(Notice(f"{source.text} could not be opened: {outcome.message}", "bad", outcome.details))
            return
        try:
            self._give(joined(chunks))
        except UserError as error:
            self.failed.emit(Notice(f"{source.text} could not be opened: {error}", "bad"))
