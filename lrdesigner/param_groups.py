"""What torch will see of a design: its optimizers, and the param groups of each."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from lrdesigner.document import Design, Group
from lrdesigner.expansion import ParamGroup as ParamGroup
from lrdesigner.expansion import expanded
from lrdesigner.identity import Same
from lrdesigner.membership import membership
from lrdesigner.optimizers import sharing_key
from lrdesigner.schedules import Greedy, Plateau
from lrdesigner.tracks import always_frozen


def param_groups(design: Design) -> tuple[tuple[ParamGroup, ...], ...]:
    """For each optimizer, in design order, its param groups in order; without those that hold nothing to train.

    Groups share an optimizer if theirs is the same class, and if the same metric, or none, steers their rates: torch's
    metric schedulers act on a whole optimizer. GreedyLR even begins anew for all groups at once, so under it only
    groups that move alike share one.
    """
    by_optimizer: dict[Any, list[ParamGroup]] = {}
    for found in trained_groups(design):
        track = found.group.lr
        alike = track if isinstance(track.schedule, Greedy) else None
        key = (sharing_key(found.group.options), steering(found.group), alike)
        by_optimizer.setdefault(key, []).append(found)
    return tuple(tuple(found) for found in by_optimizer.values())


def trained_groups(design: Design) -> tuple[ParamGroup, ...]:
    """The param groups that hold something trainable and are not frozen from the first step to the last.

    They are in design order, each group expanded; names are made unique where a group is called like another's part.
    """
    return _trained_groups(Same(design))


@lru_cache(maxsize=4)
def _trained_groups(same: Same[Design]) -> tuple[ParamGroup, ...]:
    design = same.value
    members = membership(design)
    found = [
        part
        for group in design.groups
        if not always_frozen(group, design.plan)
        for part in expanded(design, group, members.trainable(group.id))
    ]
    taken: set[str] = {group.name for group in design.groups}
    return tuple(_uniquely_named(part, taken) for part in found)


def steering(group: Group) -> Plateau | Greedy | None:
    """The metric schedule of a group's lr, without what each param group has for itself; None for a curve."""
    schedule = group.lr.schedule
    if isinstance(schedule, Plateau):
        return replace(schedule, floor=0.0)
    return replace(schedule, floor=0.0, ceiling=1.0) if isinstance(schedule, Greedy) else None


def _uniquely_named(part: ParamGroup, taken: set[str]) -> ParamGroup:
    if part.name == part.group.name:
        return part
    name, number = part.name, 2
    while name in taken:
        name, number = f"{part.name}_{number}", number + 1
    taken.add(name)
    return dataclasses.replace(part, name=name)
