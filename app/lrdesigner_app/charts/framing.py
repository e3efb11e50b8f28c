"""Which part of the plane shows everything, and how far away from it one may go."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrdesigner_app.charts.axis_map import AxisMap

Range = tuple[float, float]

_DECADES_BELOW_PEAK = 2.5
_LEAST_DECADES = 1.0
_LEAST_STEPS = 4.0


class Extremes(NamedTuple):
    """Of the values of a curve that are numbers: the lowest, the lowest above 0 if one is, and the highest."""

    low: float
    above: float
    high: float

    def over(self, peak: float) -> Extremes:
        """Of the values as shares of a peak."""
        return Extremes(self.low / peak, self.above / peak, self.high / peak)


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
    return extremes_range(axis_map, [extremes(curve) for curve in values], from_zero)


def extremes(values: NDArray[np.float64]) -> Extremes | None:
    """All that framing needs to know of a curve; None of one without a number."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    above = low if low > 0 or high <= 0 else float(finite[finite > 0].min())
    return Extremes(low, above, high)


def extremes_range(axis_map: AxisMap, curves: Iterable[Extremes | None], from_zero: bool = True) -> Range:
    """`value_range` of curves of which the extremes are known."""
    found = [curve for curve in curves if curve is not None]
    if axis_map.log:
        return _log_range([curve for curve in found if curve.high > 0])
    return _linear_range(found) if from_zero or not found else _close_range(found)


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


def _linear_range(curves: list[Extremes]) -> Range:
    low = min([0.0, *(curve.low for curve in curves)])
    high = max([0.0, *(curve.high for curve in curves)])
    height = high - low or 1.0
    return low - (0.03 if low == 0 else 0.08) * height, high + 0.1 * height


def _close_range(curves: list[Extremes]) -> Range:
    low, high = min(curve.low for curve in curves), max(curve.high for curve in curves)
    height = max(high - low, 0.1 * abs(high), 1e-9)
    spare = (height - (high - low)) / 2
    return low - spare - 0.08 * height, high + spare + 0.1 * height


def _log_range(curves: list[Extremes]) -> Range:
    if not curves:
        return -5.0, 0.0
    peaks = [math.log10(curve.high) for curve in curves]
    lowest = math.log10(min(curve.above for curve in curves))
    low = max(lowest, min(peaks) - _DECADES_BELOW_PEAK)
    low, high = min(low, max(peaks) - _LEAST_DECADES), max(peaks)
    height = high - low
    return low - 0.06 * height, high + 0.08 * height
