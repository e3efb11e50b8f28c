"""Which steps of the plan the updates of a trial take: the plan's own from some step on, or all of it, compressed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlanWalk:
    """So many updates; update u has the values of step `step(u)` of a plan of `total` steps.

    >>> [PlanWalk(total=10, updates=4, whole=True).step(update) for update in range(4)]
    [0, 2, 5, 7]
    >>> [PlanWalk(total=10, updates=4, start=3).step(update) for update in range(4)]
    [3, 4, 5, 6]
    """

    total: int
    updates: int
    start: int = 0
    whole: bool = False

    def step(self, update: int) -> int:
        """The step of the plan; after the last update where the plan has come to."""
        return update * self.total // self.updates if self.whole else self.start + update


def plan_walk(total: int, steps: int | None, start: int, whole: bool) -> PlanWalk:
    """The walk of a trial with this budget of updates (None: as many as there are); the plan's end is its end."""
    if whole:
        return PlanWalk(total, steps or total, whole=True)
    left = max(total - start, 1)
    return PlanWalk(total, min(steps or left, left), start)
