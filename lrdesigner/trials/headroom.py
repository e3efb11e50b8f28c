"""Headroom: how many times its rate a group could have had before the loss rose, and which group limits the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from lrdesigner.jobs.protocol import CriticalRate
from lrdesigner.numbers import rate
from lrdesigner.trials.options import TrialOptions

PROBED_STEPS, PROBES = 100, 3


def probing_options(options: TrialOptions, total_steps: int) -> TrialOptions:
    """Of a short trial at the planned rates that looks for critical ones, where a range test has these options."""
    left = max(total_steps - options.start, 1)
    return replace(options, steps=min(PROBED_STEPS, left), probes=PROBES, diagnose_every=0)


def latest_rates(reports: Iterable[CriticalRate], groups: Sequence[str]) -> list[CriticalRate]:
    """The last report about each of these groups of the design, in their order, and then about all at once."""
    found = {report.group: report for report in reports}
    return [found[name] for name in (*groups, "") if name in found]


def limiting(rates: Iterable[CriticalRate]) -> CriticalRate | None:
    """The group whose rate is nearest to its critical one; None when no critical rate was found.

    >>> limiting([CriticalRate(9, "a", 0.1, 4.0, 8.0, 5), CriticalRate(9, "b", 1.0, 2.0, 4.0, 5)]).group
    'b'
    """
    known = [(found.factor, found) for found in rates if found.group and found.factor is not None]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def moved(found: CriticalRate) -> bool:
    """Whether the group made a step when its rate was looked for."""
    return found.factor is not None or found.largest_tried > 0


def headroom_lines(reports: Iterable[CriticalRate], groups: Sequence[str]) -> list[str]:
    """The latest of each group in words, a line for each."""
    latest = [found for found in latest_rates(reports, groups) if found.group]
    limit = limiting(latest)
    return [_line(found, limits=limit is not None and found.factor == limit.factor) for found in latest]


def _line(found: CriticalRate, limits: bool) -> str:
    if not moved(found):
        return f"{found.group}: did not move at step {found.step:,}"
    if found.factor is None:
        most = rate(found.largest_tried)
        return f"{found.group}: the loss does not rise up to {most} times its rate, at step {found.step:,}"
    words = ", which limits the run" if limits else ""
    return f"{found.group}: the loss rises at {rate(found.factor)} times its rate, at step {found.step:,}{words}"
