"""Which part of the plane shows everything, and how far away from it one may go."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrdesigner_app.charts.axis_map import AxisMap

Range = tuple[float, float]

_DECADES_BELOW_PEAK = 2.5
_LEAST_DECADES = 1.0
_LEAST_STEPS = 4.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a view may be moved and zoomed, in view coordinates."""

    x: Range
    y: Range
    least_width: float
    least_height: float


def time_range(axis_map: AxisMap, total_steps: int) -> Range:
    """The whole run with a little room on both sides."""
    end = axis_map.x(total_steps)
    return -0.02 * end, 1.035 * end


def value_range(axis_map: AxisMap, values: Iterable[NDArray[np.float64]], from_zero: bool = True) -> Range:
    """All curves: on a linear axis from 0 (if wanted), on a log axis down to well below the peak of the lowest curve.

    Without `from_zero` a linear axis shows what is between the lowest and the highest value, and a little around.
    """
    curves = [found for curve in values if (found := curve[np.isfinite(curve)]).size]
    if axis_map.log:
        return _log_range(curves)
    return _linear_range(curves) if from_zero or not curves else _close_range(curves)


def limits(axis_map: AxisMap, total_steps: int, y: Range) -> Limits:
    """Around the framed value range: enough to look and to drag, not enough to get lost."""
    end, height = axis_map.x(total_steps), y[1] - y[0]
    reach = (y[0] - 6.0, y[1] + 4.0) if axis_map.log else (y[0] - height, y[1] + 20 * height)
    return Limits(
        x=(-0.5 * end, 2.0 * end),
        y=reach,
        least_width=min(axis_map.x(_LEAST_STEPS), end),
        least_height=0.01 if axis_map.log else height * 1e-4,
    )


def fits(shown: Range, wanted: Range) -> bool:
    """Whether what should be seen fits into what is shown without being lost in it."""
    height = shown[1] - shown[0]
    inside = wanted[1] <= shown[1] + 0.02 * height and wanted[0] >= shown[0] - 0.25 * height
    return inside and (wanted[1] - wanted[0]) >= 0.5 * height


def _linear_range(curves: list[NDArray[np.float64]]) -> Range:
    low = min([0.0, *(float(curve.min()) for curve in curves)])
    high = max([0.0, *(float(curve.max()) for curve in curves)])
    height = high - low or 1.0
    return low - (0.03 if low == 0 else 0.08) * height, high + 0.1 * height


def _close_range(curves: list[NDArray[np.float64]]) -> Range:
    low, high = min(float(curve.min()) for curve in curves), max(float(curve.max()) for curve in curves)
    height = max(high - low, 0.1 * abs(high), 1e-9)
    spare = (height - (high - low)) / 2
    return low - spare - 0.08 * height, high + spare + 0.1 * height


def _log_range(curves: list[NDArray[np.float64]]) -> Range:
    positive = [found for curve in curves if (found := curve[curve > 0]).size]
    if not positive:
        return -5.0, 0.0
    peaks = [math.log10(float(curve.max())) for curve in positive]
    lowest = math.log10(min(float(curve.min()) for curve in positive))
    low = max(lowest, min(peaks) - _DECADES_BELOW_PEAK)
    low, high = min(low, max(peaks) - _LEAST_DECADES), max(peaks)
    height = high - low
    return low - 0.06 * height, high + 0.08 * height
