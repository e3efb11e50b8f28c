"""Where a curve has corners and jumps, told so shortly that ten million of them cost no more than ten.

A list of steps, patterns that repeat, and stretches where a person's formula may do anything. What a plot needs is
picked from that per screen column, so its cost does not depend on the length of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_OFFSETS = 16
"""Breakpoints kept of one period of a pattern."""

MOST_LISTED = 2000
"""Turns of a curve that a shape lists one by one; more lie closer together than pixels."""

FOR_EVER = 2**62

_SAMPLES = 8
"""Looks into each column of a rough stretch, beyond its edges."""

_ALL_SAMPLED = 50_000
"""Up to here a rough stretch is looked at step by step."""

Points = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pattern:
    """The steps `phase + k * period + offset` for all whole k and each offset, from `first` up to before `end`."""

    phase: int
    period: int
    offsets: tuple[int, ...] = (0,)
    first: int = 0
    end: int = FOR_EVER

    def count(self, first: int, last: int) -> int:
        """About how many lie between two steps."""
        length = min(last, self.end) - max(first, self.first)
        return max(length // self.period + 1, 0) * len(self.offsets)

    def between(self, first: int, last: int) -> Points:
        """All of them from `first` to `last`."""
        low, high = max(first, self.first), min(last, self.end - 1)
        if low > high:
            return _NONE
        cycles = np.arange((low - self.phase) // self.period, (high - self.phase) // self.period + 1, dtype=np.int64)
        return _inside(self._of(cycles), low, high)

    def around(self, edges: Points) -> Points:
        """Those of the cycles in which each column begins, of the next one, and of the last whole one in it."""
        begins = (edges - self.phase) // self.period
        cycles = np.concatenate([begins, begins + 1, begins - 1])
        low, high = max(int(edges[0]), self.first), min(int(edges[-1]), self.end - 1)
        return _inside(self._of(cycles), low, high)

    def _of(self, cycles: Points) -> Points:
        return np.asarray(
            (self.phase + cycles * self.period)[:, None] + np.asarray(self.offsets, dtype=np.int64), dtype=np.int64
        ).ravel()


@dataclass(frozen=True, slots=True)
class Breaks:
    """Corners and jumps of a curve, in local steps. `rough`: (first, end) of stretches that may oscillate anyhow."""

    points: tuple[int, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    rough: tuple[tuple[int, int], ...] = ()

    def moved(self, by: int, first: int, end: int) -> Breaks:
        """Seen from a schedule in which step 0 is step `by`, as far as they lie from `first` up to before `end`."""
        return Breaks(
            points=tuple(point + by for point in self.points if first <= point + by < end),
            patterns=tuple(
                Pattern(p.phase + by, p.period, p.offsets, max(p.first + by, first), min(p.end + by, end))
                for p in self.patterns
            ),
            rough=tuple((max(a + by, first), min(b + by, end)) for a, b in self.rough if a + by < end),
        )

    def repeated(self, period: int, first: int, end: int) -> Breaks:
        """Those of the steps 0 to `period`, again and again with this period."""
        offsets = {0, *(p for p in self.points if 0 <= p < period)}
        for pattern in self.patterns:
            offsets.update(pattern.between(0, min(period - 1, pattern.period * MOST_OFFSETS)).tolist())
        rough = ((first, end),) if self.rough else ()
        return Breaks(patterns=(Pattern(first, period, thinned(sorted(offsets)), first, end),), rough=rough)

    def listed(self, first: int, last: int, most: int) -> Points:
        """The breakpoints from `first` to `last`, sorted; of each pattern only the first `most`."""
        found = [_inside(np.asarray(self.points, dtype=np.int64), first, last)]
        for pattern in self.patterns:
            stop = max(first, pattern.first) + (most // len(pattern.offsets) + 1) * pattern.period
            found.append(pattern.between(first, min(last, stop))[:most])
        return sorted_once(np.concatenate(found))

    def in_columns(self, edges: Points) -> Points:
        """What to look at so that each column between two of the sorted `edges` shows its extremes; unsorted."""
        first, last = int(edges[0]), int(edges[-1])
        found = [_inside(np.asarray(self.points, dtype=np.int64), first, last)]
        for pattern in self.patterns:
            few = pattern.count(first, last) <= 2 * len(edges)
            found.append(pattern.between(first, last) if few else pattern.around(edges))
        return np.concatenate(found)

    def samples(self, edges: Points) -> Points:
        """Further steps to look at in rough stretches: all of them where they are few, some in each column else."""
        found: list[Points] = [_NONE]
        for low, end in self.rough:
            first, last = max(int(edges[0]), low), min(int(edges[-1]), end - 1)
            if last - first < _ALL_SAMPLED:
                found.append(np.arange(first, last + 1, dtype=np.int64))
                continue
            widths = np.diff(edges)
            for number in range(1, _SAMPLES + 1):
                # Spread by the golden ratio, so that no period of a formula hides between the looks.
                share = (number * 0.6180339887498949 + np.arange(len(widths)) * 0.7548776662466927) % 1.0
                found.append(_inside(edges[:-1] + (widths * share).astype(np.int64), first, last))
        return np.concatenate(found)


NO_BREAKS = Breaks()

_NONE: Points = np.empty(0, dtype=np.int64)


def joined(parts: Iterable[Breaks]) -> Breaks:
    """All of them together."""
    found = list(parts)
    return Breaks(
        points=tuple(point for part in found for point in part.points),
        patterns=tuple(pattern for part in found for pattern in part.patterns),
        rough=tuple(stretch for part in found for stretch in part.rough),
    )


def thinned(offsets: Sequence[int]) -> tuple[int, ...]:
    """At most `MOST_OFFSETS` of them, evenly."""
    step = -(-len(offsets) // MOST_OFFSETS)
    return tuple(offsets[:: max(step, 1)])


def sorted_once(values: Points) -> Points:
    """`np.unique`, thirty times faster on a few hundred thousand integers."""
    ordered = np.sort(values)
    keep = np.empty(len(ordered), dtype=np.bool_)
    keep[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    return ordered[keep]


def _inside(points: Points, first: int, last: int) -> Points:
    return points[(points >= first) & (points <= last)]
