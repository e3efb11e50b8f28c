"""One child kept warm: it has imported torch and waits for its request, so a job begins in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from PySide6.QtCore import QObject, QTimer

from lrdesigner.jobs.launch import child_command, child_environment, command_for
from lrdesigner.jobs.protocol import AnyRequest, ReadRequest
from lrdesigner_app.processes.job import Job

_WARM_AGAIN_MS = 2000


class SpareChild(QObject):
    """Owns every job that it starts. A child serves one job and ends."""

    def __init__(
        self,
        parent: QObject | None = None,
        command: Callable[[], Sequence[str]] = child_command,
        environment: Callable[[], Mapping[str, str]] = child_environment,
    ) -> None:
        super().__init__(parent)
        self._command, self._environment = command, environment
        self._spare: Job | None = None
        self._jobs: list[Job] = []
        self._closed = False
        self._warming = QTimer(self)
        self._warming.setSingleShot(True)
        self._warming.timeout.connect(self.warm)

    @property
    def spare(self) -> Job | None:
        """The child that waits, if there is one."""
        return self._spare if self._spare is not None and self._spare.usable else None

    @property
    def running(self) -> tuple[Job, ...]:
        """The jobs under way."""
        return tuple(job for job in self._jobs if job.outcome is None)

    def warm_soon(self, delay_ms: int = 400) -> None:
        """Warm a child a moment from now: after the window has been shown."""
        self._warming.start(delay_ms)

    def warm(self) -> None:
        """Start the spare child, unless it is there."""
        if self.spare is None and not self._closed:
            self._spare = self._launched(self._command())

    def start(self, request: AnyRequest, time_limit: float | None = None, python: str = "") -> Job:
        """Give the request to the warm child, or to a fresh one; then warm the next.

        What is only read needs no torch, and another interpreter than ours has no child waiting.
        """
        self.sweep()
        if python or isinstance(request, ReadRequest):
            job = self._launched(command_for(request, python))
        else:
            job, self._spare = self.spare or self._launched(self._command()), None
            self.warm_soon(_WARM_AGAIN_MS)
        self._jobs.append(job)
        job.submit(request, time_limit)
        return job

    def close(self, wait_ms: int = 2000) -> None:
        """End every child; wait for all of them together no longer than this."""
        self._closed = True
        self._warming.stop()
        children = [job for job in (*self._jobs, self._spare) if job is not None]
        for job in children:
            job.cancel()
        deadline = monotonic() + wait_ms / 1000
        for job in children:
            job.wait(max(int(1000 * (deadline - monotonic())), 1))

    def _launched(self, command: Sequence[str]) -> Job:
        job = Job(command, self._environment(), self)
        job.launch()
        return job

    def sweep(self) -> None:
        """Forget jobs that ended before, and so whom they told; their processes' signals have long been delivered."""
        for job in [job for job in self._jobs if job.outcome is not None]:
            self._jobs.remove(job)
            job.deleteLater()
        if self._spare is not None and self._spare.outcome is not None:
            self._spare.deleteLater()
            self._spare = None
