"""The tracks of a group: which of its hyperparameters move over time, and when it is frozen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from lrdesigner.document import Freeze, Group, Plan, Track
from lrdesigner.optimizers import movable_options, option_value
from lrdesigner.schedules import Constant, Greedy, Plateau, resolve
from lrdesigner.schedules.breaks import FOR_EVER

Slot = Literal["lr", "weight_decay", "momentum", "beta2"]

Stretch = tuple[int, int]
"""First step, and one past the last."""


@dataclass(frozen=True, slots=True)
class TrackKind:
    """What a track is about. Values lie from 0 up to before `below`."""

    slot: Slot
    title: str
    below: float | None = None


TRACK_KINDS = MappingProxyType(
    {
        "lr": TrackKind("lr", "Learning rate"),
        "weight_decay": TrackKind("weight_decay", "Weight decay"),
        "momentum": TrackKind("momentum", "Momentum", below=1.0),
        "beta2": TrackKind("beta2", "Beta 2", below=1.0),
    }
)


@dataclass(frozen=True, slots=True)
class Lane:
    """One hyperparameter of one group as it is drawn, exported and trained; a frozen lr is 0."""

    track: Track
    frozen: tuple[Stretch, ...] = ()
    below: float | None = None


def option_of(group: Group, slot: Slot) -> str | None:
    """The option that a slot moves: "momentum" is Adam's beta1. None where the optimizer has no such thing."""
    return _option(movable_options(group.options), slot)


def slots_of(group: Group) -> tuple[Slot, ...]:
    """The tracks that a group of its optimizer can have."""
    return _slots(movable_options(group.options))


@lru_cache(maxsize=1024)
def _option(known: tuple[str, ...], slot: Slot) -> str | None:
    name = "beta1" if slot == "momentum" and "beta1" in known else slot
    return name if slot == "lr" or name in known else None


@lru_cache(maxsize=256)
def _slots(known: tuple[str, ...]) -> tuple[Slot, ...]:
    return tuple(kind.slot for kind in TRACK_KINDS.values() if _option(known, kind.slot) is not None)


def moves(group: Group, slot: Slot) -> bool:
    """Whether the track changes over time; the lr always counts as moving."""
    return slot == "lr" or (option_of(group, slot) is not None and getattr(group, slot) is not None)


def track_of(group: Group, slot: Slot) -> Track:
    """The track in a slot; one that does not move is constant at its option. Raises KeyError where there is none."""
    if slot == "lr":
        return group.lr
    option = option_of(group, slot)
    if option is None:
        raise KeyError(slot)
    return Track(base=float(option_value(group.options, option)), schedule=getattr(group, slot) or Constant())


def lane_of(group: Group, slot: Slot, plan: Plan) -> Lane:
    """The lane in a slot; raises KeyError where the optimizer has none.

    A rate that follows a metric goes on doing so while the group is frozen: it is a scheduler of torch that writes it.
    """
    zero = slot == "lr" and group.freeze and not isinstance(group.lr.schedule, Plateau | Greedy)
    frozen = frozen_stretches(group.freeze, plan) if zero else ()
    return Lane(track_of(group, slot), frozen, TRACK_KINDS[slot].below)


def frozen_stretches(freeze: tuple[Freeze, ...], plan: Plan) -> tuple[Stretch, ...]:
    """When a group is frozen, merged and in order; what lasts to the end of the run lasts for ever."""
    total, found = plan.total_steps, []
    for part in freeze:
        start = resolve(part.start, plan.span)
        rest = part.length.unit == "rest"
        end = total if rest else min(start + resolve(part.length, plan.span), total)
        if start < end:
            found.append((start, FOR_EVER if end >= total else end))
    merged: list[Stretch] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def always_frozen(group: Group, plan: Plan) -> bool:
    """Whether it never trains; then the exported optimizer leaves it out."""
    return bool(group.freeze) and frozen_stretches(group.freeze, plan) == ((0, FOR_EVER),)
