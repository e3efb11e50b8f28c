"""The same curve with fewer keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from lrdesigner.schedules.keyframe_curve import placed
from lrdesigner.schedules.keyframes import Keyframes
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.shape import Factors

_EXACTLY = 1e-12
"""What arithmetic loses: a key on the line between its neighbours goes also without tolerance."""


def simplify(node: Keyframes, span: Span, tolerance: float) -> Keyframes:
    """The fewest of its keys with which holds and lines stay within `tolerance` of the factor; the node if all.

    In log space the tolerance is a share of the factor. The first and the last key stay, so do the ends of smooth
    stretches and beziers, and the keys that shape them. Keys without effect go.
    """
    found = placed(node, span)
    steps = np.array([step for step, _ in found], dtype=np.float64)
    values = np.array([key.value for _, key in found])
    heights = np.log(values) if node.space == "log" else values
    room = (np.log1p(tolerance) if node.space == "log" else tolerance) + _EXACTLY
    kinds = [key.then for _, key in found]
    fixed = _fixed(node, kinds)
    fewest, came_from = [0] + [len(found)] * (len(found) - 1), [0] * len(found)
    for index in range(len(found) - 1):
        for reached in _reached(index, steps, heights, kinds, fixed, room):
            if fewest[index] + 1 < fewest[reached]:
                fewest[reached], came_from[reached] = fewest[index] + 1, index
    kept = [len(found) - 1]
    while kept[-1]:
        kept.append(came_from[kept[-1]])
    if len(kept) == len(node.keys):
        return node
    return replace(node, keys=tuple(found[index][1] for index in reversed(kept)))


def _fixed(node: Keyframes, kinds: Sequence[str]) -> list[bool]:
    """Keys that stay: the ends, those beside a smooth stretch, and where the slope goes on the last stretch."""
    last = len(kinds) - 1
    kept = {0, last} | ({last - 1} if node.end == "slope" else set())
    for index, kind in enumerate(kinds[:-1]):
        if kind in ("smooth", "bezier"):
            kept |= {index - 1, index, index + 1, index + 2}
    return [index in kept for index in range(len(kinds))]


def _reached(
    index: int, steps: Factors, heights: Factors, kinds: Sequence[str], fixed: list[bool], room: float
) -> list[int]:
    """Keys to which the stretch from `index` can go at once."""
    end = index + 1
    while not fixed[end] and kinds[end] == kinds[index]:
        end += 1
    passed = slice(index + 1, end + 1)
    if kinds[index] == "hold":
        # The last one is only arrived at; those before it are passed over.
        off = np.abs(heights[passed] - heights[index]) > room
        possible = np.concatenate([[True], ~np.logical_or.accumulate(off[:-1])])
    else:
        rises, times = heights[passed] - heights[index], steps[passed] - steps[index]
        lowest = np.maximum.accumulate(np.concatenate([[-np.inf], ((rises - room) / times)[:-1]]))
        highest = np.minimum.accumulate(np.concatenate([[np.inf], ((rises + room) / times)[:-1]]))
        possible = (lowest <= rises / times) & (rises / times <= highest)
    return [index + 1 + int(place) for place in np.flatnonzero(possible)]
