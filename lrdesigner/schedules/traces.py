"""Traces of a metric, for schedules that it steers: one assumed, or one recorded in a trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from lrdesigner.errors import InvalidValueError
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.length import Length, Span

MOST_EVALUATIONS = 100_000
"""Evaluations that are looked at in one run; what a rate is after the last of them, it stays."""

Floats = NDArray[np.float64]

Metric = Annotated[float, Meta(ge=-1e9, le=1e9)]


class AssumedTrace(Struct, frozen=True, tag_field="trace", tag="assumed", forbid_unknown_fields=True):
    """A metric that falls (or, for mode max, rises) exponentially from a start to an end, as learning usually does.

    metric(step) = end + (start - end) * exp(-step / time).
    """

    start: Annotated[Metric, Meta(title="Metric at first", description="Before training.")] = 2.3
    end: Annotated[Metric, Meta(title="Metric at last", description="Where it levels off.")] = 0.3
    time: Annotated[Length, Meta(title="Within", description="Time in which two thirds of the way are gone.")] = Length(
        10, "percent"
    )


class RecordedTrace(
    Struct, frozen=True, cache_hash=True, tag_field="trace", tag="recorded", forbid_unknown_fields=True
):
    """The metric of a finished trial, one value per evaluation; the last one is held."""

    values: Annotated[tuple[float, ...], Meta(min_length=1, max_length=MOST_EVALUATIONS)]
    source: Annotated[str, Meta(max_length=200)] = ""

    def __post_init__(self) -> None:
        wrong = next((place for place, value in enumerate(self.values, 1) if not math.isfinite(value)), None)
        if wrong is not None:
            raise InvalidValueError(f"Value {wrong:,} of the recorded metric is not a finite number.")


Trace = AssumedTrace | RecordedTrace


def values_of(trace: Trace, every: int, count: int, span: Span) -> list[float]:
    """The metric at each of `count` evaluations, made after `every`, 2 * `every` ... updates."""
    if isinstance(trace, RecordedTrace):
        held = max(count - len(trace.values), 0)
        return [*trace.values[:count], *[trace.values[-1]] * held]
    steps = every * np.arange(1, count + 1, dtype=np.float64)
    found: list[float] = (
        trace.end + (trace.start - trace.end) * np.exp(-steps / steps_of(trace, "time", span))
    ).tolist()
    return found


def losses_per_evaluation(
    steps: Sequence[float] | Floats, losses: Sequence[float] | Floats, every: int, end: int
) -> tuple[float, ...]:
    """What a trial's losses are at each evaluation: the mean over the `every` steps of the plan before it.

    `steps` are those of the plan, from 0 on, that the losses belong to, in order; the trial ended before step `end`.
    Losses after the last whole evaluation do not count. Where a compressed trial had none between two evaluations, the
    values around are joined by a line.

    >>> losses_per_evaluation([0, 1, 2, 3, 4], [4.0, 2.0, 1.0, 1.0, 9.0], 2, 5)
    (3.0, 1.0)
    >>> losses_per_evaluation([0, 5], [4.0, 2.0], 2, 10)
    (4.0, 3.0, 2.0)
    """
    places = np.asarray(steps, dtype=np.int64) // every
    whole = places < min(end // every, MOST_EVALUATIONS)
    places, values = places[whole], np.asarray(losses, dtype=np.float64)[whole]
    numbers = np.bincount(places)
    known = np.flatnonzero(numbers)
    if not known.size:
        return ()
    means = np.bincount(places, weights=values)[known] / numbers[known]
    found: list[float] = np.interp(np.arange(known[-1] + 1), known, means).tolist()
    return tuple(found)
