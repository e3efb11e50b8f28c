"""What a metric makes of a rate: the schedulers of torch and transformers, evaluation by evaluation, on plain numbers.

The order of every operation is theirs, so that the last digit is too. Loops go over evaluations, never over steps.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from msgspec.structs import replace

from lrdesigner.schedules.feedback import Greedy, Plateau
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.level import Absolute, Level
from lrdesigner.schedules.traces import MOST_EVALUATIONS, values_of

Event = tuple[int, float]
"""From this step on, the factor is this."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The rate of one param group before the first evaluation, and between which rates it may go."""

    base: float
    lowest: float
    highest: float = math.inf


def bounds_of(node: Plateau | Greedy, span: Span) -> Bounds:
    """The rates that torch needs: `min_lr`, and for Greedy `max_lr`, of the group with the base value of `span`."""
    highest = _rate(node.ceiling, span) if isinstance(node, Greedy) else math.inf
    return Bounds(span.base, _rate(node.floor, span), highest)


def _rate(level: Level, span: Span) -> float:
    return level.absolute if isinstance(level, Absolute) else level * span.base


def evaluations(node: Plateau | Greedy, span: Span) -> int:
    """How many evaluations there are in the run, the one after its last update included."""
    return span.steps // steps_of(node, "every", span)


def metric_values(node: Plateau | Greedy, span: Span) -> list[float]:
    """The trace's value at each evaluation that is looked at: what to hand to the real scheduler's `step`."""
    count = min(evaluations(node, span), MOST_EVALUATIONS)
    return values_of(node.metric, steps_of(node, "every", span), count, span)


@lru_cache(maxsize=256)
def simulate(node: Plateau | Greedy, span: Span) -> tuple[Event, ...]:
    """Every change of the factor in the run, in order; before the first one it is 1."""
    every, bounds = steps_of(node, "every", span), bounds_of(node, span)
    if isinstance(node, Greedy):
        changes = [(index, rates[0]) for index, rates in greedy_rates(node, metric_values(node, span), [bounds])]
    else:
        watched = replace(node, factor=0.5, floor=0.0, eps=0.0)
        changes = _plateau_rates(node, _bad_stretches(watched, replace(span, base=1.0)), bounds)
    return tuple(((index + 1) * every, rate / span.base) for index, rate in changes)


def _better(node: Plateau | Greedy) -> Callable[[float, float], bool]:
    """Whether a value counts as better than the best one so far."""
    margin = node.threshold
    match node.mode, node.threshold_mode:
        case "min", "rel":
            return lambda value, best: value < best * (1.0 - margin)
        case "min", _:
            return lambda value, best: value < best - margin
        case _, "rel":
            return lambda value, best: value > best * (margin + 1.0)
    return lambda value, best: value > best + margin


def _worst(node: Plateau | Greedy) -> float:
    return math.inf if node.mode == "min" else -math.inf


@lru_cache(maxsize=64)
def _bad_stretches(node: Plateau, span: Span) -> tuple[int, ...]:
    """The evaluations at which torch's `ReduceLROnPlateau` reduces: the same ones whatever the rate is."""
    better, best, bad, cooling = _better(node), _worst(node), 0, 0
    found = []
    for index, value in enumerate(metric_values(node, span)):
        if better(value, best):
            best, bad = value, 0
        else:
            bad += 1
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if bad > node.patience:
            found.append(index)
            cooling, bad = node.cooldown, 0
    return tuple(found)


def _plateau_rates(node: Plateau, reductions: Iterable[int], bounds: Bounds) -> list[tuple[int, float]]:
    rate, changes = bounds.base, []
    for index in reductions:
        new = max(rate * node.factor, bounds.lowest)
        if rate - new > node.eps:
            rate = new
            changes.append((index, rate))
    return changes


def greedy_rates(node: Greedy, values: Iterable[float], groups: list[Bounds]) -> list[tuple[int, tuple[float, ...]]]:
    """At each evaluation (from 0) that changes a rate, the rates of all groups of one `GreedyLR`.

    They share one reset: it waits until all of them are at their lowest.
    """
    run = _GreedyRun(node, groups)
    changes, before = [], tuple(run.rates)
    for index, value in enumerate(values):
        run.step(value)
        if run.moved and (after := tuple(run.rates)) != before:
            changes.append((index, after))
            before = after
    return changes


class _GreedyRun:
    """The state of one `GreedyLR`."""

    def __init__(self, node: Greedy, groups: list[Bounds]) -> None:
        self.node, self.groups = node, groups
        self.moved = False
        self._better = _better(node)
        self._bad: int = 0
        self._good: int = 0
        self._cooling: int = 0
        self._warming: int = 0
        self._best: float = _worst(node)
        self._reset()

    def step(self, metric: float) -> None:
        """Take the metric of one evaluation; `moved` says whether rates may have changed."""
        node, value = self.node, self._smoothed(metric)
        self.moved = False
        if self._cooling > 0:
            self._cooling -= 1
            self._bad = self._good = 0
        elif self._warming > 0:
            self._warming -= 1
            self._bad = self._good = 0
        else:
            if self._better(value, self._best):
                self._best, self._bad, self._good = value, 0, self._good + 1
            else:
                self._bad, self._good = self._bad + 1, 0
            if self._good > node.patience:
                self._raise()
                self._warming, self._good = node.warmup, 0
            elif self._bad > node.patience:
                self._reduce()
                self._cooling, self._bad = node.cooldown, 0

    def _smoothed(self, metric: float) -> float:
        """The mean of the last values, from a running sum as transformers keeps it."""
        if not self.node.smooth:
            return metric
        self._recent.append(metric)
        self._sum += metric
        if len(self._recent) > self.node.window:
            self._sum -= self._recent.popleft()
        return self._sum / len(self._recent)

    def _raise(self) -> None:
        self.moved = True
        for place, bounds in enumerate(self.groups):
            new = min(self.rates[place] / self.node.factor, bounds.highest)
            if new - self.rates[place] > self.node.eps:
                self.rates[place] = new
        self._left = self.node.reset_start

    def _reduce(self) -> None:
        self.moved = True
        for place, bounds in enumerate(self.groups):
            new = max(self.rates[place] * self.node.factor, bounds.lowest)
            if self.rates[place] - new > self.node.eps:
                self.rates[place] = new
        if all(rate <= bounds.lowest for rate, bounds in zip(self.rates, self.groups, strict=True)):
            self._left -= 1
            if self._left <= 0:
                self._reset()

    def _reset(self) -> None:
        self.rates = [bounds.base for bounds in self.groups]
        self._best = _worst(self.node)
        self._bad = self._good = self._cooling = self._warming = 0
        self._left = self.node.reset_start
        self._recent: deque[float] = deque()
        self._sum = 0.0
