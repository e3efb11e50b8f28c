"""From data (step, value) to the coordinates that a chart draws in, and back. The only place that knows log10."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LARGEST_EXPONENT = 300.0


@dataclass(frozen=True, slots=True)
class AxisMap:
    """x counts steps or epochs; y is the value or its decimal logarithm, as a share of `peak` where that is not 1."""

    log: bool = False
    epochs: bool = False
    steps_per_epoch: int = 1
    peak: float = 1.0

    def xs(self, steps: Any) -> NDArray[np.float64]:
        """View coordinate of each step."""
        return np.asarray(steps, dtype=np.float64) / self._unit

    def ys(self, values: Any) -> NDArray[np.float64]:
        """View coordinate of each value; NaN where there is none (not finite, or not positive on a log axis)."""
        given = np.asarray(values, dtype=np.float64)
        if self.peak != 1.0:
            given = given / self.peak
        drawable = np.isfinite(given) & ((given > 0) if self.log else True)
        if not self.log:
            return np.where(drawable, given, np.nan)
        return np.log10(given, out=np.full(given.shape, np.nan), where=drawable)

    def x(self, step: float) -> float:
        """View coordinate of one step."""
        return step / self._unit

    def y(self, value: float) -> float:
        """View coordinate of one value; NaN where there is none."""
        return float(self.ys(np.array([value]))[0])

    def step(self, x: float) -> float:
        """The step, not rounded, at a view coordinate."""
        return x * self._unit

    def value(self, y: float) -> float:
        """The value at a view coordinate."""
        if not self.log:
            return y * self.peak
        return self.peak * 10.0 ** min(max(y, -_LARGEST_EXPONENT), _LARGEST_EXPONENT) if math.isfinite(y) else math.nan

    @property
    def _unit(self) -> int:
        return self.steps_per_epoch if self.epochs else 1
