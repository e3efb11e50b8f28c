"""Findings about groups and what is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache, partial

import numpy as np
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import Design, Group, Track
from lrdesigner.expansion_edits import set_layer_decay
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.group_merging import merge_groups
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory
from lrdesigner.membership import membership
from lrdesigner.numbers import rate
from lrdesigner.optimizers import AdamWOptions, optimizer_name, optimizer_of
from lrdesigner.param_groups import trained_groups
from lrdesigner.places import Place

MANY = 30
"""Param groups from which on each step takes noticeably longer."""


def empty_groups(design: Design) -> Iterator[Finding]:
    """A group that holds nothing trainable is not in the exported code; an empty remainder is fine."""
    members = membership(design)
    for group in design.groups:
        if group.id != design.remainder and not members.trainable(group.id):
            yield Finding(
                code="group-empty",
                severity="warning",
                where=group.name,
                message="holds no trainable parameter, so the exported code leaves it out.",
                group=group.id,
                fix=Fix(f"Remove {group.name}", partial(edits.remove_group, group=group.id)),
            )


def nothing_to_train(design: Design) -> Iterator[Finding]:
    """A model without trainable parameters, or with frozen ones only, cannot be exported."""
    if not _has_trainable(Same(design.model.inventory)):
        yield Finding(
            code="nothing-to-train",
            severity="error",
            where="model",
            message="The model has no trainable parameter." if design.model.source else "No model is open yet.",
        )
    elif not trained_groups(design):
        yield Finding(
            code="nothing-to-train",
            severity="error",
            where="model",
            message="Every group is frozen for the whole run.",
            fix=Fix("Unfreeze the model", _unfrozen),
        )


@lru_cache(maxsize=4)
def _has_trainable(same: Same[Inventory]) -> bool:
    return same.value.trainable_parameters > 0


def _unfrozen(design: Design) -> Design:
    for group in design.groups:
        design = edits.set_freeze(design, group.id, ())
    return design


def many_param_groups(design: Design) -> Iterator[Finding]:
    """Each param group is a pass of its own over the optimizer's step; equal ones are one already."""
    parts = trained_groups(design)
    if len(parts) <= MANY:
        return
    counts = Counter(part.group.id for part in parts)
    largest = design.group(counts.most_common(1)[0][0])
    yield Finding(
        code="many-param-groups",
        severity="info",
        where=largest.name if counts[largest.id] > 1 else "groups",
        message=f"The optimizer has {len(parts):,} param groups; beyond about {MANY} each step takes longer.",
        fix=_fewer_layers(design, largest, MANY - len(parts) + counts[largest.id]),
        place=Place(group=largest.id, field="layer_decay" if largest.layer_decay is not None else ""),
    )


def _fewer_layers(design: Design, group: Group, most: int) -> Fix | None:
    """Raise the lowest scale of a layered group until its lower layers are few enough; None if nothing helps."""
    if group.layer_decay is None:
        return None
    parts = [part for part in trained_groups(design) if part.group.id == group.id]
    for scale in sorted({part.scale for part in parts}):
        if len({(max(part.scale, scale), part.exempt) for part in parts}) <= most:
            label = f"No layer of {group.name} below {rate(scale)} of its rate"
            return Fix(label, partial(set_layer_decay, group=group.id, minimum=scale))
    return None


def groups_alike(design: Design) -> Iterator[Finding]:
    """Groups with the same settings, unless these are those of a new group: then they are still to be made."""
    trained = {part.group.id for part in trained_groups(design)}
    first: dict[Group, Group] = {}
    for group in design.groups:
        settings = replace(group, id=0, name="-", colour=0, follow=None)
        if group.id not in trained or (group.options == AdamWOptions() and group.lr == Track()):
            continue
        other = first.setdefault(settings, group)
        if other is not group:
            yield Finding(
                code="groups-alike",
                severity="info",
                where=group.name,
                message=f"It has the settings of {other.name} throughout; one group would do.",
                group=group.id,
                fix=Fix(f"Merge into {other.name}", partial(merge_groups, into=other.id, gone=group.id)),
            )


def muon_refused(design: Design) -> Iterator[Finding]:
    """What pins and rules would give to a group whose optimizer does not take it, and where it went."""
    choosy = [group for group in design.groups if optimizer_of(group.options).matrices_only]
    if not choosy or not design.model.inventory.parameters:
        return
    tolerant = tuple(replace(group, options=AdamWOptions()) if group in choosy else group for group in design.groups)
    wanted, found = membership(replace(design, groups=tolerant)).owners, membership(design).owners
    infos = design.model.inventory.parameters
    single = np.array([info.trainable and info.tied_to is None for info in infos], dtype=np.bool_)
    for place, group in enumerate(design.groups):
        refused = (wanted == place) & (found != place) & single if group in choosy else None
        if refused is None or not refused.any():
            continue
        places = Counter(found[refused].tolist())
        went = " and ".join(f"{count:,} to {design.groups[other].name}" for other, count in places.most_common(3))
        example = infos[int(np.flatnonzero(refused)[0])].name
        yield Finding(
            code="muon-refused",
            severity="info",
            where=group.name,
            message=f"{optimizer_name(group.options)} takes hidden matrices only: of what pins and rules give to it, "
            f"{went} went instead, as {example}.",
            group=group.id,
            place=Place(area="modules", group=group.id, modules=(example,)),
        )


GROUP_CHECKS = (nothing_to_train, empty_groups, many_param_groups, groups_alike, muon_refused)
