"""A schedule as the program draws it, beside what a peer's scheduler really did."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import numpy as np

from lrdesigner.curves import relative_difference, track_values
from lrdesigner.document import Plan, Track

TOLERANCE = 1e-9
"""Of the base value."""


def as_saved(node: Any, base: float = 1.0) -> Track:
    """The track as a design file holds it, so that every field is within its bounds; raises `ValidationError`."""
    return msgspec.convert(msgspec.to_builtins(Track(base, node)), Track)


def drawn(node: Any, base: float, count: int) -> np.ndarray:
    """Our rate at updates 0 to `count - 1`, in a run of one update fewer: the last is the value held at its end."""
    return track_values(as_saved(node, base), Plan(epoch=max(count - 1, 1), epochs=1), np.arange(count))


def differing(real: np.ndarray, node: Any, base: float) -> list[int]:
    """The updates at which the two are further apart than allowed."""
    apart = relative_difference(real, drawn(node, base, len(real)), base)
    return np.flatnonzero(apart > TOLERANCE).tolist()


def assert_same(real: np.ndarray, node: Any, bases: float | Sequence[float], skip: Collection[int] = ()) -> None:
    """At every update but those to `skip`, and for each group where there are several."""
    columns = [(bases, real)] if isinstance(bases, (int, float)) else list(zip(bases, real.T, strict=True))
    for base, rates in columns:
        wrong = [update for update in differing(rates, node, base) if update not in skip][:5]
        ours = drawn(node, base, len(rates))
        assert not wrong, f"at {wrong} of {len(rates)}: {rates[wrong]}, ours {ours[wrong]}; {node}"
