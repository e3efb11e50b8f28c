"""The twelve schedulers of transformers as schedules of ours: parameters as `get_scheduler` takes them, a node back.

`lr` is the default rate of the optimizer: transformers turns `min_lr` and `lr_end` into fractions of that one, also
for groups with another rate. So the levels are fractions here. What becomes of a function of transformers and its
keywords is `lrdesigner.capturing.transformers_schedules`; here is how `get_scheduler` chooses these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

from lrdesigner.capturing import transformers_schedules as known
from lrdesigner.capturing.transformers_schedules import decay_steps as decay_steps
from lrdesigner.schedules import Absolute, Greedy, Plateau, RecordedTrace

EVERY_UPDATE = known.steps(1)


def rate_of(min_lr: float | None, min_lr_rate: float | None, lr: float) -> float:
    """The floor as a fraction; transformers wants exactly one of the two."""
    if (min_lr is None) == (min_lr_rate is None):
        raise ValueError("Give either min_lr or min_lr_rate.")
    return min_lr / lr if min_lr is not None else float(min_lr_rate or 0.0)


def linear(*, num_warmup_steps: int, num_training_steps: int, lr: float) -> Any:
    return known.linear(num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps)


def cosine(*, lr: float, num_cycles: float = 0.5, **steps: int) -> Any:
    return known.cosine(num_cycles=num_cycles, **steps)


def cosine_with_restarts(*, lr: float, num_cycles: int = 1, **steps: int) -> Any:
    return known.cosine_with_restarts(num_cycles=num_cycles, **steps)


def polynomial(*, lr: float, lr_end: float = 1e-7, power: float = 1.0, **steps: int) -> Any:
    return known.polynomial(lr_end=lr_end, power=power, lr_init=lr, **steps)


def constant(*, num_warmup_steps: int | None = None, num_training_steps: int | None = None, lr: float) -> Any:
    return known.constant()


def constant_with_warmup(*, num_warmup_steps: int, num_training_steps: int | None = None, lr: float) -> Any:
    return known.constant_with_warmup(num_warmup_steps=num_warmup_steps)


def inverse_sqrt(
    *, num_warmup_steps: int, num_training_steps: int | None = None, lr: float, timescale: int | None = None
) -> Any:
    return known.inverse_sqrt(num_warmup_steps=num_warmup_steps, timescale=timescale)


def cosine_with_min_lr(
    *, lr: float, num_cycles: float = 0.5, min_lr: float | None = None, min_lr_rate: float | None = None, **steps: int
) -> Any:
    return known.cosine(num_cycles=num_cycles, min_lr_rate=rate_of(min_lr, min_lr_rate, lr), **steps)


def cosine_warmup_with_min_lr(
    *,
    lr: float,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
    **steps: int,
) -> Any:
    floor = rate_of(min_lr, min_lr_rate, lr)
    return known.cosine_one_ahead(num_cycles=num_cycles, min_lr_rate=floor, warmup_lr_rate=warmup_lr_rate, **steps)


def warmup_stable_decay(
    *,
    num_warmup_steps: int,
    num_training_steps: int | None = None,
    lr: float,
    num_decay_steps: int,
    num_stable_steps: int | None = None,
    **parameters: Any,
) -> Any:
    if num_stable_steps is None:
        num_stable_steps = (num_training_steps or 0) - num_warmup_steps - num_decay_steps
    return known.warmup_stable_decay(
        num_warmup_steps=num_warmup_steps,
        num_stable_steps=num_stable_steps,
        num_decay_steps=num_decay_steps,
        **parameters,
    )


def reduce_lr_on_plateau(*, lr: float, metrics: Sequence[float], min_lr: float = 0.0, **parameters: Any) -> Plateau:
    trace = RecordedTrace(tuple(metrics))
    return Plateau(floor=Absolute(min_lr), every=EVERY_UPDATE, metric=trace, **parameters)


def greedy(
    *,
    lr: float,
    metrics: Sequence[float],
    min_lr: float = 1e-3,
    max_lr: float = 1.0,
    window_size: int = 50,
    **parameters: Any,
) -> Greedy:
    return Greedy(
        floor=Absolute(min_lr),
        ceiling=Absolute(max_lr),
        window=window_size,
        every=EVERY_UPDATE,
        metric=RecordedTrace(tuple(metrics)),
        **parameters,
    )


RECIPES: MappingProxyType[str, Callable[..., Any]] = MappingProxyType(
    {
        recipe.__name__: recipe
        for recipe in (
            linear,
            cosine,
            cosine_with_restarts,
            polynomial,
            constant,
            constant_with_warmup,
            inverse_sqrt,
            cosine_with_min_lr,
            cosine_warmup_with_min_lr,
            warmup_stable_decay,
            reduce_lr_on_plateau,
            greedy,
        )
    }
)
"""By the value of `SchedulerType`."""
