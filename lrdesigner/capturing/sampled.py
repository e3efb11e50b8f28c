"""Values at every step as keyframes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lrdesigner.capturing.stairs import length_of
from lrdesigner.schedules import Constant, Keyframe, Keyframes, Length, Span, factors
from lrdesigner.schedules.key_simplify import simplify
from lrdesigner.schedules.keyframes import MOST_VALUE
from lrdesigner.schedules.shape import Factors

TOLERANCE = 1e-4
"""Of the peak: how far lines between keys may be from the values."""
MOST_KEYS = 400
SIMPLIFIED_WHOLE = 1500
"""Keys of which the very best choice is looked for; of more, good ones are taken first."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A node and its largest difference from the factors, as a share of their peak, at a step."""

    node: Any
    error: float
    worst: int


def sampled(values: Factors, first: int, span: Span) -> Sampled:
    """Keys for the factors at steps `first`, `first` + 1 ...: stairs exactly, curves within `TOLERANCE` of the peak.

    Where that would take more than `MOST_KEYS` keys, the tolerance is doubled until it does not. What cannot be a
    factor (below 0, above 1e6) is cut.
    """
    heights = np.clip(values, 0.0, MOST_VALUE)
    peak = float(heights.max(initial=0.0)) or 1.0
    if heights.size == 1 or bool((heights == heights[0]).all()):
        return _measured(Constant(float(heights[0])), values, first, span)
    stairs = np.flatnonzero(np.concatenate([[True], heights[1:] != heights[:-1]]))
    lines, tolerance = None, TOLERANCE
    while lines is None:
        lines = _lines(heights, first, span, tolerance * peak)
        tolerance *= 2
    if len(stairs) <= min(len(lines.keys), MOST_KEYS):
        return _measured(_stairs(heights, stairs, first, span), values, first, span)
    return _measured(lines, values, first, span)


def _measured(node: Any, values: Factors, first: int, span: Span) -> Sampled:
    off = np.abs(factors(node, np.arange(first, first + len(values)), span) - values)
    worst = int(np.argmax(off))
    return Sampled(node, float(off[worst]) / (float(np.abs(values).max()) or 1.0), first + worst)


def _keys(heights: Factors, places: Any, first: int) -> Keyframes:
    rows = zip(places.tolist(), heights[places].tolist(), strict=True)
    return Keyframes(tuple(Keyframe(Length(float(first + place), "steps"), value, "linear") for place, value in rows))


def _stairs(heights: Factors, places: Any, first: int, span: Span) -> Keyframes:
    """Keys that hold, at whole epochs where all begin with one."""
    steps = [int(place) + first for place in places]
    lengths = [length_of(step, span) for step in steps]
    if any(length.unit != "epochs" for length in lengths):
        lengths = [Length(float(step), "steps") for step in steps]
    rows = zip(lengths, heights[places].tolist(), strict=True)
    return Keyframes(tuple(Keyframe(length, value, "hold") for length, value in rows))


def _lines(heights: Factors, first: int, span: Span, room: float) -> Keyframes | None:
    """Keys with lines between them, within `room` of the heights; None if that takes too many."""
    places = np.arange(len(heights))
    if len(heights) > SIMPLIFIED_WHOLE:
        places = np.array(_thinned(heights.tolist(), room / 2))
        room /= 2
        if len(places) > 4 * MOST_KEYS:
            return None
    node = simplify(_keys(heights, places, first), span, room)
    return node if len(node.keys) <= MOST_KEYS else None


def _thinned(heights: list[float], room: float) -> list[int]:
    """Places of which lines between neighbours pass all others within `room`; each line goes as far as it can."""
    kept, start = [0], 0
    lowest, highest = -np.inf, np.inf
    for place in range(1, len(heights)):
        rise, time = heights[place] - heights[start], place - start
        if not lowest <= rise / time <= highest:
            start = place - 1
            kept.append(start)
            rise, time, lowest, highest = heights[place] - heights[start], 1, -np.inf, np.inf
        lowest, highest = max(lowest, (rise - room) / time), min(highest, (rise + room) / time)
    return [*kept, len(heights) - 1] if len(heights) > 1 else kept
