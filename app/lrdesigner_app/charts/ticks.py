"""Where an axis has its ticks and what they say."""

from __future__ import annotations

import math

from lrdesigner.numbers import rate

_ROOM_Y, _ROOM_X = 44, 80
_STEPS = (1.0, 2.0, 5.0, 10.0)


def linear_ticks(low: float, high: float, count: float, whole: bool = False) -> list[float]:
    """About `count` round positions between two bounds, at distances of 1, 2 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    rough = (high - low) / max(count, 1.0)
    decade = 10.0 ** math.floor(math.log10(rough))
    spacing = next(decade * step for step in _STEPS if decade * step >= rough * (1 - 1e-9))
    if whole:
        spacing = max(spacing, 1.0)
    first, last = math.ceil(low / spacing - 1e-9), math.floor(high / spacing + 1e-9)
    return [float(f"{index * spacing:.12g}") for index in range(first, last + 1)]


def log_ticks(low: float, high: float, count: float) -> list[float]:
    """About `count` values between 10^low and 10^high that people know: decades, then 1-2-5, then round ones."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    if high - low < 0.7:
        lowest, highest = 10.0**low, 10.0**high
        # Round positions can all lie outside of a narrow range; half as far apart some lie in it.
        found = linear_ticks(lowest, highest, count) or linear_ticks(lowest, highest, 2 * count)
        return [value for value in found if value > 0]
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last - first + 1 >= 3 or count < 3:
        every = max(math.ceil((last - first + 1) / max(count, 1.0)), 1)
        return [float(f"1e{decade}") for decade in range(first, last + 1) if decade % every == 0]
    mantissas = (1, 2, 5) if (high - low) * 3 <= count * 1.5 else (1, 3)
    values = [float(f"{m}e{decade}") for decade in range(first - 1, last + 1) for m in mantissas]
    return [value for value in values if low - 1e-9 <= math.log10(value) <= high + 1e-9]


def rate_text(value: float, ticks: list[float]) -> str:
    """A tick of a value axis as people write rates; with more digits only where neighbours would read the same."""
    texts = [rate(tick) for tick in ticks]
    return rate(value) if len(set(texts)) == len(texts) else f"{value:.8g}"


def share_text(value: float) -> str:
    """A tick of an axis of shares of a peak: 50 %."""
    return f"{100 * value:.8g} %"


def time_text(value: float) -> str:
    """A tick of the time axis: 22,500 or 2.5."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.6g}"


def room(length_px: float, vertical: bool) -> float:
    """How many ticks an axis of this length has room for."""
    return max(length_px / (_ROOM_Y if vertical else _ROOM_X), 2.0)
