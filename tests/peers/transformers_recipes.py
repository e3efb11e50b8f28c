"""The twelve schedulers of transformers as schedules of ours: parameters as `get_scheduler` takes them, a node back.

`lr` is the default rate of the optimizer: transformers turns `min_lr` and `lr_end` into fractions of that one, also
for groups with another rate. So the levels are fractions here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Literal

from peers.recipe_parts import in_turn, line, part, steps

from lrdesigner.schedules import (
    Absolute,
    Constant,
    CosineWaves,
    Greedy,
    HardRestarts,
    InverseSqrt,
    OneMinusSqrt,
    Plateau,
    Polynomial,
    RecordedTrace,
    WarmupStableDecay,
)

Curve = Literal["linear", "cosine", "1-sqrt"]

EVERY_UPDATE = steps(1)


def warmed_up(num_warmup_steps: int, after: Any) -> Any:
    """The line from 0 to 1 that most types begin with; what follows starts at its own step 0."""
    return in_turn(part(line(0.0, 1.0, num_warmup_steps), num_warmup_steps), last=after)


def waves(num_cycles: float, floor: float, length: int) -> Any:
    """Cosine waves of either sign; without any it stays up."""
    if num_cycles == 0:
        return Constant(1.0)
    return CosineWaves(abs(num_cycles), floor, steps(length))


def decay_steps(num_warmup_steps: int, num_training_steps: int) -> int:
    """From the end of the warm-up to the end of training, as transformers counts them: at least one."""
    return max(1, num_training_steps - num_warmup_steps)


def rate_of(min_lr: float | None, min_lr_rate: float | None, lr: float) -> float:
    """The floor as a fraction; transformers wants exactly one of the two."""
    if (min_lr is None) == (min_lr_rate is None):
        raise ValueError("Give either min_lr or min_lr_rate.")
    return min_lr / lr if min_lr is not None else float(min_lr_rate or 0.0)


def linear(*, num_warmup_steps: int, num_training_steps: int, lr: float) -> Any:
    if num_training_steps <= num_warmup_steps:
        return warmed_up(num_warmup_steps, Constant(0.0))
    return warmed_up(num_warmup_steps, line(1.0, 0.0, decay_steps(num_warmup_steps, num_training_steps)))


def cosine(*, num_warmup_steps: int, num_training_steps: int, lr: float, num_cycles: float = 0.5) -> Any:
    return warmed_up(num_warmup_steps, waves(num_cycles, 0.0, decay_steps(num_warmup_steps, num_training_steps)))


def cosine_with_restarts(*, num_warmup_steps: int, num_training_steps: int, lr: float, num_cycles: int = 1) -> Any:
    length = decay_steps(num_warmup_steps, num_training_steps)
    if num_cycles == 0:
        return warmed_up(num_warmup_steps, in_turn(part(Constant(1.0), length), last=Constant(0.0)))
    return warmed_up(num_warmup_steps, HardRestarts(num_cycles, length=steps(length)))


def polynomial(
    *, num_warmup_steps: int, num_training_steps: int, lr: float, lr_end: float = 1e-7, power: float = 1.0
) -> Any:
    floor, length = lr_end / lr, num_training_steps - num_warmup_steps
    if length <= 0:
        return warmed_up(num_warmup_steps, Constant(floor))
    if power == 0:
        return warmed_up(num_warmup_steps, in_turn(part(Constant(1.0), length + 1), last=Constant(floor)))
    return warmed_up(num_warmup_steps, Polynomial(power, floor, steps(length)))


def constant(*, num_warmup_steps: int | None = None, num_training_steps: int | None = None, lr: float) -> Any:
    return Constant(1.0)


def constant_with_warmup(*, num_warmup_steps: int, num_training_steps: int | None = None, lr: float) -> Any:
    return warmed_up(num_warmup_steps, Constant(1.0))


def inverse_sqrt(
    *, num_warmup_steps: int, num_training_steps: int | None = None, lr: float, timescale: int | None = None
) -> Any:
    scale = timescale if timescale is not None else num_warmup_steps or 10_000
    return warmed_up(num_warmup_steps, InverseSqrt(steps(scale)))


def cosine_with_min_lr(
    *,
    num_warmup_steps: int,
    num_training_steps: int,
    lr: float,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> Any:
    length = decay_steps(num_warmup_steps, num_training_steps)
    return warmed_up(num_warmup_steps, waves(num_cycles, rate_of(min_lr, min_lr_rate, lr), length))


def cosine_warmup_with_min_lr(
    *,
    num_warmup_steps: int,
    num_training_steps: int,
    lr: float,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> Any:
    """Both parts are one update ahead: the warm-up ends at 1 with its last update, the cosine starts one step down."""
    w = num_warmup_steps
    after = waves(num_cycles, rate_of(min_lr, min_lr_rate, lr), decay_steps(w, num_training_steps))
    if warmup_lr_rate is None:
        return in_turn(part(line(0.0, 1.0, w), w, skip=1), last=after, skip=1)
    return in_turn(part(line(warmup_lr_rate, 1.0, w - 1 if w > 1 else 1), w), last=after, skip=1)


def warmup_stable_decay(
    *,
    num_warmup_steps: int,
    num_training_steps: int | None = None,
    lr: float,
    num_decay_steps: int,
    num_stable_steps: int | None = None,
    warmup_type: Curve = "linear",
    decay_type: Curve = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
) -> Any:
    """One shape as a rule; put together where the cool-down is waves, is cut off at its start, or is not there."""
    w, d, floor = num_warmup_steps, num_decay_steps, min_lr_ratio
    stable = num_stable_steps if num_stable_steps is not None else (num_training_steps or 0) - w - d
    whole = WarmupStableDecay(steps(w), floor, warmup_type, steps(d), decay_type, floor, steps(w + max(stable, 0) + d))
    if stable >= 0 and d > 0 and (decay_type != "cosine" or num_cycles == 0.5):
        return whole
    down = {
        "linear": line(1.0, floor, d),
        "cosine": waves(num_cycles, floor, max(1, d)),
        "1-sqrt": OneMinusSqrt(floor, steps(d)),
    }[decay_type]
    return in_turn(
        part(whole, w + max(stable, 0)),
        part(down, max(min(d, stable + d), 0), skip=max(-stable, 0)),
        last=Constant(floor),
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
