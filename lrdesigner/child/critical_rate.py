"""Which multiple of its rate would raise the loss along the update that was just made, for each group by itself.

After arXiv 2601.16979: the loss alone is computed, a few times for each group, on a line through the weights before and
after the update. Other groups stay at their weights before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdesigner.child.norms import fetched, norms_of

if TYPE_CHECKING:
    import torch
    from torch import nn

LARGEST = 64.0
SMALLEST = 1 / 64
BISECTIONS = 3
"""After doublings have found a pair of factors, it is narrowed down to a ratio of 2 ** (1 / 8), about 9 %."""


@dataclass(frozen=True)
class Critical:
    """The smallest multiple found to raise the loss, None where none up to `largest_tried` did or nothing moved."""

    factor: float | None
    largest_tried: float
    evaluations: int


@dataclass(frozen=True)
class Moved:
    """A parameter with its values before and after an update."""

    parameter: nn.Parameter
    before: torch.Tensor
    after: torch.Tensor

    def put(self, factor: float) -> None:
        """Let it have made so many times its step."""
        self.parameter.data.copy_(self.before + factor * (self.after - self.before))


def critical_factors(loss: Callable[[], float], groups: Mapping[str, Sequence[Moved]]) -> dict[str, Critical]:
    """For each group by name, and under "" for all at once; the weights are those after the update again."""
    every = {id(m.parameter): m for moved in groups.values() for m in moved}
    changed = _changed(every)
    try:
        for moved in every.values():
            moved.put(0.0)
        start = loss()
        return {
            name: _search(loss, [moved for moved in members if id(moved.parameter) in changed], start)
            for name, members in {**groups, "": list(every.values())}.items()
        }
    finally:
        for moved in every.values():
            moved.parameter.data.copy_(moved.after)


def _changed(every: Mapping[int, Moved]) -> frozenset[int]:
    """Those that the update changed; of a tensor that processes share, any part of it."""
    norms = fetched(norms_of([moved.after - moved.before for moved in every.values()]))
    return frozenset(key for key, norm in zip(every, norms, strict=True) if norm != 0)


def _search(loss: Callable[[], float], moving: Sequence[Moved], start: float) -> Critical:
    if not moving or not math.isfinite(start):
        return Critical(None, 0.0, 0)
    tried: dict[float, bool] = {}

    def raises(factor: float) -> bool:
        for moved in moving:
            moved.put(factor)
        value = loss()
        tried[factor] = not value <= start  # also what is not finite
        return tried[factor]

    factor = 1.0
    if raises(factor):
        while factor > SMALLEST and raises(factor / 2):
            factor /= 2
        low, high = factor / 2, factor
    else:
        while factor < LARGEST and not raises(factor * 2):
            factor *= 2
        low, high = factor, factor * 2
    found = tried.get(high, False)
    if found and not tried.get(low, True):
        for _ in range(BISECTIONS):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if raises(middle) else (middle, high)
    for moved in moving:
        moved.put(0.0)
    return Critical(high if found else None, max(tried), len(tried))
