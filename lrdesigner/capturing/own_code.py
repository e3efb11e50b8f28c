"""Live objects that code of this program has made: what the design in it says of them, if they really do that."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec.structs import replace

from lrdesigner.capturing.description import LiveGroup, LiveObjects, LiveOptimizer
from lrdesigner.capturing.options import captured_options, movable
from lrdesigner.capturing.tracks import AGREES, AGREES_ROUNDED, SLOTS, Tracks
from lrdesigner.curves import values_at
from lrdesigner.design_file import decode
from lrdesigner.document import Design, Group, Model, Plan, Track
from lrdesigner.embedded import unpacked
from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory
from lrdesigner.membership import membership
from lrdesigner.param_groups import ParamGroup, param_groups, steering, trained_groups
from lrdesigner.schedules import factor_of

AS_DESIGNED = "Code of this program has made these objects, and they do what the design in it says; it was taken over."
"""What is to be known of such a design."""


def kept_design(live: LiveObjects) -> Design | None:
    """The design in the code that the schedulers' functions are of; whether they do what it says is not asked."""
    found = {one.attributes["kept_design"] for one in live.schedulers if "kept_design" in one.attributes}
    text = unpacked(found.pop()) if len(found) == 1 else None
    try:
        return decode(text, "The design") if text else None
    except UserError:
        return None


def kept_groups(design: Design | None) -> Mapping[str, Group]:
    """What a design says of each param group, by its name."""
    return {part.name: part.group for part in trained_groups(design)} if design else {}


def as_designed(kept: Design, live: LiveObjects, model: Model) -> Design | None:
    """The design for this model, if every param group holds and does what it says, at every step that is known."""
    design = replace(kept, model=replace(model, inventory=_thawed(model.inventory, kept)))
    planned = param_groups(design)
    if len(planned) != len(live.optimizers) or (live.steps_known and live.steps != design.plan.total_steps):
        return None
    for number, (parts, optimizer) in enumerate(zip(planned, live.optimizers, strict=True)):
        if [part.name for part in parts] != [group.name for group in optimizer.groups]:
            return None
        compared = _Compared(design, live, optimizer, Tracks(live, design.plan, number))
        if not all(compared.agrees(part, place) for place, part in enumerate(parts)):
            return None
    return design


def _thawed(inventory: Inventory, kept: Design) -> Inventory:
    """The parameters of groups that freeze as they are when they do not: at present they may need no gradient."""
    members = membership(kept)
    resting = {info.name for group in kept.groups if group.freeze for info in members.trainable(group.id)}
    resting |= {info.name for info in kept.model.inventory.parameters if info.tied_to in resting}
    parameters = tuple(replace(p, trainable=True) if p.name in resting else p for p in inventory.parameters)
    return replace(inventory, parameters=parameters)


@dataclasses.dataclass(frozen=True, slots=True)
class _Compared:
    """One live optimizer beside the param groups that a design has for it."""

    design: Design
    live: LiveObjects
    optimizer: LiveOptimizer
    tracks: Tracks

    def agrees(self, part: ParamGroup, place: int) -> bool:
        group = self.optimizer.groups[place]
        if group.strangers or {info.name for info in part.parameters} != set(group.parameters):
            return False
        moving = {
            name: getattr(part.group.options, name)
            for name in movable(self.optimizer, group)
            if getattr(part.group, SLOTS[name]) is not None
        }
        try:
            if captured_options(self.optimizer, group, moving) != part.group.options:
                return False
        except UserError:
            return False
        return self._moves_alike(part, group, place)

    def _moves_alike(self, part: ParamGroup, group: LiveGroup, place: int) -> bool:
        steps = self.live.first + np.arange(self.live.measured)
        planned: dict[str, Any] = dict(values_at(part, self.design.plan, steps))
        if steering(part.group):
            del planned["lr"]
            found = self.tracks.lr(group, place)
            if not _steered_alike(part.group, Track(found.base, found.schedule), self.design.plan):
                return False
        enough = AGREES_ROUNDED if group.rounded else AGREES
        for name, values in planned.items():
            if name not in group.lanes:
                return False
            real = np.array(self.live.values[group.lanes[name]])
            if real.size not in (1, values.size):
                return False
            largest = max(float(values.max()), part.group.lr.base if name == "lr" else 0.0)
            if not (np.abs(values - real) <= enough * largest).all():
                return False
        return True


def _steered_alike(group: Group, found: Track, plan: Plan) -> bool:
    """Whether a metric steers the rate as designed; how often it is measured, and what it was, no scheduler knows."""
    node, other = group.lr.schedule, found.schedule
    if type(node) is not type(other) or found.base != group.lr.base:
        return False
    span = plan.span_for(found.base)
    levels = {name: getattr(node, name) for name in ("floor", "ceiling") if hasattr(node, name)}
    off = [factor_of(level, span) - factor_of(getattr(other, name), span) for name, level in levels.items()]
    kept = {"every": getattr(node, "every", None), "metric": getattr(node, "metric", None), **levels}
    return max(map(abs, off)) <= AGREES and replace(other, **kept) == node
