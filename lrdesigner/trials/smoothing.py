"""The smoothed loss: a running mean in which what came last counts most."""

from __future__ import annotations

import math

_KEPT = 0.9


class RunningMean:
    """A running mean that is not drawn towards 0 at its start.

    >>> mean = RunningMean()
    >>> mean.taken(2.0), mean.taken(float("nan"))
    (2.0, 2.0)
    """

    def __init__(self) -> None:
        self._sum = 0.0
        self._weight = 0.0

    def taken(self, value: float) -> float:
        """The mean with this value in it; one that is not finite does not count. NaN before there is any."""
        if math.isfinite(value):
            self._sum = _KEPT * self._sum + (1 - _KEPT) * value
            self._weight = _KEPT * self._weight + (1 - _KEPT)
        return self._sum / self._weight if self._weight else math.nan
