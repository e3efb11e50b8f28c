"""How fast a training run is: the time of its updates, what of it is waiting for data, samples per second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrdesigner.child.training import Training

WARM_UP = 3
"""The first updates take longer: libraries are loaded, kernels chosen, memory is reserved."""


class Timing:
    """Counts from `begin` on, without pauses."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._pauses = 0.0
        self._updates = 0
        self._samples = 0
        self._from = (0.0, 0, 0.0)
        self._last = (0.0, 0, 0.0)
        self._lap = (0.0, 0, 0.0)

    def begin(self) -> None:
        """The run starts now."""
        self._began, self._pauses = time.perf_counter(), 0.0

    def paused(self, seconds: float) -> None:
        """There was a pause, which does not count."""
        self._pauses += seconds

    @property
    def seconds(self) -> float:
        """How long it has been training."""
        return time.perf_counter() - self._began - self._pauses

    def note_update(self, training: Training) -> None:
        """An update has ended."""
        self._updates += 1
        self._samples = training.settings.batch_size * training.settings.accumulation
        self._last = (self.seconds, self._updates, training.data_seconds)
        if self._updates <= WARM_UP:
            self._from = self._last

    @property
    def seconds_per_update(self) -> float:
        """Mean time of an update, as soon as it can be told without the first ones; 0 before there is one."""
        return self.figures().get("seconds_per_update", 0.0)

    def figures(self) -> dict[str, float]:
        """`seconds_per_update`, `samples_per_second` and `data_share`; nothing before the first update."""
        return self._between(self._from if self._last[1] > self._from[1] else (0.0, 0, 0.0))

    def lap(self) -> dict[str, float]:
        """The same since this was asked for the last time."""
        found, self._lap = self._between(self._lap), self._last
        return found

    def _between(self, first: tuple[float, int, float]) -> dict[str, float]:
        seconds, updates, waited = (last - before for last, before in zip(self._last, first, strict=True))
        if updates <= 0 or seconds <= 0:
            return {}
        return {
            "seconds_per_update": seconds / updates,
            "samples_per_second": self._samples * updates / seconds,
            "data_share": min(max(waited / seconds, 0.0), 1.0),
        }
