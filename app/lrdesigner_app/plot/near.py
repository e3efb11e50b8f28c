"""What is near the pointer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF


@dataclass(frozen=True, slots=True)
class Near:
    """What passes near the pointer: the curve of a group, or one of its fan, known by the layer: `layer3`."""

    group: int
    part: str = ""


def distances(
    xs: NDArray[np.float64], ys: NDArray[np.float64], at: QPointF, pixel: tuple[float, float], reach: float
) -> NDArray[np.float64]:
    """Distance in pixels from a point to each line, a row of `ys`, through the points around it."""
    low = max(int(np.searchsorted(xs, at.x() - reach * pixel[0])) - 1, 0)
    high = int(np.searchsorted(xs, at.x() + reach * pixel[0])) + 1
    x = (xs[low : high + 1] - at.x()) / pixel[0]
    y = (ys[:, low : high + 1] - at.y()) / pixel[1]
    if x.size < 2:
        return np.full(len(ys), np.inf)
    dx, dy = np.diff(x), np.diff(y, axis=1)
    along = np.clip(-(x[:-1] * dx + y[:, :-1] * dy) / np.maximum(dx * dx + dy * dy, 1e-300), 0.0, 1.0)
    off = np.hypot(x[:-1] + along * dx, y[:, :-1] + along * dy)
    nearest: NDArray[np.float64] = np.where(np.isfinite(off), off, np.inf).min(axis=1)
    return nearest
