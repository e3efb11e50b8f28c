"""The schedulers of timm as schedules of ours: parameters as its classes take them, counted in updates; a node back.

Levels are absolute here, as they are there. `lr` is the base value of the group, for the few places where a level has
to be worked out from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Literal

from peers.recipe_parts import held, in_turn, line, part, steps

from lrdesigner.schedules import (
    Absolute,
    Clamp,
    Constant,
    Cosine,
    CosineRestarts,
    Expression,
    InverseSqrt,
    InverseTime,
    Level,
    MultiStep,
    OneMinusSqrt,
    Polynomial,
    Product,
    Repeat,
    StepDecay,
    Tanh,
)

StableFunction = Literal["constant", "rsqrt", "power"]
DecayFunction = Literal["linear", "1-sqrt", "cosine", "power", "exp"]


def warmed_up(after: Any, warmup_t: int, warmup_lr_init: float, warmup_prefix: bool, end: Level = 1.0) -> Any:
    """The line that all begin with. With a prefix what follows starts at its own step 0, else it has gone on since."""
    up = line(Absolute(warmup_lr_init), end, warmup_t)
    return in_turn(part(up, warmup_t), last=after, skip=0 if warmup_prefix else warmup_t)


def cosine(
    *,
    lr: float,
    t_initial: int,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    k_decay: float = 1.0,
) -> Any:
    floor = Absolute(lr_min)
    cycles = CosineRestarts(steps(t_initial), cycle_mul, cycle_decay, cycle_limit, floor, k_decay)
    return warmed_up(cycles if cycle_limit else held(floor), warmup_t, warmup_lr_init, warmup_prefix)


def poly(
    *,
    lr: float,
    t_initial: int,
    power: float = 0.5,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
    k_decay: float = 1.0,
) -> Any:
    cycle = Polynomial(power, k=k_decay) if power else Constant(1.0)
    cycles = _repeated(cycle, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    return warmed_up(cycles, warmup_t, warmup_lr_init, warmup_prefix)


def tanh(
    *,
    lr: float,
    t_initial: int,
    lb: float = -7.0,
    ub: float = 3.0,
    lr_min: float = 0.0,
    cycle_mul: float = 1.0,
    cycle_decay: float = 1.0,
    cycle_limit: int = 1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = False,
) -> Any:
    """Without a prefix timm's warm-up does not aim at the base value but at the curve that it meets."""
    cycles = _repeated(Tanh(lb, ub), t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    end = 1.0
    if not warmup_prefix and warmup_t:
        end = _tanh_at(warmup_t, lr, t_initial, lb, ub, lr_min, cycle_mul, cycle_decay, cycle_limit)
    return warmed_up(cycles, warmup_t, warmup_lr_init, warmup_prefix, end)


def _repeated(cycle: Any, length: int, lr_min: float, growth: float, decay: float, limit: int) -> Any:
    floor = Absolute(lr_min)
    return Repeat(cycle, steps(length), growth, decay, limit, floor) if limit else held(floor)


def _tanh_at(
    t: int, lr: float, length: float, lb: float, ub: float, lr_min: float, growth: float, decay: float, limit: int
) -> float:
    """The factor of the cycles at step t."""
    start, cycle = 0.0, 0
    while t >= start + length and cycle < limit:
        start, length, cycle = start + length, length * growth, cycle + 1
    floor = lr_min / lr
    if cycle >= limit:
        return floor
    z = (t - start) / length
    return floor + (decay**cycle - floor) * (1 - math.tanh(lb * (1 - z) + ub * z)) / 2


def step(
    *,
    lr: float,
    decay_t: int,
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
) -> Any:
    return warmed_up(StepDecay(steps(decay_t), decay_rate), warmup_t, warmup_lr_init, warmup_prefix)


def constant(*, lr: float, warmup_t: int = 0, warmup_lr_init: float = 0.0, warmup_prefix: bool = True) -> Any:
    return warmed_up(Constant(1.0), warmup_t, warmup_lr_init, warmup_prefix)


def multistep(
    *,
    lr: float,
    decay_t: Sequence[int],
    decay_rate: float = 1.0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    warmup_prefix: bool = True,
) -> Any:
    """timm's milestones act one update early."""
    milestones = tuple(steps(max(milestone - 1, 0)) for milestone in decay_t)
    return warmed_up(MultiStep(milestones, decay_rate), warmup_t, warmup_lr_init, warmup_prefix)


def wsd(
    *,
    lr: float,
    t_initial: int,
    decay_t: int,
    lr_min: float = 0.0,
    stable_fn: StableFunction = "constant",
    stable_timescale: int | None = None,
    stable_power: float = 0.5,
    decay_fn: DecayFunction = "1-sqrt",
    decay_power: float = 0.5,
    decay_ratio: float = 0.1,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
) -> Any:
    """Shapes in turn; over a falling stable phase the cool-down is multiplied, or a formula where both have a floor."""
    floor, stay = Absolute(lr_min), t_initial - decay_t
    scale = stable_timescale if stable_timescale is not None else warmup_t
    powers = {"constant": 0.0, "rsqrt": 0.5, "power": stable_power}
    stable = {
        "constant": lambda: Constant(1.0),
        "rsqrt": lambda: InverseSqrt(steps(scale)),
        "power": lambda: InverseTime(1.0, steps(scale), power=stable_power),
    }[stable_fn]()
    down = {
        "linear": line(1.0, floor, decay_t),
        "1-sqrt": OneMinusSqrt(floor, steps(decay_t)),
        "cosine": Cosine(floor, steps(decay_t)),
        "power": Polynomial(1.0, floor, steps(decay_t), k=decay_power),
        "exp": Expression(f"{lr_min / lr} + (1 - {lr_min / lr}) * ({_fall('exp', 'progress', 0.0, decay_ratio)})"),
    }[decay_fn]
    whole = in_turn(part(Constant(1.0), stay), part(down, decay_t), last=held(floor))
    if stable_fn != "constant" and lr_min == 0:
        whole = Product((stable, whole))
    elif stable_fn != "constant":
        level = f"max((1 + step / {scale}) ** {-powers[stable_fn]}, {lr_min / lr})"
        fall = _fall(decay_fn, f"(step - {stay}) / {decay_t}", decay_power, decay_ratio)
        both = Expression(f"{lr_min / lr} + ({level} - {lr_min / lr}) * ({fall})")
        whole = in_turn(part(Clamp(stable, floor), stay), part(both, decay_t, skip=stay), last=held(floor))
    return warmed_up(whole, warmup_t, warmup_lr_init, warmup_prefix=True)


def rsqrt(*, decay_fn: DecayFunction = "linear", **parameters: Any) -> Any:
    return wsd(stable_fn="rsqrt", decay_fn=decay_fn, **parameters)


def _fall(decay_fn: DecayFunction, x: str, power: float, ratio: float) -> str:
    """timm's decay functions as formulas, from 1 to 0 while x goes from 0 to 1."""
    return {
        "linear": f"1 - {x}",
        "1-sqrt": f"1 - sqrt({x})",
        "cosine": f"(1 + cos(pi * {x})) / 2",
        "power": f"1 - ({x}) ** {power}",
        "exp": f"({ratio} ** ({x}) - {ratio}) / (1 - {ratio})",
    }[decay_fn]


RECIPES: MappingProxyType[str, Callable[..., Any]] = MappingProxyType(
    {recipe.__name__: recipe for recipe in (cosine, tanh, poly, step, multistep, constant, wsd, rsqrt)}
)
"""By the name in `create_scheduler_v2`."""
