"""Headroom: how many times its rate a group could have had before the loss rose, and which group limits the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lrdesigner.jobs.protocol import CriticalRate
from lrdesigner.numbers import rate


@dataclass(frozen=True, slots=True)
class Headroom:
    """The last finding about a group: critical over scheduled rate, None where it is beyond `at_least` or unmoved."""

    group: str
    factor: float | None
    at_least: float
    step: int
    limits: bool = False

    @property
    def moved(self) -> bool:
        """Whether the group made a step when it was looked for."""
        return self.at_least > 0


def headroom(reports: Iterable[CriticalRate]) -> tuple[Headroom, ...]:
    """Of each group of the design by the last report about it, in their order; the lowest one limits the run.

    >>> from lrdesigner.jobs.protocol import CriticalRate
    >>> reports = CriticalRate(9, "a", 0.1, 4.0, 8.0, 5), CriticalRate(9, "b", 1.0, 2.0, 4.0, 5)
    >>> [found.limits for found in headroom(reports)]
    [False, True]
    """
    last = {report.group: report for report in reports if report.group}
    known = [report.factor for report in last.values() if report.factor is not None]
    least = min(known, default=None)
    return tuple(
        Headroom(r.group, r.factor, r.largest_tried, r.step, limits=r.factor is not None and r.factor == least)
        for r in last.values()
    )


def headroom_lines(reports: Iterable[CriticalRate]) -> list[str]:
    """The same in words, a line for each group."""
    return [_line(found) for found in headroom(reports)]


def _line(found: Headroom) -> str:
    if not found.moved:
        return f"{found.group}: did not move at step {found.step:,}"
    if found.factor is None:
        most = rate(found.at_least)
        return f"{found.group}: the loss does not rise up to {most} times its rate, at step {found.step:,}"
    words = ", which limits the run" if found.limits else ""
    return f"{found.group}: the loss rises at {rate(found.factor)} times its rate, at step {found.step:,}{words}"
