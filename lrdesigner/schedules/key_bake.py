"""Any schedule as keyframes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lrdesigner.errors import UserError
from lrdesigner.numbers import exact
from lrdesigner.schedules.key_simplify import simplify
from lrdesigner.schedules.keyframes import MOST_KEYS, MOST_VALUE, Keyframe, Keyframes, Space
from lrdesigner.schedules.length import Length, Span
from lrdesigner.schedules.shape import Factors, Steps

_COMPARED = 200_000


@dataclass(frozen=True, slots=True)
class Baked:
    """A schedule as keys. `error` is the largest difference of the factor, at step `worst`."""

    node: Keyframes
    error: float
    worst: int


def bake(schedule: Any, span: Span, count: int, space: Space = "linear", tolerance: float | None = None) -> Baked:
    """Any schedule as `count` keys with lines between them, at most: at its corners, and evenly over its length.

    With a tolerance the keys go without which the lines stay within it; the error is that of what is left.

    Raises `UserError` where a factor cannot be a key's value.
    """
    if not 2 <= count <= MOST_KEYS:
        raise UserError(f"A curve is baked to 2 keys at least and {MOST_KEYS:,} at most, not {count:,}.")
    corners = _corners(schedule, span)
    at = _spread(corners, span.steps, count)
    values = _factors(schedule, at, span)
    for step, value in zip(at.tolist(), values.tolist(), strict=True):
        if not 0 <= value <= MOST_VALUE:
            raise UserError(f"At step {step:,} the factor is {exact(value)}; keys hold factors from 0 to 1e6.")
    keys = zip(at.tolist(), values.tolist(), strict=True)
    node = Keyframes(tuple(Keyframe(Length(float(step), "steps"), value) for step, value in keys), space)
    if tolerance is not None:
        node = simplify(node, span, tolerance)
    looked_at = np.concatenate([np.linspace(0, span.steps, min(span.steps + 1, _COMPARED)).astype(np.int64), corners])
    off = np.abs(_factors(node, looked_at, span) - _factors(schedule, looked_at, span))
    worst = int(np.argmax(off))
    return Baked(node, float(off[worst]), int(looked_at[worst]))


def _corners(schedule: Any, span: Span) -> Steps:
    """Both sides of every corner and jump inside the schedule."""
    from lrdesigner.schedules.registry import shape_of

    listed = shape_of(schedule).breaks(schedule, span).listed(1, span.steps, MOST_KEYS)
    return np.unique(np.concatenate([listed, listed - 1]))


def _spread(corners: Steps, last: int, count: int) -> Steps:
    """Up to half of the steps at corners, the others evenly."""
    room = min(count // 2, count - 2)
    if len(corners) > room:
        corners = corners[np.linspace(0, len(corners) - 1, room).astype(np.int64)]
    even = np.linspace(0, last, count - len(corners)).astype(np.int64)
    return np.unique(np.concatenate([corners, even]))


def _factors(schedule: Any, steps: Steps, span: Span) -> Factors:
    from lrdesigner.schedules.registry import shape_of

    return shape_of(schedule).behaviour.evaluate(schedule, steps, span)
