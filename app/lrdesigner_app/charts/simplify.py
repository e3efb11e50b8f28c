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


def _kept_of_run(
    xs: NDArray[np.float64], ys: NDArray[np.float64], first: int, last: int, tolerance: float
) -> list[int]:
    """Halves a stretch at its furthest point until none is too far off (Ramer, Douglas, Peucker), in y alone."""
    kept, open_ends = {first, last}, [(first, last)]
    while open_ends:
        low, high = open_ends.pop()
        if high - low < 2:
            continue
        inner = slice(low + 1, high)
        slope = (ys[high] - ys[low]) / max(xs[high] - xs[low], 1e-300)
        off = np.abs(ys[inner] - (ys[low] + slope * (xs[inner] - xs[low])))
        furthest = int(off.argmax())
        if off[furthest] > tolerance:
            middle = low + 1 + furthest
            kept.add(middle)
            open_ends += [(low, middle), (middle, high)]
    return sorted(kept)
