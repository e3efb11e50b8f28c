"""Edits: pure functions Design -> Design. One that changes nothing returns the very same object."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from lrdesigner.checked import replaced
from lrdesigner.document import COLOURS, Batches, Design, Freeze, Model, Pin, Plan
from lrdesigner.errors import UserError
from lrdesigner.following import follow, leader_of, with_group, without_leader
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory
from lrdesigner.membership import outermost, refusal
from lrdesigner.model_rows import rows_of
from lrdesigner.names import free_name, one_line
from lrdesigner.numbers import scaled
from lrdesigner.optimizers import OPTIMIZERS, carry_over, optimizer_name, optimizer_of, with_option
from lrdesigner.schedules import AnySchedule, Cyclic, Greedy, OneCycle, OneCycleMomentum, Plateau, RecordedTrace
from lrdesigner.schedules.traces import MOST_EVALUATIONS
from lrdesigner.tracks import TRACK_KINDS, Slot, option_of


def assign(design: Design, paths: Iterable[str], group: int) -> Design:
    """Pin modules or parameters to a group. Pins nearer to a parameter, made before, keep holding.

    A name of a tied parameter pins the tensor, whichever of its names is given.
    """
    design.group(group)
    first_name = _tied_names(design.model.inventory)
    rows = rows_of(design.model.inventory)
    assigned: set[str] = set()
    for path in outermost(paths):
        if path not in rows.ids:
            raise UserError(f"The model has no module or parameter {path!r}.")
        if rows.parameters[rows.ids[path]] is not None:
            _check_accepted(design, path, group)
        assigned.add(first_name.get(path, path))
    kept = {pin.path: pin.group for pin in design.pins if first_name.get(pin.path, pin.path) not in assigned}
    return _with_pins(design, kept | dict.fromkeys(assigned, group))


def unpin(design: Design, paths: Iterable[str]) -> Design:
    """Forget the pins on these modules or parameters; their nearest pinned ancestor, or the remainder, takes over."""
    first_name = _tied_names(design.model.inventory)
    gone = {first_name.get(path, path) for path in paths}
    kept = {pin.path: pin.group for pin in design.pins if first_name.get(pin.path, pin.path) not in gone}
    return _with_pins(design, kept)


def add_group(design: Design, name: str = "", paths: Iterable[str] = ()) -> Design:
    """A new group at the end, with the options, lr and decay exemption of the remainder, and these modules pinned.

    So nothing changes for what it takes until it is told otherwise; an exemption goes by the kind of a parameter and
    holds in any group. Layer decay alone stays behind: it counts from the topmost layer of its own group. A name that
    is taken gets a number.
    """
    like = design.group(design.remainder)
    group_id = max(group.id for group in design.groups) + 1
    used = {group.colour for group in design.groups}
    colour = next((c for c in range(COLOURS) if c not in used), len(design.groups) % COLOURS)
    name = replaced(like, name=one_line(name) or "group").name  # raises if it is too long
    name = free_name(name, {group.name for group in design.groups})
    new = replace(like, id=group_id, name=name, colour=colour, follow=None, layer_decay=None)
    return assign(replace(design, groups=(*design.groups, new)), paths, group_id)


def remove_group(design: Design, group: int) -> Design:
    """Remove a group, its pins and its rules; outer pins, other rules or the remainder take over, which cannot go.

    Groups that followed it keep the schedule that they have.
    """
    if group == design.remainder:
        raise UserError(f"{design.group(group).name!r} takes what no other group has, so it cannot be removed.")
    design.group(group)
    design = without_leader(design, group)
    pins = tuple(pin for pin in design.pins if pin.group != group)
    rules = tuple(rule for rule in design.rules if rule.group != group)
    return replace(
        design,
        groups=tuple(g for g in design.groups if g.id != group),
        pins=design.pins if pins == design.pins else pins,
        rules=design.rules if rules == design.rules else rules,
    )


def rename_group(design: Design, group: int, name: str) -> Design:
    """Give a group another name; names are unique, since they name the param groups in the code."""
    name = one_line(name)
    if not name:
        raise UserError("A group needs a name.")
    if any(other.name == name and other.id != group for other in design.groups):
        raise UserError(f"There already is a group {name!r}.")
    return with_group(design, replaced(design.group(group), name=name))


def set_colour(design: Design, group: int, colour: int) -> Design:
    """Give a group another colour of the palette."""
    return with_group(design, replaced(design.group(group), colour=colour))


def move_group(design: Design, group: int, position: int) -> Design:
    """Move a group to another place in the order, which is also the order of the param groups."""
    rest = [g for g in design.groups if g.id != group]
    rest.insert(position, design.group(group))
    groups = tuple(rest)
    return design if groups == design.groups else replace(design, groups=groups)


def set_optimizer(design: Design, group: int, name: str) -> Design:
    """Put a group on another optimizer; options that were set and both know are kept, and the base lr."""
    old = design.group(group)
    if optimizer_of(old.options).name == name:
        return design
    return with_group(design, replace(old, options=carry_over(old.options, OPTIMIZERS[name])))


def set_option(design: Design, group: int, option: str, value: Any) -> Design:
    """Set one optimizer option of a group; raises `UserError` out of bounds."""
    old = design.group(group)
    options = with_option(old.options, option, value)
    return design if options is old.options else with_group(design, replace(old, options=options))


def set_base_lr(design: Design, group: int, value: float) -> Design:
    """Set the rate of a group where its factor is 1; raises `UserError` out of bounds.

    Of a group that follows another this changes the scale.
    """
    old = design.group(group)
    track = replaced(old.lr, base=value)
    if track is old.lr:
        return design
    if old.follow is not None:
        return follow(design, group, old.follow.leader, scaled(track.base, 1 / leader_of(design, old).lr.base))
    return with_group(design, replace(old, lr=track))


def set_schedule(design: Design, group: int, schedule: AnySchedule | Plateau | Greedy) -> Design:
    """Give a group another lr schedule; raises `UserError` for one that a design file could not hold.

    A group and those that follow it have one schedule: whichever is given another, all get it.
    """
    old = leader_of(design, design.group(group))
    track = replaced(old.lr, schedule=schedule)
    return design if track is old.lr else with_group(design, replace(old, lr=track))


def use_metric(design: Design, group: int, values: Iterable[float], source: str = "") -> Design:
    """Draw a group's metric schedule for a recorded metric, one value per evaluation; `source` says where it is from.

    A trial's losses become such values by `losses_per_evaluation`. Values beyond `MOST_EVALUATIONS` are left out.
    """
    old = design.group(group).lr.schedule
    if not isinstance(old, Plateau | Greedy):
        raise UserError(f"The schedule of {design.group(group).name!r} follows no metric.")
    kept = tuple(itertools.islice(values, MOST_EVALUATIONS))
    if not kept:
        raise UserError("There is no metric to use: the trial ended before the first evaluation.")
    return set_schedule(design, group, replace(old, metric=RecordedTrace(kept, source)))


def set_plan(design: Design, plan: Plan) -> Design:
    """Change the length of training; lengths in epochs and percent follow, those in steps stay."""
    if plan == design.plan:
        return design
    return replace(design, plan=replaced(design.plan, epoch=plan.epoch, epochs=plan.epochs))


def set_batches(design: Design, **changes: int) -> Design:
    """Change some of samples, batch size, accumulation, devices, drop last; the steps per epoch follow from them.

    Where the plan had a plain number of steps it now is worked out, from the defaults and these.
    """
    epoch = design.plan.epoch
    old = epoch if isinstance(epoch, Batches) else Batches()
    return set_plan(design, replace(design.plan, epoch=replaced(old, **changes)))


def set_track(design: Design, group: int, slot: Slot, schedule: AnySchedule | None) -> Design:
    """Let weight decay, momentum (Adam's beta1) or beta2 move along a schedule, or stay (None); the lr needs one.

    A schedule of something that the optimizer does not have can be taken away, but not given.
    """
    if slot == "lr":
        if schedule is None:
            raise UserError("The learning rate needs a schedule; give it a constant one.")
        return set_schedule(design, group, schedule)
    old = design.group(group)
    if option_of(old, slot) is None and schedule is not None:
        raise UserError(f"{optimizer_name(old.options)} has no {TRACK_KINDS[slot].title.lower()}.")
    new = replaced(old, **{slot: schedule})
    return design if new is old else with_group(design, new)


def couple_momentum(design: Design, group: int) -> Design:
    """Let the momentum go down where a one-cycle or cyclic rate goes up, with its timing, as torch's classes do it.

    The base is torch's default: 0.95 beside `OneCycleLR`, 0.9 beside `CyclicLR`.
    """
    old = design.group(group)
    option = option_of(old, "momentum")
    if option is None:
        raise UserError(f"{optimizer_name(old.options)} has no momentum.")
    beside, base = _momentum_beside(old.lr.schedule)
    options = with_option(old.options, option, base)
    new = replaced(replace(old, options=options) if options is not old.options else old, momentum=beside)
    return design if new is old else with_group(design, new)


def _momentum_beside(schedule: Any) -> tuple[AnySchedule, float]:
    match schedule:
        case OneCycle():
            shared = ("pct_start", "anneal", "three_phase", "length")
            return OneCycleMomentum(**{name: getattr(schedule, name) for name in shared}), 0.95
        case Cyclic():
            return replace(schedule, low=0.8 / 0.9, inverted=True), 0.9
    raise UserError("Only beside a one-cycle or cyclic learning rate does the momentum have a cycle of its own.")


def set_freeze(design: Design, group: int, freeze: tuple[Freeze, ...]) -> Design:
    """Set when a group is frozen: none, one or more stretches of time."""
    old = design.group(group)
    new = replaced(old, freeze=freeze)
    return design if new is old else with_group(design, new)


def set_model(design: Design, model: Model) -> Design:
    """Put another model, or the same one after a change, under the design.

    Pins and rules stay, also pins on names that are gone: a check tells of them.
    """
    return design if model == design.model else replace(design, model=model)


def _check_accepted(design: Design, parameter: str, group: int) -> None:
    taker = design.group(group)
    why = refusal(design.model.inventory, taker.options, parameter)
    if why is not None:
        raise UserError(f"{parameter} cannot be in {taker.name!r}: {why}.")


def _with_pins(design: Design, pins: dict[str, int]) -> Design:
    new = tuple(Pin(path, group) for path, group in sorted(pins.items()))
    return design if new == design.pins else replace(design, pins=new)


def _tied_names(inventory: Inventory) -> dict[str, str]:
    """Every name of each tied tensor -> its first name."""
    return _tied_names_of(Same(inventory))


@lru_cache(maxsize=2)
def _tied_names_of(same: Same[Inventory]) -> dict[str, str]:
    tied = {p.name: p.tied_to for p in same.value.parameters if p.tied_to is not None}
    return tied | {first: first for first in tied.values()}
