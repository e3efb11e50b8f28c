"""What each hyperparameter of a live param group does over time: a shape that agrees with it, or keys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np

from lrdesigner.capturing.description import LiveGroup, LiveObjects, LiveScheduler
from lrdesigner.capturing.recognised import Asked, Guess, chained, lr_guesses, momentum_guesses
from lrdesigner.capturing.sampled import sampled
from lrdesigner.capturing.stairs import stair_shapes
from lrdesigner.document import Group, Plan, Track
from lrdesigner.schedules import Absolute, Constant, Greedy, Length, Plateau, factors
from lrdesigner.schedules.shape import Factors
from lrdesigner.tracks import Slot

AGREES = 1e-9
"""Largest difference from torch's values, over the base value or the value itself, of a shape that is recognised."""

AGREES_ROUNDED = 1e-3
"""The same where the rate is a tensor of few digits: torch's recursive schedulers then drift by as much."""

LR_SCALE = "lr_scale"
"""A key of param groups that timm and BEiT write: a share of the lr, for their own training loops."""

TOLD_THE_TIME = "t_in_epochs"
"""An attribute of timm's schedulers."""

SLOTS: Mapping[str, Slot] = MappingProxyType(
    {"weight_decay": "weight_decay", "momentum": "momentum", "beta1": "momentum", "beta2": "beta2"}
)
"""Options that move, and the fields of a group that say how."""

STEERED = {
    "torch.optim.lr_scheduler.ReduceLROnPlateau": Plateau,
    "transformers.optimization.GreedyLR": Greedy,
}
"""Schedulers that a metric steers."""
_SETTINGS = {
    Plateau: ("factor", "patience", "mode", "threshold", "threshold_mode", "cooldown", "eps"),
    Greedy: (
        *("factor", "patience", "mode", "threshold", "threshold_mode", "cooldown", "eps"),
        *("warmup", "smooth", "reset_start"),
    ),
}


@dataclass(frozen=True, slots=True)
class CapturedTrack:
    """Base value and schedule; None, of what is no lr: it does not move.

    `error` is how far keys are off at most, as a share of the peak, at step `worst`; None: these are no keys. A shape
    that was recognised by less than `AGREES` is `loose`: so far off, of what torch holds in few digits.
    """

    base: float
    schedule: Any
    error: float | None = None
    worst: int = 0
    loose: float | None = None


class Tracks:
    """The tracks of all groups of one optimizer; equal curves are worked out once."""

    def __init__(
        self, live: LiveObjects, plan: Plan, optimizer: int, kept: Mapping[str, Group] = MappingProxyType({})
    ) -> None:
        """`kept`: what the code that made them says of param groups, by name; the first guess."""
        self._live = live
        self._plan = plan
        self._kept = kept
        self._schedulers = tuple(one for one in live.schedulers if one.optimizer == optimizer)
        self._known: dict[Any, CapturedTrack] = {}

    @property
    def steered(self) -> bool:
        """Whether a metric steers the rates."""
        return any(one.type in STEERED for one in self._schedulers)

    @property
    def scales_itself(self) -> bool:
        """Whether a scheduler is timm's, and so multiplies rates by `lr_scale` itself."""
        return any(TOLD_THE_TIME in one.attributes for one in self._schedulers)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Names of schedulers that cannot be in a design beside one that a metric steers."""
        others = [one.type.rpartition(".")[2] for one in self._schedulers if one.type not in STEERED]
        return tuple(others) if self.steered else ()

    def lr(self, group: LiveGroup, place: int) -> CapturedTrack:
        """The rate of a group, the one at this place of its optimizer."""
        steering = next((one for one in self._schedulers if one.type in STEERED), None)
        scale = self.applied_scale(group)
        base = (_number(group.options, "initial_lr") or _number(group.options, "lr")) * scale
        if scale != 1 and not self._schedulers:
            return CapturedTrack(base, Constant())
        if steering is not None:
            node = _steered(steering, place, self._plan)
            if node is not None:
                return CapturedTrack(_began_with(steering, place) or base or 1e-3, node)
        values = self._values(group, "lr")
        enough = AGREES_ROUNDED if group.rounded else AGREES
        kept = self._kept.get(group.name)
        own = (Guess(kept.lr.base, kept.lr.schedule),) if kept and not _is_steered(kept) else ()
        return self._track("lr", values, base, chain(own, self._guesses(group, place, base, values)), enough)

    def applied_scale(self, group: LiveGroup) -> float:
        """The `lr_scale` of a group where timm's schedulers or a training loop multiply its lr by it; else 1.

        torch's schedulers ignore it, and without a scheduler what one has begun with may have it already.
        """
        untouched = not self._schedulers and "initial_lr" not in group.options and _number(group.options, "lr") > 0
        known = untouched or self.scales_itself
        return (_number(group.options, LR_SCALE) if known else 0.0) or 1.0

    def other(self, group: LiveGroup, place: int, name: str) -> CapturedTrack:
        """Weight decay, momentum, beta1 or beta2."""
        values = self._values(group, name)
        if values.size < 2:
            return CapturedTrack(float(values[0]) if values.size else 0.0, None)
        guesses = self._momenta(group, place) if name in ("momentum", "beta1") else iter(())
        kept = self._kept.get(group.name)
        node = getattr(kept, SLOTS[name]) if kept else None
        own = (Guess(getattr(kept.options, name), node),) if kept and node is not None else ()
        return self._track(name, values, float(values.max()), chain(own, guesses))

    def _values(self, group: LiveGroup, name: str) -> Factors:
        return np.array(self._live.values[group.lanes[name]] if name in group.lanes else (), dtype=np.float64)

    def _guesses(self, group: LiveGroup, place: int, base: float, values: Factors) -> Iterator[Guess]:
        asked = [self._asked(one, group, place, base, values) for one in self._schedulers]
        if len(asked) == 1:
            return lr_guesses(asked[0])
        alike = len({one.every for one in asked}) == 1
        return chained(asked[0], self._schedulers) if asked and alike else iter(())

    def _momenta(self, group: LiveGroup, place: int) -> Iterator[Guess]:
        for scheduler in self._schedulers:
            yield from momentum_guesses(self._asked(scheduler, group, place, 0.0, np.empty(0)))

    def _asked(self, one: LiveScheduler, group: LiveGroup, place: int, start: float, values: Factors) -> Asked:
        steps = -(-self._plan.total_steps // one.every)
        known = tuple(values[:2].tolist()) if self._live.first == 0 else ()
        return Asked(one, group, place, steps, one.every, start, self._plan.steps_per_epoch, known)

    def _track(
        self, name: str, values: Factors, base: float, guesses: Iterator[Guess], enough: float = AGREES
    ) -> CapturedTrack:
        if not values.size:
            return CapturedTrack(base or 1e-3, Constant())
        for guess in chain(guesses, self._stairs(values, base)):
            off = self._difference(guess, values)
            if off <= enough:
                return CapturedTrack(guess.base, guess.node, loose=off if off > AGREES else None)
        base = base or max(float(values.max()), 0.0) or 1e-3
        heights = _rounded(values / base)
        key = name, heights.tobytes()  # groups often differ in their base value alone
        if key not in self._known:
            found = sampled(heights, self._live.first, self._plan.span_for(base))
            exact = isinstance(found.node, Constant) and found.error <= AGREES
            self._known[key] = CapturedTrack(base, found.node, None if exact else found.error, found.worst)
        return replace(self._known[key], base=base)

    def _stairs(self, values: Factors, base: float) -> Iterator[Guess]:
        if self._live.first == 0 and values.size > 1 and base:
            yield from (Guess(base, node) for node in stair_shapes(values / base, self._plan.span))

    def _difference(self, guess: Guess, values: Factors) -> float:
        """The largest from the real values, at every step that there is one for; infinite if it may not exist."""
        if not _valid(Track, {"base": guess.base, "schedule": guess.node}):
            return math.inf
        first = self._live.first
        real = np.full(self._live.measured, values[0]) if values.size == 1 else values
        with np.errstate(all="ignore"):
            made = guess.base * factors(guess.node, first + np.arange(len(real)), self._plan.span_for(guess.base))
        off = np.abs(made - real) / np.maximum(guess.base, np.abs(real))
        return float(off.max()) if np.isfinite(off).all() else math.inf


def _is_steered(group: Group) -> bool:
    return isinstance(group.lr.schedule, Plateau | Greedy)


def _rounded(heights: Factors) -> Factors:
    """Without the noise of a division in the last digits."""
    peak = float(np.abs(heights).max())
    return np.round(heights, 13 - math.ceil(math.log10(peak))) if peak > 0 else heights


def _steered(scheduler: LiveScheduler, place: int, plan: Plan) -> Plateau | Greedy | None:
    found, kind = scheduler.attributes, STEERED[scheduler.type]
    try:
        lowest = float(found["min_lrs"][place])
        every = Length(float(scheduler.every), "steps") if scheduler.every > 1 else Length(1, "epochs")
        if scheduler.every == plan.steps_per_epoch:
            every = Length(1, "epochs")
        settings = {name: found[name] for name in _SETTINGS[kind]}
        if kind is Greedy:
            window = settings | {"window": found["window_size"], "ceiling": Absolute(float(found["max_lrs"][place]))}
            settings = window | {"reset_start": found["reset_start_original"]}
        node = kind(**settings, floor=Absolute(lowest) if lowest else 0.0, every=every)
    except (KeyError, IndexError, TypeError, ValueError):  # another release
        return None
    return node if _valid(Track, {"base": 1.0, "schedule": node}) else None


def _began_with(scheduler: LiveScheduler, place: int) -> float:
    """The rate of a group before the metric moved it, where the scheduler remembers it; else 0."""
    rates = scheduler.attributes.get("_init_lrs")
    if isinstance(rates, list) and place < len(rates) and isinstance(rates[place], int | float):
        return float(rates[place])
    return 0.0


def _valid(kind: type[msgspec.Struct], fields: dict[str, Any]) -> bool:
    try:
        msgspec.convert(msgspec.to_builtins(fields), kind)
    except (msgspec.ValidationError, ValueError, RecursionError):
        return False
    return True


def _number(options: dict[str, Any], name: str) -> float:
    value = options.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
