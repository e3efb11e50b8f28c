"""What a hand means by where it let go: rounded values, notches of the arrow keys, the bounds of fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Literal

from lrdesigner.schedules import Field

Precision = Literal["normal", "fine", "snap", "exact"]

DIGITS: dict[Precision, int] = {"normal": 3, "fine": 5, "snap": 3, "exact": 13}
LOWEST = 1e-12
_NEAR_ONE = 0.9


def settled(value: float, precision: Precision) -> float:
    """What a hand that let go here meant: three significant digits, five when fine, or the nearest of 1-2-5.

    Exact, it meant this very value: only what arithmetic adds behind the thirteenth digit goes.

    >>> settled(0.00051234, "normal"), settled(0.00051234, "fine"), settled(0.00034, "snap")
    (0.000512, 0.00051234, 0.0005)
    """
    if not math.isfinite(value) or value <= 0:
        return value if value > 0 else LOWEST
    if precision == "snap":
        return min(_one_two_five(value), key=lambda candidate: abs(math.log(candidate / value)))
    return float(f"{value:.{DIGITS[precision] - 1}e}")


def notch(value: float, direction: int, precision: Precision) -> float:
    """The next value up (+1) or down (-1): by the second digit, by the third when fine, or along 1-2-5.

    >>> notch(0.0005, 1, "normal"), notch(0.001, -1, "normal"), notch(0.001, 1, "snap")
    (0.00051, 0.00099, 0.002)
    """
    if precision == "snap":
        beyond = [c for c in _one_two_five(value) if (c - value) * direction > 1e-9 * value]
        return min(beyond, key=lambda candidate: abs(candidate - value))
    exponent = math.floor(math.log10(value) + 1e-12)
    if direction < 0 and value <= 10.0**exponent * (1 + 1e-9):
        exponent -= 1
    digits = 1 if precision == "normal" else 2
    unit = float(f"1e{exponent - digits}")
    whole = value / unit
    near = round(whole)
    start = near if abs(whole - near) < 1e-6 else (math.floor(whole) if direction > 0 else math.ceil(whole))
    return float(f"{(start + direction) * unit:.9e}")


def settled_in(field: Field, value: float, precision: Precision) -> float:
    """`settled`, within the field's bounds; what must stay below 1 is counted from 1 where it is near: 0.9995."""
    if field.below == 1.0 and _NEAR_ONE < value < 1.0:
        return within(field, _from_one(settled(1.0 - value, precision)))
    return within(field, settled(value, precision) if value > 0 else value)


def notched_in(field: Field, value: float, direction: int, precision: Precision) -> float:
    """`notch`, within the field's bounds; from 0 up to 0.01, and near 1 as in `settled_in`."""
    if value <= 0:
        return within(field, 0.01 if direction > 0 else value)
    if field.below == 1.0 and _NEAR_ONE <= value < 1.0 and (direction > 0 or value > _NEAR_ONE):
        return within(field, _from_one(notch(1.0 - value, -direction, precision)))
    return within(field, notch(value, direction, precision))


def within(field: Field, value: float) -> float:
    """The nearest value that the field may hold."""
    low = max((bound for bound in (field.minimum, field.above) if bound is not None), default=-math.inf)
    high = min((bound for bound in (field.maximum, field.below) if bound is not None), default=math.inf)
    if field.above is not None and value <= field.above:
        return max(low, LOWEST) if low <= 0 else math.nextafter(low, math.inf)
    if field.below is not None and value >= field.below:
        return math.nextafter(high, -math.inf)
    return min(max(value, low), high)


def shortest(amount: float, precision: Precision, good: Callable[[float], bool]) -> float:
    """`amount` in as few digits, but at least as many as the precision says, as are still `good`."""
    for digits in range(DIGITS[precision], 17):
        short = float(f"{amount:.{digits - 1}e}")
        if good(short):
            return short
    return amount


def whole_step(step: float, last: int) -> int:
    """The nearest step of a run."""
    return min(max(math.floor(step + 0.5), 0), last)


def nearest_line(step: float, last: int, per_epoch: int, others: Iterable[int]) -> int:
    """The epoch line, or other step of interest, nearest to a step."""
    epoch = min(max(math.floor(step / per_epoch + 0.5), 0) * per_epoch, last)
    return min((epoch, last, *others), key=lambda line: abs(line - step))


def next_line(step: int, direction: int, last: int, per_epoch: int, others: Iterable[int]) -> int:
    """The next epoch line, or other step of interest, before (-1) or after (+1) a step; the same at the ends."""
    epoch = (step // per_epoch + 1 if direction > 0 else -(-step // per_epoch) - 1) * per_epoch
    lines = [line for line in (epoch, 0, last, *others) if (line - step) * direction > 0 and 0 <= line <= last]
    return min(lines, key=lambda line: abs(line - step), default=step)


def _from_one(distance: float) -> float:
    return float(f"{1.0 - distance:.12g}")


def _one_two_five(value: float) -> list[float]:
    exponent = math.floor(math.log10(value))
    decades = range(exponent - 1, exponent + 3)
    return list(chain.from_iterable((float(f"{mantissa}e{decade}") for mantissa in (1, 2, 5)) for decade in decades))
