"""Values that stay for a while and then fall by one factor, whoever made them: as the plain shapes they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lrdesigner.schedules import Exponential, Length, MultiStep, Span, StepDecay
from lrdesigner.schedules.shape import Factors

MOST_MILESTONES = 20
"""So many a person would still have written down."""

_SAME = 1e-9


def stair_shapes(factors: Factors, span: Span) -> Iterator[Any]:
    """Shapes that factors from step 0 on may be: multiplied by one gamma, at regular intervals or at a few steps.

    >>> [str(shape.every) for shape in stair_shapes(np.repeat([1.0, 0.5, 0.25], 20), Span(60, 60, 20))]
    ['1 epoch']
    """
    drops = (np.flatnonzero(factors[1:] != factors[:-1]) + 1).tolist()
    levels = factors[[0, *drops]]
    if not drops or abs(levels[0] - 1) > _SAME or not (levels > 0).all():
        return
    ratios = levels[1:] / levels[:-1]
    gamma = float(f"{ratios[0]:.12g}")
    if (np.abs(ratios / gamma - 1) > _SAME).any():
        return
    every = drops[0]
    if len(drops) > 1 and drops == list(range(every, len(factors), every)):
        if every in (1, span.steps_per_epoch):
            yield Exponential(gamma, length_of(every, span), stairs=every > 1)
        else:
            yield StepDecay(length_of(every, span), gamma)
    elif len(drops) <= MOST_MILESTONES:
        yield MultiStep(tuple(length_of(drop, span) for drop in drops), gamma)


def length_of(steps: int, span: Span) -> Length:
    """In whole epochs where it is so many, else in steps."""
    epochs, more = divmod(steps, span.steps_per_epoch)
    if span.steps_per_epoch > 1 and more == 0:
        return Length(float(epochs), "epochs")
    return Length(float(steps), "steps")
