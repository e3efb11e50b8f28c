"""Stand-ins for the trials of a sweep: they report and end as a child does, without one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from lrdesigner.jobs.protocol import AnyReport, Heartbeat, Metrics, Progress, TrialRequest
from lrdesigner.jobs.reader import Outcome


class Stub:
    """Runs a trial by a formula of the head's rate, which the exported file has; keeps what it was asked."""

    def __init__(self, ending: Callable[[TrialRequest], Outcome] | None = None) -> None:
        self.asked: list[TrialRequest] = []
        self.variables: list[Mapping[str, str]] = []
        self._lock = threading.Lock()
        self._ending = ending or finished

    def __call__(
        self,
        request: TrialRequest,
        on_report: Callable[[AnyReport], None] | None = None,
        time_limit: float | None = None,
        python: str | None = None,
        should_stop: Callable[[], bool] | None = None,
        variables: Mapping[str, str] | None = None,
        should_end: Callable[[], bool] | None = None,
    ) -> Outcome:
        with self._lock:
            self.asked.append(request)
            self.variables.append(variables or {})
        assert on_report is not None
        on_report(Progress("training", total=2))
        on_report(Heartbeat(1))
        for step in range(2):
            on_report(Metrics(step, 1.0 / (step + 1), {"head": 0.1}))
        return self._ending(request)


def finished(request: TrialRequest) -> Outcome:
    """Ends well, with an accuracy that grows with the seed."""
    figures: dict[str, Any] = {"steps": 2, "final_loss": 0.5, "test_accuracy": 0.5 + request.options.seed / 10}
    return Outcome("finished", "Finished after 2 steps.", metrics=figures)
