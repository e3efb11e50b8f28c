"""Multiples of the rates: what they would be, and taking one over into the design, which is one edit."""

from __future__ import annotations

import numpy as np

from lrdesigner import edits
from lrdesigner.curves import lanes_values
from lrdesigner.document import HIGHEST_RATE, Design
from lrdesigner.errors import InvalidValueError
from lrdesigner.tracks import lane_of

LONGEST_LOOK = 10_000
"""Steps at which the rates are looked at."""


def use_multiplier(design: Design, multiplier: float, group: int | None = None) -> Design:
    """Multiply the base rate of a group, or of all (those that follow another go with it), to three digits.

    Raises `InvalidValueError` for a rate that cannot be.
    """
    led = [g for g in design.groups if (g.follow is None if group is None else g.id == group)]
    for found in led:
        base = float(f"{found.lr.base * multiplier:.3g}")
        if not 0 < base <= HIGHEST_RATE:
            raise InvalidValueError(f"{found.name!r} cannot have a base lr of {base:g}; choose a smaller multiple.")
        design = edits.set_base_lr(design, found.id, base)
    return design


def multiplied_rates(design: Design, multiplier: float, group: str = "") -> list[tuple[str, float]]:
    """The base rate of each group at a multiplier, or of the one that alone is multiplied, to three digits.

    >>> from lrdesigner.demos import demo_design
    >>> multiplied_rates(demo_design(), 0.5, "head")
    [('head', 0.002)]
    """
    told = [found for found in design.groups if found.name == group or not group]
    return [(found.name, float(f"{found.lr.base * multiplier:.3g}")) for found in told]


def full_rate_step(design: Design) -> int:
    """The first step at which the rates, taken together, are highest: where a warm-up is over."""
    plan = design.plan
    steps = np.unique(np.linspace(0, plan.total_steps - 1, LONGEST_LOOK).astype(np.int64))
    shares = sum(lanes_values([lane_of(g, "lr", plan)], plan, steps)[0] / g.lr.base for g in design.groups)
    return int(steps[int(np.argmax(np.nan_to_num(shares)))])
