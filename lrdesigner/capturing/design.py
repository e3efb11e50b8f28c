"""From live objects, told as plain data, to a design, and what is to be known about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import structs

from lrdesigner.capturing.description import LiveGroup, LiveObjects, LiveOptimizer
from lrdesigner.capturing.folding import folded
from lrdesigner.capturing.followers import linked
from lrdesigner.capturing.names import group_names
from lrdesigner.capturing.options import captured_options, movable
from lrdesigner.capturing.own_code import AS_DESIGNED, as_designed, kept_design, kept_groups
from lrdesigner.capturing.parts import Part, reproduces
from lrdesigner.capturing.tracks import LR_SCALE, SLOTS, CapturedTrack, Tracks
from lrdesigner.document import COLOURS, MOST_STEPS_PER_EPOCH, Design, Freeze, Group, Model, Plan, Track
from lrdesigner.errors import UserError
from lrdesigner.membership import membership
from lrdesigner.numbers import count, rate
from lrdesigner.param_groups import trained_groups
from lrdesigner.pin_compression import compressed

NOT_TRAINED = "not trained"
_SHOWN = 3
EXACTLY = 1e-12
"""Error of keys, as a share of the peak, that is only arithmetic."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A design, and in sentences what was sampled with which error, guessed, or could not be taken over."""

    design: Design
    notes: tuple[str, ...]


def captured_design(
    live: LiveObjects, model: Model, steps_per_epoch: int | None = None, *, fold: bool = True
) -> Captured:
    """The design of live objects; with `fold`, param groups that mean one group are one.

    Raises `UserError` where a design cannot be made.
    """
    kept = kept_design(live)
    if kept and steps_per_epoch not in (None, kept.plan.steps_per_epoch):
        kept = None
    if kept and fold and (whole := as_designed(kept, live, model)):
        return Captured(whole, (AS_DESIGNED, *([_about_past(live)] if live.done else [])))
    plan = kept.plan if kept and kept.plan.total_steps == live.steps else plan_of(live.steps, steps_per_epoch)
    known = kept_groups(kept)
    parts = [
        [_part(optimizer, group, place, tracks) for place, group in enumerate(optimizer.groups)]
        for optimizer, tracks in (
            (one, Tracks(live, plan, number, known)) for number, one in enumerate(live.optimizers)
        )
    ]
    _check_different(live.optimizers)
    found = _assembled(model, plan, parts)
    if fold:
        found = _folded(found, parts)
    past = [_about_past(live)] if live.done else []
    return Captured(found.design, (*_about_run(live, plan), *found.notes, *past))


@dataclass(frozen=True, slots=True)
class _Assembled:
    """A design with the group that each tensor was given, and what is to be known about its groups."""

    design: Design
    owner: Mapping[str, int]
    notes: tuple[str, ...]


def _folded(plain: _Assembled, parts: list[list[Part]]) -> _Assembled:
    """The same with as few groups, and as many followers, as there can be; unchanged if torch would see another."""
    fewer = [folded(of_one, plain.design) for of_one in parts]
    found = _assembled(plain.design.model, plain.design.plan, fewer)
    wanted = {info.name: one.group for one in trained_groups(plain.design) for info in one.parameters}
    following = linked(found.design)
    for design in (following, found.design):
        if reproduces(trained_groups(design), wanted):
            return replace(found, design=design)
    return plain


def _assembled(model: Model, plan: Plan, parts: list[list[Part]]) -> _Assembled:
    groups, owner, alike = list[Group](), dict[str, int](), dict[str, list[str]]()
    names = group_names([[part.live for part in of_one] for of_one in parts])
    for of_one, called in zip(parts, names, strict=True):
        for part, name in zip(of_one, called, strict=True):
            place = len(groups)
            groups.append(structs.replace(part.group, id=place + 1, name=name, colour=place % COLOURS))
            owner |= dict.fromkeys(part.live.parameters, place + 1)
            for words in (*part.said, *_about_members(part.live, model)):
                alike.setdefault(words, []).append(name)
    notes = [f"{_listed(names_of)}: {words}" for words, names_of in alike.items()]
    left = [p for p in model.inventory.parameters if p.tied_to is None and p.trainable and p.name not in owner]
    if left:
        groups.append(_not_trained(groups))
        owner |= dict.fromkeys((p.name for p in left), groups[-1].id)
        missed = _listed([p.name for p in left])
        notes.append(f"No optimizer has {missed}: they are in the group {groups[-1].name!r}, always frozen.")
    design = _pinned(model, plan, groups, owner)
    return _Assembled(design, owner, (*notes, *_about_membership(design, owner)))


def plan_of(steps: int, steps_per_epoch: int | None) -> Plan:
    """A run of so many steps, in whole epochs; without their length it is one epoch, if that can be so long."""
    epochs = -(-steps // (steps_per_epoch or MOST_STEPS_PER_EPOCH))
    plan = Plan(epoch=steps_per_epoch or -(-steps // epochs), epochs=epochs)
    try:
        return msgspec.convert(msgspec.to_builtins(plan), Plan)
    except msgspec.ValidationError as error:
        raise UserError(f"A run of {steps:,} steps cannot be planned: {error}.") from None


def _part(optimizer: LiveOptimizer, group: LiveGroup, place: int, tracks: Tracks) -> Part:
    """The group without name, and what was sampled."""
    lr, moving = tracks.lr(group, place), dict[str, float]()
    said = [_sampled_words("lr", lr)] if lr.error is not None else []
    if "lr" not in group.lanes:
        said.append(f"Its lr is no number, as where an optimizer finds its own; {rate(lr.base)} stands in its place.")
    if group.options.get(LR_SCALE, 1) != 1 and not tracks.scales_itself:
        said.append(_scale_words(tracks.applied_scale(group) != 1))
    if lr.loose is not None:
        said.append(f"Its lr is a tensor of few digits, off by {rate(lr.loose)} of what its scheduler means, at most.")
    schedules: dict[str, Any] = {}
    for name in movable(optimizer, group):
        track = tracks.other(group, place, name)
        if track.schedule is None:
            continue
        if tracks.steered:
            said.append(f"Its {name} moves, which it cannot in a design while a metric steers the lr; left out.")
            continue
        moving[name], schedules[SLOTS[name]] = track.base, track.schedule
        said += [_sampled_words(name, track)] if track.error is not None else []
    options = captured_options(optimizer, group, moving)
    made = Group(id=1, name="group", options=options, lr=Track(lr.base, lr.schedule), **schedules)
    return Part(group, _checked(made), tuple(said))


def _checked(group: Group) -> Group:
    """The group if a design file may hold it; whole numbers become what the fields are."""
    try:
        return msgspec.convert(msgspec.to_builtins(group), Group)
    except msgspec.ValidationError as error:
        raise UserError(f"A param group cannot be in a design: {error}.") from None


def _sampled_words(name: str, track: CapturedTrack) -> str:
    error = track.error or 0.0
    if error < EXACTLY:
        return f"The {name} was sampled at every step, and its keys are exact."
    off = f"off by {rate(error)} of the peak at most, at step {track.worst:,}"
    return f"The {name} was sampled; its keys are {off}."


def _scale_words(applied: bool) -> str:
    if applied:
        return "Its lr is multiplied by its lr_scale, as training loops that write it do, such as timm's."
    return "Its lr_scale is ignored, as torch's schedulers do."


def _not_trained(groups: list[Group]) -> Group:
    """A group that is frozen for the whole run, which is what torch makes of parameters that no optimizer has."""
    name, number = NOT_TRAINED, 1
    while name in {group.name for group in groups}:
        number += 1
        name = f"{NOT_TRAINED} {number}"
    place = len(groups)
    return Group(id=place + 1, name=name, colour=place % COLOURS, options=groups[0].options, freeze=(Freeze(),))


def _pinned(model: Model, plan: Plan, groups: list[Group], owner: Mapping[str, int]) -> Design:
    sizes = {group.id: 0 for group in groups}
    for parameter in model.inventory.parameters:
        if parameter.name in owner and parameter.tied_to is None:
            sizes[owner[parameter.name]] += parameter.numel
    order = sorted(sizes, key=lambda group: -sizes[group])  # the largest takes the rest, where that is as good
    pinning = compressed(model.inventory, owner, order)
    return Design(model=model, plan=plan, groups=tuple(groups), remainder=pinning.remainder, pins=pinning.pins)


# What is to be known.


def _about_run(live: LiveObjects, plan: Plan) -> Iterator[str]:
    yield from live.remarks
    if not live.steps_known:
        yield f"The length of the run is not known; {plan.total_steps:,} steps are assumed."
    for number, optimizer in enumerate(live.optimizers):
        yield from _about_optimizer(optimizer, Tracks(live, plan, number))
    types = [optimizer.type for optimizer in live.optimizers]
    for kind in sorted({kind for kind in types if types.count(kind) > 1}):
        yield f"The {types.count(kind)} optimizers of type {kind} are one in the design."


def _about_optimizer(optimizer: LiveOptimizer, tracks: Tracks) -> Iterator[str]:
    if tracks.ignored:
        yield f"A metric steers the lr of {optimizer.type}; beside it {', '.join(tracks.ignored)} was left out."


def _about_members(group: LiveGroup, model: Model) -> Iterator[str]:
    if group.strangers:
        yield f"It has {count(group.strangers)} tensors that are no parameters of the model; they were left out."
    mine = set(group.parameters)
    resting = [p for p in model.inventory.parameters if p.name in mine and not p.trainable]
    if resting:
        yield f"Of its parameters {_listed([p.name for p in resting])} need no gradient, so that they do not train."


def _about_past(live: LiveObjects) -> str:
    if live.first == 0:
        return f"The run is at step {live.done:,}; the schedules were followed from step 0 on."
    return (
        f"The run is at step {live.done:,}, and what was before could not be followed again: "
        "shapes that were recognised begin at step 0; sampled values are held up to the present step."
    )


def _about_membership(design: Design, owner: Mapping[str, int]) -> Iterator[str]:
    """What a design refuses: Muon takes hidden matrices only."""
    placements = membership(design).placements
    tensors = [p for p in design.model.inventory.parameters if p.name in owner]
    moved = [p for p in tensors if placements[p.name].group != owner[p.name]]
    if moved:
        yield f"In a design its optimizer refuses {_listed([p.name for p in moved])}, which now is in another group."


def _check_different(optimizers: tuple[LiveOptimizer, ...]) -> None:
    seen: set[str] = set()
    for optimizer in optimizers:
        for group in optimizer.groups:
            twice = seen & set(group.parameters)
            if twice:
                raise UserError(f"{min(twice)} is in two param groups; a design has each parameter in one.")
            seen |= set(group.parameters)


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
