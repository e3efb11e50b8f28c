"""How the curves of a range test are looked at: which losses are worth seeing, and what is read at a multiplier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrdesigner.trials.range_result import RangeCurves

ABOVE, BELOW = 0.45, 0.1
"""How far beyond the losses that are worth seeing one sees, as shares of their spread."""
LEAST_SPREAD = 0.1
"""Of the first loss: what differs by less is noise, and is not blown up."""
SPREAD_FOR_LOG = 30.0


@dataclass(frozen=True, slots=True)
class Window:
    """Which losses are shown, and whether on a logarithmic axis."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What the curves say at a multiplier; `slope` is in loss per decade. NaN for what there is none of."""

    multiplier: float
    median: float
    low: float
    high: float
    slope: float


def losses_shown(curves: RangeCurves) -> Window:
    """From where the loss begins down to its lowest: what explodes after that is left out, whatever it comes to."""
    known = np.isfinite(curves.median)
    if not known.any():
        return Window(0.0, 1.0)
    lowest = int(np.nanargmin(curves.median))
    way = np.flatnonzero(known[: lowest + 1])
    start = float(curves.median[way].max())
    # One copy of several that begins far off must not decide; nor the noise around a loss that never falls.
    top = max(start, float(np.median(curves.high[way])))
    bottom = min(float(curves.median[lowest]), float(np.nanmin(curves.low[way])))
    if 0 < bottom * SPREAD_FOR_LOG < top:
        return Window(bottom * (bottom / top) ** BELOW, top * (top / bottom) ** BELOW, log=True)
    spread = max(top - bottom, LEAST_SPREAD * abs(start), 1e-12)
    return Window(bottom - BELOW * spread, top + ABOVE * spread)


def reading(curves: RangeCurves, multiplier: float) -> Reading:
    """At the multiplier of the test that is nearest to this one."""
    place = curves.nearest(multiplier)
    found = (float(row[place]) for row in (curves.multipliers, curves.median, curves.low, curves.high, curves.slope))
    return Reading(*found)
