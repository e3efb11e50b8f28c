"""Fewer points for the same line on the screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def kept_points(xs: NDArray[np.float64], ys: NDArray[np.float64], tolerance: float) -> NDArray[np.int64]:
    """Places of the points that a line needs so that no other lies further from it, in y, than `tolerance`.

    x grows. Points whose y is not finite part the line; the first of each gap is kept.

    >>> kept_points(np.arange(5.0), np.array([0.0, 1.0, 2.0, 1.0, 0.0]), 0.1).tolist()
    [0, 2, 4]
    """
    finite = np.isfinite(ys)
    edges = np.flatnonzero(np.diff(finite.astype(np.int8), prepend=1 - finite[:1].astype(np.int8)))
    kept: list[int] = []
    for first, end in zip(edges, [*edges[1:], len(ys)], strict=True):
        if finite[first]:
            kept += _kept_of_run(xs, ys, int(first), int(end) - 1, tolerance)
        else:
            kept.append(int(first))
    return np.array(kept, dtype=np.int64)


def extreme_points(ys: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Places of at most so many points (4 or more): the ends, and of even stretches the lowest and the highest.

    What is not finite counts as neither, unless a stretch has nothing else.

    >>> extreme_points(np.array([0.0, 1, 9, 1, 0, 1, -5, 1, 0]), 6).tolist()
    [0, 2, 5, 6, 8]
    """
    if len(ys) <= most:
        return np.arange(len(ys))
    length = -(-len(ys) // (most // 2 - 1))
    stretches = np.full((-(-len(ys) // length), length), np.nan)
    stretches.ravel()[: len(ys)] = ys
    finite = np.isfinite(stretches)
    starts = np.arange(len(stretches)) * length
    low = starts + np.where(finite, stretches, np.inf).argmin(axis=1)
    high = starts + np.where(finite, stretches, -np.inf).argmax(axis=1)
    return np.unique(np.concatenate([low, high, [0, len(ys) - 1]]))


def _kept_of_run(
    xs: NDArray[np.float64], ys: NDArray[np.float64], first: int, last: int, tolerance: float
) -> list[int]:
    """Halves stretches at their furthest points until none is too far off (Ramer, Douglas, Peucker), in y alone.

    All stretches of a round are looked at together: one by one they would take several times as long.
    """
    kept = np.array([first, last] if last > first else [first])
    x, y = xs[first:last], ys[first:last]
    while len(kept) > 1:
        starts, lengths = kept[:-1], np.diff(kept)
        slopes = np.diff(ys[kept]) / np.maximum(np.diff(xs[kept]), 1e-300)
        off = np.abs(
            y - np.repeat(ys[starts], lengths) - np.repeat(slopes, lengths) * (x - np.repeat(xs[starts], lengths))
        )
        furthest = np.maximum.reduceat(off, starts - first)
        far = np.flatnonzero((off == np.repeat(furthest, lengths)) & (off > tolerance)) + first
        stretch = np.searchsorted(starts, far, side="right")
        found = far[np.diff(stretch, prepend=0) > 0]
        if not found.size:
            break
        kept = np.sort(np.concatenate([kept, found]))
    return [int(place) for place in kept]
