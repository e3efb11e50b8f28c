"""Where a schedule of ours is meant to be another than the peer's, and why: the whole list.

Everything else is the same to 1e-9 of the base value (`test_transformers`, `test_timm`, `test_ignite`). Each entry
carries an example, so that `test_deviations` notices when it is no longer true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from peers import ignite_recipes, timm_recipes, transformers_recipes
from peers.recipe_parts import in_turn, part, steps
from peers.reference import ignite_rates, timm_rates, transformers_rates

from lrdesigner.schedules import Cosine, Exponential, HardRestarts

Rates = Callable[[], np.ndarray]


@dataclass(frozen=True, slots=True)
class Differs:
    """The two are the same but at these updates. The base value is that of the group."""

    real: Rates
    ours: Any
    at: tuple[int, ...]
    base: float = 1.0


@dataclass(frozen=True, slots=True)
class Refused:
    """The peer takes parameters that no field of ours takes."""

    real: Rates
    ours: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Fails:
    """The peer raises in the middle of training, ours goes on."""

    real: Rates
    ours: Any
    error: type[Exception]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One intended difference."""

    peer: str
    scheduler: str
    differs: str
    reason: str
    shown: Differs | Refused | Fails


def _transformers(name: str, at: tuple[int, ...], count: int, **parameters: Any) -> Differs:
    node = transformers_recipes.RECIPES[name](lr=1.0, **parameters)
    return Differs(lambda: transformers_rates(name, 1.0, count, **parameters), node, at)


def _timm(name: str, at: tuple[int, ...], count: int, **parameters: Any) -> Differs:
    node = timm_recipes.RECIPES[name](lr=1.0, **parameters)
    return Differs(lambda: timm_rates(name, 1.0, count, **parameters), node, at)


def _warmed_up_in_two_groups() -> np.ndarray:
    def build(handlers: Any, optimizer: Any) -> Any:
        from torch.optim.lr_scheduler import ExponentialLR

        return handlers.create_lr_scheduler_with_warmup(ExponentialLR(optimizer, 0.9), 0.0, 3, 0.5)

    return ignite_rates(build, [1.0, 0.1], 8)[:, 1]


def _wrapped() -> np.ndarray:
    def build(handlers: Any, optimizer: Any) -> Any:
        from torch.optim.lr_scheduler import ExponentialLR

        return handlers.LRScheduler(ExponentialLR(optimizer, 0.9))

    return ignite_rates(build, 1.0, 6)


_THREE = tuple({"start_value": start, "end_value": end} for start, end in ((1.0, 0.5), (0.2, 0.4), (0.0, 0.1)))


def _empty_in_the_middle() -> np.ndarray:
    def build(handlers: Any, optimizer: Any) -> Any:
        children = [handlers.LinearCyclicalScheduler(optimizer, "lr", cycle_size=4, **values) for values in _THREE]
        return handlers.ConcatScheduler(children, durations=[4, 0])

    return ignite_rates(build, 1.0, 10)


_SHORT = {"num_warmup_steps": 2, "num_training_steps": 10}
_GROWING = {"t_initial": 2, "cycle_mul": 3, "cycle_limit": 9}
_FALLING = {"start_value": 1.0, "end_value": 0.0}
_EVERY_UPDATE = Exponential(0.9, steps(1))

DEVIATIONS = (
    Deviation(
        peer="transformers",
        scheduler="cosine",
        differs="Past the end of training it rises again.",
        reason="A decay that is over is over: a run that goes on should not be heated up unasked.",
        shown=_transformers("cosine", (11, 12, 13, 14), 15, **_SHORT),
    ),
    Deviation(
        peer="transformers",
        scheduler="cosine_with_min_lr",
        differs="Past the end of training it rises again.",
        reason="As for cosine.",
        shown=_transformers("cosine_with_min_lr", (11, 12, 13, 14), 15, min_lr_rate=0.1, **_SHORT),
    ),
    Deviation(
        peer="transformers",
        scheduler="cosine_warmup_with_min_lr",
        differs="The floor is reached by the last update; from the one after it rises again.",
        reason="As for cosine.",
        shown=_transformers("cosine_warmup_with_min_lr", (10, 11, 12, 13, 14), 15, min_lr_rate=0.1, **_SHORT),
    ),
    Deviation(
        peer="transformers",
        scheduler="cosine_with_restarts",
        differs="With 49 cycles in 49 updates, and other such numbers, some restarts show 0 instead of the peak.",
        reason="Cycles times progress is rounded to just below a whole number there. Ours counts in whole numbers.",
        shown=_transformers(
            "cosine_with_restarts",
            (1, 2, 4, 8, 16, 27, 32),
            60,
            num_warmup_steps=0,
            num_training_steps=49,
            num_cycles=49,
        ),
    ),
    Deviation(
        peer="transformers",
        scheduler="cosine_with_restarts",
        differs="It takes a number of cycles that is no whole number, though it is declared as one.",
        reason="Half a cycle at the end would jump to 0 from the middle of a wave.",
        shown=Refused(
            lambda: transformers_rates("cosine_with_restarts", 1.0, 9, num_cycles=1.5, **_SHORT),
            lambda: HardRestarts(1.5),
        ),
    ),
    Deviation(
        peer="transformers",
        scheduler="cosine_with_min_lr",
        differs="It takes a min_lr_rate below 0 and cuts the curve off at 0.",
        reason="A floor below 0 is a slip of the pen; a field refuses it and names the bound.",
        shown=Refused(
            lambda: transformers_rates("cosine_with_min_lr", 1.0, 9, min_lr_rate=-0.2, **_SHORT), lambda: Cosine(-0.2)
        ),
    ),
    Deviation(
        peer="transformers",
        scheduler="polynomial",
        differs="A warm-up as long as the training ends in a division by 0.",
        reason="Ours is at the end value there.",
        shown=Fails(
            lambda: transformers_rates("polynomial", 1.0, 9, num_warmup_steps=5, num_training_steps=5),
            transformers_recipes.polynomial(lr=1.0, num_warmup_steps=5, num_training_steps=5),
            ZeroDivisionError,
        ),
    ),
    Deviation(
        peer="timm",
        scheduler="cosine",
        differs="Some restarts of growing cycles come one update late: the floor is shown in place of the peak. "
        "With cycle_mul 3 it is always the fifth, at 121 times t_initial.",
        reason="timm finds the cycle by a logarithm, which is rounded to just below a whole number there.",
        shown=_timm("cosine", (242,), 260, **_GROWING),
    ),
    Deviation(
        peer="timm",
        scheduler="poly",
        differs="As for cosine.",
        reason="As for cosine.",
        shown=_timm("poly", (242,), 260, **_GROWING),
    ),
    Deviation(
        peer="timm",
        scheduler="tanh",
        differs="As for cosine, with the end of the curve in place of the floor.",
        reason="As for cosine.",
        shown=_timm("tanh", (243,), 260, warmup_t=1, warmup_prefix=True, **_GROWING),
    ),
    Deviation(
        peer="timm",
        scheduler="tanh",
        differs="Without a warm-up the first update uses the base value, not the first value of the curve.",
        reason="timm's constructor leaves the rate as it is. A curve that starts below 1 starts there.",
        shown=_timm("tanh", (0,), 12, t_initial=10, lb=-1.0),
    ),
    Deviation(
        peer="timm",
        scheduler="multistep",
        differs="Without a warm-up a milestone of 0 or 1 has no effect on the first update.",
        reason="As for tanh: by its own formula it has.",
        shown=_timm("multistep", (0,), 12, decay_t=[1, 5], decay_rate=0.5),
    ),
    Deviation(
        peer="timm",
        scheduler="cosine",
        differs="With cycle_limit 0 and no warm-up the first update uses the base value, all others the floor.",
        reason="As for tanh.",
        shown=_timm("cosine", (0,), 5, t_initial=10, cycle_limit=0, lr_min=0.1),
    ),
    Deviation(
        peer="timm",
        scheduler="multistep",
        differs="Milestones out of order act at the wrong time.",
        reason="timm searches them as if they were sorted. Ours are sorted.",
        shown=_timm("multistep", (2, 3), 12, decay_t=[5, 3], decay_rate=0.5),
    ),
    Deviation(
        peer="timm",
        scheduler="poly",
        differs="Growing cycles may begin between two updates.",
        reason="Any shape can be repeated, and each counts its steps from 0: its cycles last whole steps, the nearest. "
        "The cosine with restarts has a formula for it and is the same.",
        shown=_timm("poly", tuple(range(6, 13)), 13, t_initial=5, cycle_mul=1.5, cycle_limit=2),
    ),
    Deviation(
        peer="timm",
        scheduler="all",
        differs="Lengths in updates need not be whole numbers.",
        reason="A length becomes whole steps in one place, halves rounded up: what it says is what is drawn.",
        shown=Differs(
            lambda: timm_rates("cosine", 1.0, 12, t_initial=10, warmup_t=2.5),
            timm_recipes.cosine(lr=1.0, t_initial=10, warmup_t=3),
            (1, 2),
        ),
    ),
    Deviation(
        peer="timm",
        scheduler="all",
        differs="Noise can be laid over a stretch of the curve.",
        reason="A schedule is a pure function of the step that can be read off a plot.",
        shown=Differs(
            lambda: timm_rates("cosine", 1.0, 9, t_initial=9, noise_range_t=(3, 5)),
            timm_recipes.cosine(lr=1.0, t_initial=9),
            (3, 4),
        ),
    ),
    Deviation(
        peer="timm",
        scheduler="cosine, tanh, poly",
        differs="Cycles that get shorter raise an error once they have all passed.",
        reason="The logarithm of a negative number. Ours takes no growth below 1; shorter ones are set one by one.",
        shown=Fails(
            lambda: timm_rates("cosine", 1.0, 25, t_initial=10, cycle_mul=0.5, cycle_limit=2),
            in_turn(part(Cosine(0.0, steps(10)), 10), last=Cosine(0.0, steps(5))),
            ValueError,
        ),
    ),
    Deviation(
        peer="timm",
        scheduler="cosine",
        differs="Cycles may grow by less than a twentieth each.",
        reason="The exported file lists the cycles of a growing cosine, and would fill with them.",
        shown=Refused(
            lambda: timm_rates("cosine", 1.0, 25, t_initial=10, cycle_mul=1.02, cycle_limit=2),
            lambda: timm_recipes.cosine(lr=1.0, t_initial=10, cycle_mul=1.02, cycle_limit=2),
        ),
    ),
    Deviation(
        peer="timm",
        scheduler="cosine, tanh, poly",
        differs="With cycle_decay 0 all cycles but the first rise from 0 to the floor.",
        reason="Not a decay; a field refuses it and names the bound. Two segments do it, if it is wanted.",
        shown=Refused(
            lambda: timm_rates("cosine", 1.0, 9, t_initial=4, cycle_decay=0.0, cycle_limit=2, lr_min=0.1),
            lambda: timm_recipes.cosine(lr=1.0, t_initial=4, cycle_decay=0.0, cycle_limit=2, lr_min=0.1),
        ),
    ),
    Deviation(
        peer="ignite",
        scheduler="ConcatScheduler",
        differs="A duration of 0 after the first makes that child run for ever.",
        reason="It is counted down from -1. Ours leaves the empty segment out.",
        shown=Differs(
            _empty_in_the_middle,
            ignite_recipes.concatenated(
                [ignite_recipes.linear_cyclical(cycle_size=4, updates=10, **values) for values in _THREE], [4, 0]
            ),
            tuple(range(4, 10)),
        ),
    ),
    Deviation(
        peer="ignite",
        scheduler="LRScheduler",
        differs="A scheduler of torch that multiplies the rate it finds is one update ahead.",
        reason="Under the wrapper's first call torch's scheduler takes its first step again. "
        "`create_lr_scheduler_with_warmup` does not.",
        shown=Differs(_wrapped, _EVERY_UPDATE, tuple(range(6))),
    ),
    Deviation(
        peer="ignite",
        scheduler="create_lr_scheduler_with_warmup",
        differs="With an end value and several groups, what follows goes on from that value in every group.",
        reason="The ratio between the groups is lost. Ours goes on from each group's own base value.",
        shown=Differs(
            _warmed_up_in_two_groups,
            ignite_recipes.with_warmup(
                _EVERY_UPDATE, 0.1, warmup_start_value=0.0, warmup_duration=3, warmup_end_value=0.5
            ),
            tuple(range(3, 8)),
            base=0.1,
        ),
    ),
    Deviation(
        peer="ignite",
        scheduler="cyclical schedulers",
        differs="Cycles that get shorter end in a division by 0.",
        reason="Ours holds the last value.",
        shown=Fails(
            lambda: ignite_rates("CosineAnnealingScheduler", 1.0, 20, cycle_size=4, cycle_mult=0.5, **_FALLING),
            ignite_recipes.cosine_annealing(cycle_size=4, cycle_mult=0.5, updates=6, **_FALLING),
            ZeroDivisionError,
        ),
    ),
    Deviation(
        peer="ignite",
        scheduler="cyclical schedulers",
        differs="More than 200 cycles may each be another than the one before.",
        reason="A sequence has at most 200 segments: people read the exported file. Cycles that all fall alike repeat.",
        shown=Refused(
            lambda: ignite_rates("CosineAnnealingScheduler", 1.0, 410, cycle_size=2, start_value_mult=0.99, **_FALLING),
            lambda: ignite_recipes.cosine_annealing(cycle_size=2, start_value_mult=0.99, updates=410, **_FALLING),
        ),
    ),
    Deviation(
        peer="ignite",
        scheduler="all",
        differs="Values may be negative.",
        reason="A rate below 0 climbs the loss; a field refuses it and names the bound.",
        shown=Refused(
            lambda: ignite_rates("LinearCyclicalScheduler", 1.0, 8, start_value=-0.5, end_value=1.0, cycle_size=4),
            lambda: ignite_recipes.linear_cyclical(start_value=-0.5, end_value=1.0, cycle_size=4, updates=8),
        ),
    ),
)
