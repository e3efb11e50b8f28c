"""What the command show tells of a design: lines for people, a JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lrdesigner.document import Batches, Design, Group, Plan, Track
from lrdesigner.expansion import ParamGroup, layer_scales
from lrdesigner.membership import membership
from lrdesigner.numbers import exact, rate
from lrdesigner.optimizers import optimizer_name, torch_options
from lrdesigner.param_groups import param_groups, trained_groups
from lrdesigner.queries.find import matching_parameters
from lrdesigner.schedules import shape_of
from lrdesigner.tracks import TRACK_KINDS, frozen_stretches, moves, slots_of, track_of

EXEMPTIONS = {"bias": "biases", "norm": "norms", "one_dimensional": "1-D", "embeddings": "embeddings"}


def design_lines(design: Design) -> Iterator[str]:
    """The plan, the rules, and each group with its options, schedule, param groups and members."""
    plan, trainable = design.plan, design.model.inventory.trainable_parameters
    yield f"{design.model.source or 'no model'}: {trainable:,} trainable parameters"
    yield f"{plan.epochs:,} epochs of {plan.steps_per_epoch:,} steps, {plan.total_steps:,} steps in all"
    optimizers = param_groups(design)
    if len(optimizers) > 1:
        names = ", ".join(optimizer_name(found[0].group.options) for found in optimizers)
        yield f"{len(optimizers)} optimizers: {names}"
    if design.rules:
        yield ""
        yield "rules, of which the first that fits counts where no pin reaches:"
    for number, (rule, (fit, decided)) in enumerate(zip(design.rules, _rule_counts(design), strict=True), 1):
        name = rule.where if rule.name == rule.where else f"{rule.name} ({rule.where})"
        fits = f"fits {_several(fit, 'tensor')}, decides {decided:,}"
        yield f"  {number}. {name} -> {design.group(rule.group).name}: {fits}"
    for group in design.groups:
        yield ""
        yield from _group_lines(design, group)


def _rule_counts(design: Design) -> list[tuple[int, int]]:
    """For each rule, how many trainable tensors fit it, and how many it puts into its group."""
    members, inventory = membership(design), design.model.inventory
    firsts = [n for n, info in enumerate(inventory.parameters) if info.tied_to is None and info.trainable]
    found = []
    for place, rule in enumerate(design.rules):
        fits = matching_parameters(inventory, rule.where)
        found.append((int(fits[firsts].sum()), int((members.reasons[firsts] == -2 - place).sum())))
    return found


def _group_lines(design: Design, group: Group) -> Iterator[str]:
    parameters = membership(design).trainable(group.id)
    scalars = sum(parameter.numel for parameter in parameters)
    options = ", ".join(f"{key} {option_text(value)}" for key, value in torch_options(group.options).items())
    remainder = " (takes the rest)" if group.id == design.remainder else ""
    yield f"{group.name}{remainder}: {scalars:,} parameters in {_several(len(parameters), 'tensor')}"
    yield f"  {optimizer_name(group.options)}, base lr {rate(group.lr.base)}, {options}"
    if group.follow is not None:
        yield f"  follows {design.group(group.follow.leader).name} x {exact(group.follow.scale)}"
    yield from _moving_lines(group, design.plan)
    if group.exempt is not None:
        yield f"  no weight decay for {_exemption_words(group)}"
    yield from _part_lines(design, group)
    yield from (f"    {parameter.name}" for parameter in parameters)


def _exemption_words(group: Group) -> str:
    assert group.exempt is not None
    found = [words for field, words in EXEMPTIONS.items() if getattr(group.exempt, field)]
    return ", ".join([*found, *([group.exempt.where] if group.exempt.where.strip() else [])]) or "nothing"


def _part_lines(design: Design, group: Group) -> Iterator[str]:
    """The param groups of a group, where it has several; those of layers on one line."""
    parts = [part for part in trained_groups(design) if part.group.id == group.id]
    decay = group.layer_decay
    if decay is not None:
        layers, scales = layer_scales(group, membership(design).trainable(group.id))
        where = f" by {layers.pattern}" if layers.pattern else ", since names tell of none"
        rates = f"base lr {rate(group.lr.base * min(scales))} to {rate(group.lr.base * max(scales))}"
        yield f"  layer decay {exact(decay.factor)} over {_several(layers.count, 'layer')}{where}, {rates}"
    if len(parts) == 1 and parts[0].name == group.name:
        return
    for free in (False, True):
        some = [part for part in parts if part.exempt == free]
        if some:
            yield f"  {'without weight decay' if free else 'param groups'}: {_folded(some)}"


def _folded(parts: list[ParamGroup]) -> str:
    tensors = sum(len(part.parameters) for part in parts)
    span = parts[0].name if len(parts) == 1 else f"{parts[0].name} to {parts[-1].name}, {len(parts)} param groups"
    return f"{span}, {sum(part.numel for part in parts):,} parameters in {_several(tensors, 'tensor')}"


def _several(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _moving_lines(group: Group, plan: Plan) -> Iterator[str]:
    """What each track that moves does, and when the group is frozen."""
    for slot in slots_of(group):
        if moves(group, slot):
            title = "" if slot == "lr" else f"{TRACK_KINDS[slot].title}: "
            yield f"  {title}{schedule_text(track_of(group, slot), plan)}"
    stretches = [
        f"from step {start:,} on" if end == plan.total_steps else f"from step {start:,} to {end - 1:,}"
        for start, end in _stretches(group, plan)
    ]
    if stretches:
        yield f"  frozen {', '.join(stretches)}"


def _stretches(group: Group, plan: Plan) -> list[tuple[int, int]]:
    """(first frozen step, one past the last) as far as the run goes."""
    return [(start, min(end, plan.total_steps)) for start, end in frozen_stretches(group.freeze, plan)]


def schedule_text(track: Track, plan: Plan) -> str:
    """What a track does, in words."""
    return shape_of(track.schedule).describe(track.schedule, plan.span_for(track.base))


def design_json(design: Design) -> dict[str, Any]:
    """The same as one object; param groups are in the order of the exported optimizers."""
    members, plan = membership(design), design.plan
    return {
        "source": design.model.source,
        "plan": {"steps_per_epoch": plan.steps_per_epoch, "epochs": plan.epochs, "total_steps": plan.total_steps}
        | ({"batches": plan.epoch} if isinstance(plan.epoch, Batches) else {}),
        "rules": [
            {
                "name": rule.name,
                "where": rule.where,
                "group": design.group(rule.group).name,
                "fits": fit,
                "decides": decided,
            }
            for rule, (fit, decided) in zip(design.rules, _rule_counts(design), strict=True)
        ],
        "groups": [_group_json(design, group, [p.name for p in members.members(group.id)]) for group in design.groups],
        "param_groups": [
            _part_json(design, part, number) for number, found in enumerate(param_groups(design)) for part in found
        ],
    }


def _group_json(design: Design, group: Group, names: list[str]) -> dict[str, Any]:
    follow = group.follow
    return {
        "name": group.name,
        "remainder": group.id == design.remainder,
        "optimizer": optimizer_name(group.options),
        "options": torch_options(group.options),
        "base_lr": group.lr.base,
        "schedule": group.lr.schedule,
        "schedule_text": schedule_text(group.lr, design.plan),
        "tracks": {
            slot: {"schedule": getattr(group, slot), "schedule_text": schedule_text(track_of(group, slot), design.plan)}
            for slot in slots_of(group)
            if slot != "lr" and moves(group, slot)
        },
        "frozen": [list(stretch) for stretch in _stretches(group, design.plan)],
        "follows": None if follow is None else {"group": design.group(follow.leader).name, "scale": follow.scale},
        "layer_decay": group.layer_decay,
        "exempt": group.exempt,
        "members": names,
    }


def _part_json(design: Design, part: ParamGroup, optimizer: int) -> dict[str, Any]:
    return {
        "name": part.name,
        "group": design.group(part.group.id).name,
        "optimizer": optimizer,
        "base_lr": part.group.lr.base,
        "scale": part.scale,
        "layers": part.layers,
        "exempt": part.exempt,
        "members": [info.name for info in part.parameters],
    }


def option_text(value: Any) -> str:
    """An option as people write it."""
    if isinstance(value, tuple):
        return "(" + ", ".join(option_text(part) for part in value) + ")"
    return exact(value) if isinstance(value, float) else str(value)
