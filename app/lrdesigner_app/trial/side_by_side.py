"""Runs of a sweep at the same time: what the core's pool tells from its threads, taken in by the window's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from lrdesigner.jobs.protocol import Metrics
from lrdesigner.trials.history.sweep_recording import SweepRecorder
from lrdesigner.trials.record import TrialRecord
from lrdesigner.trials.variants import Run
from lrdesigner_app.mailbox import Mailbox
from lrdesigner_app.trial.pool_thread import Begun, Ended, News, Over, PoolThread, Reported

_CLOSE_SECONDS = 2.0


class SideBySide(QObject):
    """The runs under way, each with its record, which grows."""

    begun, ended = Signal(object, object), Signal(object, object)
    """A run and its record."""
    grown = Signal()
    """Records have grown."""
    over = Signal(str)
    """Nothing runs any more; "" or what to tell the person."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[News] = Mailbox(self._take, self)
        self._thread: PoolThread | None = None
        self._under_way: dict[str, tuple[Run, TrialRecord]] = {}

    @property
    def running(self) -> bool:
        """Whether runs are under way or to come."""
        return self._thread is not None

    @property
    def records(self) -> list[TrialRecord]:
        """Those of the runs under way."""
        return [record for _, record in self._under_way.values()]

    def start(self, runs: Sequence[Run], jobs: int, sweep: str, path: Path | None) -> None:
        """Run these, so many at a time; each is kept in the history."""
        self._mailbox.open()
        self._thread = PoolThread(tuple(runs), jobs, SweepRecorder(sweep, lambda variant: path), self._mailbox.put)

    def stop(self) -> None:
        """Stop all; what they have measured is kept."""
        if self._thread is not None:
            self._thread.stop()

    def close(self) -> None:
        """The window closes: end all children now."""
        if self._thread is not None:
            self._thread.end(_CLOSE_SECONDS)
        self._mailbox.close()

    def _take(self, come: list[News]) -> None:
        metrics: dict[str, list[Metrics]] = {}
        for news in come:
            if isinstance(news, Reported) and isinstance(news.report, Metrics):
                metrics.setdefault(news.run, []).append(news.report)
                continue
            self._add(metrics)
            self._take_one(news)
        if metrics:
            self._add(metrics)
            self.grown.emit()

    def _add(self, metrics: dict[str, list[Metrics]]) -> None:
        for run, batch in metrics.items():
            self._under_way[run][1].add(batch)
        metrics.clear()

    def _take_one(self, news: News) -> None:
        match news:
            case Begun(planned):
                record = TrialRecord(design=planned.run.variant.design, options=planned.request.options)
                self._under_way[planned.run.id] = planned.run, record
                self.begun.emit(planned.run, record)
            case Reported(run, report):
                self._under_way[run][1].note(report)
            case Ended(run, outcome):
                of_run, record = self._under_way.pop(run)
                record.end(outcome)
                self.ended.emit(of_run, record)
            case Over(problem):
                self._thread = None
                self._under_way.clear()
                self._mailbox.close()
                self.over.emit(problem)
