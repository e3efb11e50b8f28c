"""transformers' schedules as ours: by the name of the function behind a LambdaLR and what it was given.

The functions here take the same keywords as theirs, whatever release: what one lacks has the value that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from lrdesigner.schedules import (
    Constant,
    Cosine,
    CosineWaves,
    HardRestarts,
    InverseSqrt,
    Length,
    Level,
    Linear,
    OneMinusSqrt,
    Polynomial,
    Segment,
    Sequence,
    WarmupStableDecay,
)

Curve = Literal["linear", "cosine", "1-sqrt"]


def schedule_of(function: str, keywords: Mapping[str, Any]) -> Any:
    """The schedule of a function of transformers with these keywords; None for another function.

    >>> schedule_of("_get_constant_schedule_with_warmup_lr_lambda", {"num_warmup_steps": 0})
    Constant(factor=1.0)

    Raises TypeError, ValueError or a validation error for keywords that are not of this function.
    """
    made = _BY_FUNCTION.get(function)
    return None if made is None else made(**keywords)


def steps(count: int) -> Length:
    """So many steps."""
    return Length(float(count), "steps")


def line(start: Level, end: Level, length: int) -> Linear:
    """A line over so many steps."""
    return Linear(start, end, steps(length))


def part(schedule: Any, length: int, skip: int = 0) -> Segment:
    """A segment of so many steps that enters its schedule late."""
    return Segment(schedule, steps(length), steps(skip))


def in_turn(*parts: Segment, last: Any, skip: int = 0) -> Any:
    """One after the other, the last one for ever; parts of no length are left out."""
    lasting = [part for part in parts if part.length.value > 0]
    if not lasting and skip == 0:
        return last
    return Sequence((*lasting, Segment(last, skip=steps(skip))))


def warmed_up(num_warmup_steps: int, after: Any) -> Any:
    """The line from 0 to 1 that most of them begin with; what follows starts at its own step 0."""
    return in_turn(part(line(0.0, 1.0, num_warmup_steps), num_warmup_steps), last=after)


def waves(num_cycles: float, floor: float, length: int) -> Any:
    """Cosine waves of either sign; half a one is the usual decay, without any it stays up."""
    if num_cycles == 0:
        return Constant(1.0)
    if abs(num_cycles) == 0.5:
        return Cosine(floor, steps(length))
    return CosineWaves(abs(num_cycles), floor, steps(length))


def decay_steps(num_warmup_steps: int, num_training_steps: int) -> int:
    """From the end of the warm-up to the end of training, as transformers counts them: at least one."""
    return max(1, num_training_steps - num_warmup_steps)


def linear(*, num_warmup_steps: int, num_training_steps: int) -> Any:
    """`linear`."""
    if num_training_steps <= num_warmup_steps:
        return warmed_up(num_warmup_steps, Constant(0.0))
    return warmed_up(num_warmup_steps, line(1.0, 0.0, decay_steps(num_warmup_steps, num_training_steps)))


def cosine(*, num_warmup_steps: int, num_training_steps: int, num_cycles: float, min_lr_rate: float = 0.0) -> Any:
    """`cosine` and `cosine_with_min_lr`."""
    length = decay_steps(num_warmup_steps, num_training_steps)
    return warmed_up(num_warmup_steps, waves(num_cycles, min_lr_rate, length))


def cosine_with_restarts(*, num_warmup_steps: int, num_training_steps: int, num_cycles: int) -> Any:
    """`cosine_with_restarts`."""
    length = decay_steps(num_warmup_steps, num_training_steps)
    if num_cycles == 0:
        return warmed_up(num_warmup_steps, in_turn(part(Constant(1.0), length), last=Constant(0.0)))
    return warmed_up(num_warmup_steps, HardRestarts(num_cycles, length=steps(length)))


def polynomial(*, num_warmup_steps: int, num_training_steps: int, lr_end: float, power: float, lr_init: float) -> Any:
    """`polynomial`: its end is a share of the optimizer's default rate, for every group."""
    floor, length = lr_end / lr_init, num_training_steps - num_warmup_steps
    if length <= 0:
        return warmed_up(num_warmup_steps, Constant(floor))
    if power == 0:
        return warmed_up(num_warmup_steps, in_turn(part(Constant(1.0), length + 1), last=Constant(floor)))
    return warmed_up(num_warmup_steps, Polynomial(power, floor, steps(length)))


def constant() -> Any:
    """`constant`."""
    return Constant(1.0)


def constant_with_warmup(*, num_warmup_steps: int) -> Any:
    """`constant_with_warmup`."""
    return warmed_up(num_warmup_steps, Constant(1.0))


def inverse_sqrt(*, num_warmup_steps: int, timescale: int | None = None) -> Any:
    """`inverse_sqrt`."""
    scale = timescale if timescale is not None else num_warmup_steps or 10_000
    return warmed_up(num_warmup_steps, InverseSqrt(steps(scale)))


def cosine_one_ahead(
    *,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float,
    min_lr_rate: float = 0.0,
    warmup_lr_rate: float | None = None,
) -> Any:
    """`cosine_warmup_with_min_lr`: the warm-up ends at 1 with its last update, the cosine starts one step down."""
    w = num_warmup_steps
    after = waves(num_cycles, min_lr_rate, decay_steps(w, num_training_steps))
    if warmup_lr_rate is None:
        return in_turn(part(line(0.0, 1.0, w), w, skip=1), last=after, skip=1)
    return in_turn(part(line(warmup_lr_rate, 1.0, w - 1 if w > 1 else 1), w), last=after, skip=1)


def warmup_stable_decay(
    *,
    num_warmup_steps: int,
    num_stable_steps: int,
    num_decay_steps: int,
    warmup_type: Curve = "linear",
    decay_type: Curve = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
) -> Any:
    """`warmup_stable_decay`: put together where the cool-down is waves, is cut off at its start, or is not there."""
    w, d, floor, stable = num_warmup_steps, num_decay_steps, min_lr_ratio, num_stable_steps
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


_BY_FUNCTION: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "_get_constant_lambda": constant,
        "_get_constant_schedule_with_warmup_lr_lambda": constant_with_warmup,
        "_get_linear_schedule_with_warmup_lr_lambda": linear,
        "_get_cosine_schedule_with_warmup_lr_lambda": cosine,
        "_get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda": cosine_with_restarts,
        "_get_polynomial_decay_schedule_with_warmup_lr_lambda": polynomial,
        "_get_inverse_sqrt_schedule_lr_lambda": inverse_sqrt,
        "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda": cosine_one_ahead,
        "_get_wsd_scheduler_lambda": warmup_stable_decay,
    }
)
