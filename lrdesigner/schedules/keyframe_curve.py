"""The curve through keyframes as a table of polynomials, worked out once per node and span."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lrdesigner.schedules.keyframes import Keyframe, Keyframes
from lrdesigner.schedules.length import Span, resolve
from lrdesigner.schedules.shape import Factors, Steps

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One row per stretch: from each key to the next, and from the last one on.

    At a step, u = (step - start) / length, p = u * (b + u * (c + u * d)): the factor is value + p, in log space
    value * exp(p). So each key has exactly its value. `degree` tells which of b, c and d are more than 0 somewhere.
    """

    starts: Steps
    lengths: Steps
    values: Column
    b: Column
    c: Column
    d: Column
    degree: Literal[0, 1, 3]

    @property
    def first(self) -> int:
        """Step of the first key."""
        return int(self.starts[0])

    @property
    def length(self) -> int:
        """Steps from the first key to the last."""
        return int(self.starts[-1] - self.starts[0])


def placed(node: Keyframes, span: Span) -> tuple[tuple[int, Keyframe], ...]:
    """The keys that count with their steps, in order of time."""
    found = {resolve(key.at, span): key for key in node.keys}
    return tuple(sorted(found.items(), key=lambda item: item[0]))


def colliding(node: Keyframes, span: Span) -> tuple[int, ...]:
    """Indices of the keys that have no effect, since a later one in the list is at the same step."""
    steps = [resolve(key.at, span) for key in node.keys]
    last = {step: index for index, step in enumerate(steps)}
    return tuple(index for index, step in enumerate(steps) if last[step] != index)


@lru_cache(maxsize=256)
def curve_of(node: Keyframes, span: Span) -> Curve:
    """The table of a node's curve."""
    found = placed(node, span)
    starts = np.array([step for step, _ in found], dtype=np.int64)
    values = np.array([key.value for _, key in found], dtype=np.float64)
    lengths = np.append(np.diff(starts), 1)
    heights = np.log(values) if node.space == "log" else values
    b, c, d = _coefficients(node, [key for _, key in found], lengths[:-1], heights)
    rate = 0.0
    if node.end == "slope" and len(b):
        rate = float((b[-1] + 2 * c[-1] + 3 * d[-1]) / lengths[-2])
    b, c, d = np.append(b, rate), np.append(c, 0.0), np.append(d, 0.0)
    degree: Literal[0, 1, 3] = 3 if c.any() or d.any() else 1 if b.any() else 0
    return Curve(starts, lengths, values, b, c, d, degree)


def evaluate_curve(curve: Curve, node: Keyframes, steps: Steps) -> Factors:
    """Factor at each local step; NaN where a slope in log space has led beyond all numbers."""
    local = _folded(curve, node, steps)
    row = np.searchsorted(curve.starts, local, side="right") - 1
    values = curve.values[row]
    if curve.degree == 0:
        return values
    u = (local - curve.starts[row]) / curve.lengths[row]
    p = curve.b[row]
    if curve.degree == 3:
        p = p + u * (curve.c[row] + u * curve.d[row])
    if node.space == "linear":
        found = values + u * p
        return np.maximum(found, 0.0) if may_fall_below_0(curve, node) else found
    with np.errstate(over="ignore"):
        found = values * np.exp(u * p)
    return np.where(np.isfinite(found), found, np.nan)


def may_fall_below_0(curve: Curve, node: Keyframes) -> bool:
    """Whether the arithmetic could: by rounding in a cubic, or along the slope after the last key."""
    return node.space == "linear" and (curve.degree == 3 or float(curve.b[-1]) < 0)


def _folded(curve: Curve, node: Keyframes, steps: Steps) -> Steps:
    """Each step as one from the first key on; where the curve repeats, before the last one."""
    local: Steps = np.maximum(steps, curve.first)
    if node.end == "repeat" and curve.length:
        local = curve.first + (local - curve.first) % curve.length
    elif node.end == "ping-pong" and curve.length:
        local = (local - curve.first) % (2 * curve.length)
        local = curve.first + np.minimum(local, 2 * curve.length - local)
    return local


def _coefficients(
    node: Keyframes, keys: list[Keyframe], lengths: Steps, heights: Column
) -> tuple[Column, Column, Column]:
    """b, c and d of each stretch between two keys. `heights` are the values, or their logarithms."""
    kinds = np.array([key.then for key in keys[:-1]], dtype=np.str_)
    rises, slopes = np.diff(heights), _slopes(node, kinds, lengths, heights)
    # The control points, seen from the key before.
    leave, arrive = slopes[:-1] * lengths / 3, rises - slopes[1:] * lengths / 3
    for index in np.flatnonzero(kinds == "bezier").tolist():
        key = keys[index]
        for given, into in ((key.leave, leave), (key.arrive, arrive)):
            if given is not None:
                into[index] = (np.log(given) if node.space == "log" else given) - heights[index]
    b, c, d = 3 * leave, 3 * (arrive - 2 * leave), rises - 3 * arrive + 3 * leave
    straight, held = (kinds == "linear") | (kinds == "hold"), kinds == "hold"
    b[straight] = rises[straight]
    b[held] = 0.0
    c[straight] = d[straight] = 0.0
    return b, c, d


def _slopes(node: Keyframes, kinds: NDArray[np.str_], lengths: Steps, heights: Column) -> Column:
    """Slope of a smooth curve at each key, per step: that of PCHIP; flat at turns, at both ends and beside a hold.

    Where the curve goes on with its slope, it arrives with that of the line from the key before.
    """
    slopes = np.zeros(len(heights))
    with np.errstate(all="ignore"):
        secants = np.diff(heights) / lengths
        before, after = secants[:-1], secants[1:]
        one, two = 2 * lengths[1:] + lengths[:-1], lengths[1:] + 2 * lengths[:-1]
        mean = (one + two) / (one / before + two / after)
    slopes[1:-1] = np.where(np.sign(before) * np.sign(after) > 0, mean, 0.0)
    if node.end == "slope" and len(secants):
        slopes[-1] = secants[-1]
    held = kinds == "hold"
    slopes[:-1][held] = 0.0
    slopes[1:][held] = 0.0
    return slopes
