"""Schedulers of torch and transformers as our shapes, by type and attributes.

These are guesses: torch has traps, so whoever asks must compare the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from lrdesigner.capturing.description import LiveGroup, LiveScheduler
from lrdesigner.capturing.transformers_schedules import schedule_of
from lrdesigner.errors import UserError
from lrdesigner.schedules import (
    REST,
    Absolute,
    Anneal,
    Constant,
    Cosine,
    CosineRestarts,
    CosineWaves,
    Cyclic,
    Exponential,
    Length,
    Level,
    Linear,
    Multiplicative,
    MultiStep,
    OneCycle,
    OneCycleMomentum,
    Polynomial,
    Product,
    Segment,
    Sequence,
    StepDecay,
    children_of,
)
from lrdesigner.schedules.registry import shape_of

# What attributes of another release of torch, or values that a person wrote there, lead to.
_SURPRISES = (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError, OverflowError, UserError)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a track may be: value(step) = base x factor(step) of the node."""

    base: float
    node: Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One scheduler, asked about one param group of its optimizer.

    It acts for `steps` of its own steps, each `every` updates long; `start` is the rate that it starts from,
    `values` those that the group's rate really has, from step 0.
    """

    scheduler: LiveScheduler
    group: LiveGroup
    place: int
    steps: int
    every: int
    start: float
    steps_per_epoch: int
    values: tuple[float, ...] = ()

    def __getitem__(self, name: str) -> Any:
        """An attribute of the scheduler; raises KeyError."""
        return self.scheduler.attributes[name]

    def own(self, name: str) -> float:
        """The entry for this group of an attribute that lists one for each."""
        return float(self[name][self.place])

    def length(self, steps: float) -> Length:
        """So many of the scheduler's own steps; epochs stay epochs."""
        if self.every == self.steps_per_epoch > 1:
            return Length(float(steps), "epochs")
        return Length(float(steps * self.every), "steps")

    @property
    def smooth(self) -> bool:
        """Whether it is stepped at every update; of other schedulers the curves are stairs."""
        return self.every == 1


def lr_guesses(asked: Asked) -> Iterator[Guess]:
    """What the lr may be, the likeliest first; nothing for what is no scheduler of torch."""
    kind = asked.scheduler.type
    try:
        if kind == "torch.optim.lr_scheduler.SequentialLR":
            yield from _sequential(asked)
        elif kind == "torch.optim.lr_scheduler.ChainedScheduler":
            yield from chained(asked, asked.scheduler.children)
        elif kind in _SHAPES:
            yield from _SHAPES[kind](asked)
    except _SURPRISES:
        return


def momentum_guesses(asked: Asked) -> Iterator[Guess]:
    """What momentum, or beta1, may be beside a cycling rate."""
    try:
        match asked.scheduler.type:
            case "torch.optim.lr_scheduler.CyclicLR" if asked.smooth and asked["cycle_momentum"]:
                (rate,) = _cyclic(asked)
                low = Absolute(asked.own("base_momentums"))
                yield Guess(asked.own("max_momentums"), replace(rate.node, low=low, inverted=True))
            case "torch.optim.lr_scheduler.OneCycleLR" if asked.smooth and asked["cycle_momentum"]:
                (rate,) = _one_cycle(asked)
                base = float(asked.group.options["max_momentum"])
                node = OneCycleMomentum(
                    pct_start=rate.node.pct_start,
                    low=_neat(float(asked.group.options["base_momentum"]) / base),
                    anneal=rate.node.anneal,
                    three_phase=rate.node.three_phase,
                    length=rate.node.length,
                )
                yield Guess(base, node)
    except _SURPRISES:
        return


def chained(asked: Asked, children: tuple[LiveScheduler, ...]) -> Iterator[Guess]:
    """Schedulers that are all stepped each time: their product, or the last one alone, if it overwrites the others."""
    parts = [next(lr_guesses(_child(asked, child, asked.steps, asked.start)), None) for child in children]
    if parts and all(part is not None for part in parts):
        yield Guess(asked.start, Product(tuple(_rebased(part, asked.start) for part in parts if part is not None)))
    if parts and parts[-1] is not None:
        yield parts[-1]


def _sequential(asked: Asked) -> Iterator[Guess]:
    milestones = [int(step) for step in asked["_milestones"]]
    bounds = [0, *(min(step, asked.steps) for step in milestones), asked.steps]
    if bounds != sorted(bounds) or len(asked.scheduler.children) != len(milestones) + 1:
        return
    parts = []
    for number, child in enumerate(asked.scheduler.children):
        # The first starts from the initial rate, whoever wrote that; the others from what they remember of it.
        base = asked.start if number == 0 else _remembered(child, asked)
        parts.append(next(lr_guesses(_child(asked, child, bounds[number + 1] - bounds[number], base)), None))
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return
    base = max(part.base for part in known)
    lengths = [asked.length(end - start) for start, end in pairwise(bounds)]
    lengths[-1] = REST
    yield Guess(
        base,
        Sequence(tuple(Segment(_rebased(p, base), length) for p, length in zip(known, lengths, strict=True))),
    )


def _child(asked: Asked, child: LiveScheduler, steps: int, start: float) -> Asked:
    return Asked(child, asked.group, asked.place, steps, asked.every, start, asked.steps_per_epoch)


def _remembered(child: LiveScheduler, asked: Asked) -> float:
    rates = child.attributes.get("base_lrs")
    if isinstance(rates, list) and len(rates) > asked.place and isinstance(rates[asked.place], int | float):
        return float(rates[asked.place])
    return asked.start


def _rebased(guess: Guess, base: float) -> Any:
    """The node as a factor of another base value."""
    if guess.base == base:
        return guess.node
    return Product((Constant(guess.base / base), _relative(guess.node, guess.base)))


def _relative(node: Any, base: float) -> Any:
    """With absolute levels as factors of `base`."""
    for index, child in enumerate(children_of(node)):
        node = shape_of(node).with_child(node, index, _relative(child, base))
    levels = {n: v for n in node.__struct_fields__ if isinstance(v := getattr(node, n), Absolute)}
    return replace(node, **{name: level.absolute / base for name, level in levels.items()}) if levels else node


def _level(value: float) -> Level:
    """A rate that torch has as a number; 0 is 0 for every base value."""
    return Absolute(value) if value else 0.0


def _neat(value: float) -> float:
    """Without the noise of a division."""
    return float(f"{value:.13g}")


# One function per class of torch. What is stepped once per epoch gives stairs, which only a few shapes have.


def _step(asked: Asked) -> Iterator[Guess]:
    yield Guess(asked.start, StepDecay(asked.length(asked["step_size"]), float(asked["gamma"])))


def _multistep(asked: Asked) -> Iterator[Guess]:
    # A milestone between two steps never comes.
    found = [asked.length(step) for step in asked["milestones"] if float(step).is_integer() and step >= 0]
    yield Guess(asked.start, MultiStep(tuple(found), float(asked["gamma"])) if found else Constant())


def _constant(asked: Asked) -> Iterator[Guess]:
    factor, total = float(asked["factor"]), int(asked["total_iters"])
    low = Constant(factor)
    if total == 0 or total >= asked.steps:
        yield Guess(asked.start, low)
    else:
        yield Guess(asked.start, Sequence((Segment(low, asked.length(total)), Segment(Constant(), REST))))


def _linear(asked: Asked) -> Iterator[Guess]:
    start, end, total = float(asked["start_factor"]), float(asked["end_factor"]), int(asked["total_iters"])
    if total == 0:
        yield Guess(asked.start, Constant(start))
    elif asked.smooth:
        yield Guess(asked.start, Linear(start, end, asked.length(total)))


def _exponential(asked: Asked) -> Iterator[Guess]:
    yield Guess(asked.start, Exponential(float(asked["gamma"]), asked.length(1), stairs=not asked.smooth))


def _multiplicative(asked: Asked) -> Iterator[Guess]:
    """By a number: the only function that values tell."""
    if asked.smooth and len(asked.values) > 1 and asked.values[0]:
        yield Guess(asked.start, Multiplicative(repr(_neat(asked.values[1] / asked.values[0]))))


def _polynomial(asked: Asked) -> Iterator[Guess]:
    if asked.smooth:
        yield Guess(asked.start, Polynomial(float(asked["power"]), length=asked.length(asked["total_iters"])))


def _cosine(asked: Asked) -> Iterator[Guess]:
    if not asked.smooth:
        return
    top, floor = int(asked["T_max"]), _level(float(asked["eta_min"]))
    if asked.steps <= top + 1:
        yield Guess(asked.start, Cosine(floor, asked.length(top)))
    else:  # it climbs back
        waves = asked.steps / (2 * top)
        yield Guess(asked.start, CosineWaves(waves, floor, asked.length(asked.steps)))


def _restarts(asked: Asked) -> Iterator[Guess]:
    if asked.smooth:
        floor = _level(float(asked["eta_min"]))
        yield Guess(asked.start, CosineRestarts(asked.length(asked["T_0"]), float(asked["T_mult"]), floor=floor))


def _cyclic(asked: Asked) -> Iterator[Guess]:
    if not asked.smooth or asked.scheduler.attributes.get("custom_scale"):
        return
    up = round(asked["total_size"] * asked["step_ratio"])
    node = Cyclic(
        low=_level(asked.own("base_lrs")),
        up=asked.length(up),
        down=asked.length(round(asked["total_size"]) - up),
        mode=asked["mode"],
        gamma=float(asked["gamma"]),
    )
    yield Guess(asked.own("max_lrs"), node)


def _one_cycle(asked: Asked) -> Iterator[Guess]:
    if not asked.smooth:
        return
    options, phases, total = asked.group.options, asked["_schedule_phases"], int(asked["total_steps"])
    base = float(options["max_lr"])
    node = OneCycle(
        pct_start=_neat((phases[0]["end_step"] + 1) / total),
        start=_neat(float(options["initial_lr"]) / base),
        end=_neat(float(options["min_lr"]) / base),
        anneal="cosine" if asked["_anneal_func_type"] == "cos" else "linear",
        three_phase=len(phases) == 3,
        length=asked.length(total),
    )
    yield Guess(base, node)


def _swa(asked: Asked) -> Iterator[Guess]:
    if asked.smooth:
        curve = "cosine" if asked["_anneal_strategy"] == "cos" else "linear"
        end, length = _level(float(asked.group.options["swa_lr"])), asked.length(asked["anneal_epochs"])
        yield Guess(asked.start, Anneal(1.0, end, curve, length))  # type: ignore[arg-type]


def _lambda(asked: Asked) -> Iterator[Guess]:
    """Of a function that is known by its name; all others tell nothing."""
    function = asked["functions"][asked.place]
    node = schedule_of(function["name"], function["keywords"]) if asked.smooth else None
    if node is not None:
        yield Guess(asked.start, node)


_SHAPES: Mapping[str, Callable[[Asked], Iterator[Guess]]] = MappingProxyType(
    {
        "torch.optim.lr_scheduler.StepLR": _step,
        "torch.optim.lr_scheduler.MultiStepLR": _multistep,
        "torch.optim.lr_scheduler.ConstantLR": _constant,
        "torch.optim.lr_scheduler.LinearLR": _linear,
        "torch.optim.lr_scheduler.ExponentialLR": _exponential,
        "torch.optim.lr_scheduler.LambdaLR": _lambda,
        "torch.optim.lr_scheduler.MultiplicativeLR": _multiplicative,
        "torch.optim.lr_scheduler.PolynomialLR": _polynomial,
        "torch.optim.lr_scheduler.CosineAnnealingLR": _cosine,
        "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts": _restarts,
        "torch.optim.lr_scheduler.CyclicLR": _cyclic,
        "torch.optim.lr_scheduler.OneCycleLR": _one_cycle,
        "torch.optim.swa_utils.SWALR": _swa,
    }
)
