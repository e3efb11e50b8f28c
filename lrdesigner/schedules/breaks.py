"""Where a curve has corners and jumps, told so shortly that ten million of them cost no more than ten.

A list of steps, patterns that repeat, and stretches where a person's formula may do anything. What a plot needs is
picked from that per screen column, so its cost does not depend on the length of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MOST_OFFSETS = 16
"""Breakpoints of one period that a plot looks at where whole periods fall between its columns."""

MOST_LISTED = 2000
"""Turns of a curve that a shape lists one by one; more lie closer together than pixels."""

FOR_EVER = 2**62

_FEW = 4
"""Breakpoints in a column up to which a plot looks at each of them."""

_ALL_SAMPLED = 50_000
"""Up to here a rough stretch is looked at step by step."""

_RUN = 16
"""Consecutive steps that are looked at in each column of a longer one: formulas such as step % 7 show all they do."""

_SPREAD = 24
"""Further steps in each column, spread evenly over it, for what turns more slowly."""

Points = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pattern:
    """The steps `phase + k * period / parts + offset` for all whole k and each offset, from `first` up to before `end`.

    Fractions are rounded up. Where whole periods fall between two columns, `turns` are the offsets to look at; a curve
    that `jumps` there is looked at on the step before, too.
    """

    phase: int
    period: int
    offsets: tuple[int, ...] = (0,)
    first: int = 0
    end: int = FOR_EVER
    parts: float = 1
    turns: tuple[int, ...] = ()
    jumps: bool = True

    def count(self, first: int, last: int) -> int:
        """About how many lie between two steps."""
        length = min(last, self.end) - max(first, self.first)
        return max(int(length * self.parts / self.period) + 1, 0) * len(self.offsets)

    def between(self, first: int, last: int) -> Points:
        """All of them from `first` to `last`."""
        low, high = max(first, self.first), min(last, self.end - 1)
        if low > high:
            return _NONE
        begin, end = self._cycles(np.array([low - max(self.offsets), high - min(self.offsets)], dtype=np.int64))
        return _inside(self._of(np.arange(begin - 1, end + 2, dtype=np.int64), self.offsets), low, high)

    def looks(self, edges: Points) -> Points:
        """For each column where it holds a row of steps: its turns in the first two cycles and in the last two.

        What of that lies outside of the column, or where the pattern does not hold, is its first step instead.
        """
        low = int(np.searchsorted(edges, self.first, side="right")) - 1
        high = int(np.searchsorted(edges, self.end, side="left"))
        edges = edges[max(low, 0) : high + 1]  # the columns that it has to do with
        if len(edges) < 2:
            return np.empty((0, 1), dtype=np.int64)
        begins = self._cycles(edges)
        cycles = np.stack([begins[:-1], begins[:-1] + 1, begins[1:] - 1, begins[1:]], axis=1)
        turns = self._of(cycles.ravel(), self.turns or thinned(self.offsets)).reshape(len(cycles), -1)
        rows = np.concatenate([turns, turns - 1], axis=1) if self.jumps else turns
        return within_columns(rows, edges, self.first, self.end)

    def _cycles(self, steps: Points) -> Points:
        """The cycle in which each step lies; a fraction of a step may make it the one after."""
        if self.parts == 1:
            return np.asarray((steps - self.phase) // self.period, dtype=np.int64)
        cycles: Points = np.floor((steps - self.phase) * (self.parts / self.period)).astype(np.int64)
        return cycles

    def _of(self, cycles: Points, offsets: tuple[int, ...]) -> Points:
        if self.parts == 1:
            starts = cycles * self.period
        else:
            starts = np.ceil(cycles.astype(np.float64) * self.period / self.parts).astype(np.int64)
        return np.asarray((self.phase + starts)[:, None] + np.asarray(offsets, dtype=np.int64), dtype=np.int64).ravel()


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
                replace(p, phase=p.phase + by, first=max(p.first + by, first), end=min(p.end + by, end))
                for p in self.patterns
            ),
            rough=tuple((max(a + by, first), min(b + by, end)) for a, b in self.rough if a + by < end),
        )

    def offsets(self, period: int) -> tuple[int, ...]:
        """The breakpoints from 0 up to before `period`: no more than about `MOST_LISTED`."""
        found = {0, *(point for point in self.points if 0 <= point < period)}
        for pattern in self.patterns:
            found.update(self._first_of(pattern, 0, period - 1, MOST_LISTED).tolist())
        return tuple(sorted(found))

    def listed(self, first: int, last: int, most: int) -> Points:
        """The breakpoints from `first` to `last`, sorted; of each pattern only the first `most`."""
        found = [_inside(np.asarray(self.points, dtype=np.int64), first, last)]
        found += [self._first_of(pattern, first, last, most) for pattern in self.patterns]
        return sorted_once(np.concatenate(found))

    @staticmethod
    def _first_of(pattern: Pattern, first: int, last: int, most: int) -> Points:
        cycles = most // len(pattern.offsets) + 1
        stop = max(first, pattern.first) + int(cycles * pattern.period / pattern.parts) + 1
        return pattern.between(first, min(last, stop))[:most]

    def corners(self, edges: Points) -> Points:
        """Every breakpoint between the sorted `edges` that is not among too many in a column; unsorted."""
        first, last = int(edges[0]), int(edges[-1])
        found = [_inside(np.asarray(self.points, dtype=np.int64), first, last)]
        found += [pattern.between(first, last) for pattern in self.patterns if not _crowded(pattern, edges)]
        return np.concatenate(found)

    def all_of_rough(self, edges: Points) -> Points:
        """Every step of the rough stretches that are short."""
        found = [np.arange(*stretch, dtype=np.int64) for stretch in self._stretches(edges) if _is_short(stretch)]
        return np.concatenate(found) if found else _NONE

    def looks(self, edges: Points) -> list[Points]:
        """Where to look for the extremes of columns that hold more than can be listed: rows of steps, one a column."""
        found = [pattern.looks(edges) for pattern in self.patterns if _crowded(pattern, edges)]
        long = [stretch for stretch in self._stretches(edges) if not _is_short(stretch)]
        if long:
            everywhere = _looks(edges)
            found += [within_columns(everywhere, edges, first, end) for first, end in long]
        return found

    def _stretches(self, edges: Points) -> list[tuple[int, int]]:
        """The rough stretches as far as the edges go."""
        first, end = int(edges[0]), int(edges[-1]) + 1
        return [(max(low, first), min(high, end)) for low, high in (*self.rough, *self._beats(edges))]

    def _beats(self, edges: Points) -> Iterable[tuple[int, int]]:
        """Where patterns of different periods, both closer than columns, run beside each other: no telling then."""
        crowded = [pattern for pattern in self.patterns if _crowded(pattern, edges)]
        for one, other in combinations(crowded, 2):
            low, end = max(one.first, other.first), min(one.end, other.end)
            if low < end and one.period * other.parts != other.period * one.parts:
                yield low, end


def _crowded(pattern: Pattern, edges: Points) -> bool:
    return pattern.count(int(edges[0]), int(edges[-1])) > _FEW * len(edges)


def _is_short(stretch: tuple[int, int]) -> bool:
    return stretch[1] - stretch[0] <= _ALL_SAMPLED


def within_columns(rows: Points, edges: Points, first: int, end: int) -> Points:
    """Rows of steps, one for each column; what lies outside of it or not in `first` to `end` is its first step."""
    starts = edges[:-1, None]
    inside = (rows >= np.maximum(starts, first)) & (rows < np.minimum(edges[1:, None], end))
    return np.where(inside, rows, starts)


def _looks(edges: Points) -> Points:
    """In each column some steps in a row, and some spread over it, differently in each."""
    widths, columns = np.diff(edges), np.arange(len(edges) - 1)
    # By the golden ratio, so that no period of a formula hides between the looks.
    shares = (np.arange(_SPREAD) * 0.6180339887498949 + columns[:, None] * 0.7548776662466927) % 1.0
    spread = edges[:-1, None] + (widths[:, None] * shares).astype(np.int64)
    begin = edges[:-1] + (widths * ((columns * 0.5698402909980532) % 0.9)).astype(np.int64)
    return np.concatenate([spread, begin[:, None] + np.arange(_RUN)], axis=1)


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
