"""Groups with one schedule, and base rates in a plain ratio, as followers of the first of them."""

from __future__ import annotations

from typing import Any

from lrdesigner.capturing.parts import SAME_RATE
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.following import follow

DIGITS = 3
"""Of a ratio that a person would have written."""


def linked(design: Design) -> Design:
    """The design in which groups follow the first that has the same schedule, by as many times its base rate."""
    first: dict[Any, int] = {}
    for group in design.groups:
        if group.freeze:
            continue
        leader = design.group(first.setdefault(group.lr.schedule, group.id))
        scale = plain_ratio(group.lr.base, leader.lr.base)
        if leader.id == group.id or scale is None:
            continue
        try:
            design = follow(design, group.id, leader.id, scale)
        except UserError:  # out of bounds
            continue
    return design


def plain_ratio(one: float, other: float) -> float | None:
    """The ratio of two rates, if it is a number of few digits.

    >>> plain_ratio(3e-3, 1e-3), plain_ratio(1e-3, 3e-3)
    (3.0, None)
    """
    ratio = one / other
    short = float(f"{ratio:.{DIGITS}g}")
    return short if abs(short - ratio) <= SAME_RATE * ratio else None
