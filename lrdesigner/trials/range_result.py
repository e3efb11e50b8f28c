"""What a range test shows: curves of several copies as one with a band, its slope, and which rates it speaks for.

Single rules that read one rate off such a curve disagree by a decade and differ from seed to seed, so what is suggested
is the range between two customary ones: where the loss falls fastest per decade, and a tenth of where it is lowest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrdesigner.jobs.protocol import RangePoint
from lrdesigner.numbers import rate

Floats = NDArray[np.float64]

FEWEST_POINTS = 10
BELOW_LOWEST = 0.1
"""Of the multiplier where the loss is lowest, as fastai's rule of "minimum / 10" has it."""
LEAST_FALL = 0.05
"""Of the first loss; what falls less says nothing."""
WINDOW = 0.1
"""Of the points, for smoothing."""
HIGHEST_KEPT = 4.0
"""Times the first losses; what is higher counts as that, so that one that explodes does not hide its neighbours."""


@dataclass(frozen=True, slots=True, eq=False)
class RangeCurves:
    """Smoothed losses over the multipliers: `losses` has a row for each seed, NaN from where its loss exploded.

    `slope` is that of the median, in loss per decade.
    """

    multipliers: Floats
    losses: Floats
    median: Floats
    low: Floats
    high: Floats
    slope: Floats

    @property
    def seeds(self) -> int:
        """How many copies were trained."""
        return len(self.losses)

    def nearest(self, multiplier: float) -> int:
        """The place of the multiplier that is nearest to this one, in decades."""
        return int(np.argmin(np.abs(np.log(self.multipliers) - np.log(multiplier))))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Multipliers between which the planned rates would be well placed, or None for both with the reason.

    `steepest` is where the median falls fastest, and `slope` how fast, in loss per decade; where seeds disagree, the
    steepest fall of most of them, from which the suggestion comes, may be elsewhere.
    """

    low: float | None
    high: float | None
    reason: str
    steepest: float | None = None
    slope: float | None = None

    @property
    def middle(self) -> float | None:
        """Between both, in decades."""
        return None if self.low is None or self.high is None else float(np.sqrt(self.low * self.high))


def range_curves(points: Iterable[RangePoint]) -> RangeCurves | None:
    """The curves of these points; None for too few to say anything."""
    by_seed: dict[int, list[RangePoint]] = {}
    for point in points:
        by_seed.setdefault(point.seed, []).append(point)
    longest = max(by_seed.values(), key=len, default=[])
    if len(longest) < FEWEST_POINTS:
        return None
    multipliers = np.array([point.multiplier for point in longest])
    losses = np.full((len(by_seed), len(longest)), np.nan)
    for row, found in zip(losses, by_seed.values(), strict=True):
        smooth = _smoothed(np.array([point.loss for point in found]))
        row[: len(smooth)] = smooth
    known = np.isfinite(losses).sum(axis=0) > len(losses) / 2  # a median of the survivors alone would flatter
    median, low, high = (np.full(len(multipliers), np.nan) for _ in range(3))
    median[known] = np.nanmedian(losses[:, known], axis=0)
    low[known], high[known] = np.nanmin(losses[:, known], axis=0), np.nanmax(losses[:, known], axis=0)
    return RangeCurves(multipliers, losses, median, low, high, _slope(median, multipliers))


def suggestion(curves: RangeCurves) -> Suggestion:
    """Between the rule of the steepest fall and a tenth of the lowest loss, by the median over the seeds of each."""
    known = np.isfinite(curves.median)
    start = float(curves.median[known][0]) if known.any() else np.nan
    fall = start - float(np.nanmin(curves.median)) if known.any() else 0.0
    noise = float(np.nanmedian(curves.high - curves.low)) if curves.seeds > 1 else 0.0
    if not fall > max(LEAST_FALL * abs(start), noise):
        return Suggestion(None, None, "The loss hardly fell at any rate, so that none stands out.")
    steepest = [found for row in curves.losses if (found := _steepest(row, curves.multipliers)) is not None]
    lowest = [curves.multipliers[int(np.nanargmin(row))] for row in curves.losses if np.isfinite(row).any()]
    if not steepest:
        return Suggestion(None, None, "The loss rose from the start; begin with lower rates.")
    rules = float(np.median(steepest)), float(np.median(lowest)) * BELOW_LOWEST
    spread = max(steepest) / min(steepest)
    agree = f"{curves.seeds} seeds agree within a factor of {_two(spread)}" if curves.seeds > 1 else "one seed only"
    fastest, slope = _fastest(curves)
    return Suggestion(
        min(rules),
        max(rules),
        f"Steepest fall at × {_two(rules[0])}{_told(rules[0], fastest, slope)}, "
        f"a tenth of the lowest loss at × {_two(rules[1])}; {agree}.",
        fastest,
        slope,
    )


def suggestion_text(found: Suggestion) -> str:
    """ "0.1 to 0.8 times the planned rates. …", to two digits, since it is known to no more; or why there is none."""
    if found.low is None or found.high is None:
        return f"No suggestion: {found.reason}"
    return f"{_two(found.low)} to {_two(found.high)} times the planned rates. {found.reason}"


def slope_text(slope: float) -> str:
    """In words, to two digits.

    >>> slope_text(-1.2345)
    '−1.2 per decade'
    """
    if not np.isfinite(slope):
        return "no slope"
    return f"{slope:+.2g} per decade".replace("-", "−") if slope else "0 per decade"


def _fastest(curves: RangeCurves) -> tuple[float | None, float | None]:
    """Where the median falls fastest, and its slope there; None for both where it never falls."""
    place = _steepest(curves.median, curves.multipliers)
    return (None, None) if place is None else (place, float(curves.slope[curves.nearest(place)]))


def _told(rule: float, fastest: float | None, slope: float | None) -> str:
    """The slope in words, with its place where that is not the one that the rule names."""
    if fastest is None or slope is None:
        return ""
    where = "" if _two(rule) == _two(fastest) else f"that of the median at × {_two(fastest)}, "
    return f" ({where}{slope_text(slope)})"


def _two(value: float) -> str:
    return rate(float(f"{value:.2g}"))


def _smoothed(losses: Floats) -> Floats:
    """Without single outliers, and averaged over neighbours; ends are averaged over what there is.

    It ends before the first loss that is not finite.
    """
    bad = np.flatnonzero(~np.isfinite(losses))
    losses = losses[: bad[0]] if len(bad) else losses
    if not len(losses):
        return losses
    width = max(3, int(len(losses) * WINDOW) | 1)
    padded = np.pad(losses, 2, mode="edge")
    calm = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    first = calm[: width // 2 + 1].max()
    calm = np.minimum(calm, first + (HIGHEST_KEPT - 1) * abs(first))
    weights = np.hanning(width + 2)[1:-1]
    total = np.convolve(calm, weights, mode="same")
    return np.asarray(total / np.convolve(np.ones(len(calm)), weights, mode="same"))


def _slope(losses: Floats, multipliers: Floats) -> Floats:
    return np.asarray(np.gradient(losses, np.log10(multipliers)))


def _steepest(losses: Floats, multipliers: Floats) -> float | None:
    """Where a curve falls fastest per decade on its way to the lowest loss; None where it never falls."""
    if not np.isfinite(losses).any():
        return None
    end = int(np.nanargmin(losses)) + 1
    first = min(len(losses) // 10, end - 1)
    slope = _slope(losses, multipliers)[first:end]
    if not np.isfinite(slope).any() or np.nanmin(slope) >= 0:
        return None
    return float(multipliers[first + int(np.nanargmin(slope))])
