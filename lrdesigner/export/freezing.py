"""What an exported file needs to know of freezing: which groups, when, and what in them never trains."""

from __future__ import annotations

import math
from typing import Any

from lrdesigner.document import Design, Group, Plan
from lrdesigner.membership import membership
from lrdesigner.param_groups import trained_groups
from lrdesigner.schedules.breaks import FOR_EVER
from lrdesigner.tracks import Stretch, always_frozen, frozen_stretches


def frozen_words(stretches: tuple[Stretch, ...]) -> str:
    """ "frozen in steps 0 to 89 and from step 300 on".

    >>> frozen_words(((0, FOR_EVER),)), frozen_words(((7, 8),))
    ('frozen throughout', 'frozen in step 7')
    """
    if stretches == ((0, FOR_EVER),):
        return "frozen throughout"
    parts = [
        f"from step {start:,} on"
        if end == FOR_EVER
        else f"in step {start:,}"
        if end == start + 1
        else f"in steps {start:,} to {end - 1:,}"
        for start, end in stretches
    ]
    return "frozen " + " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def frozen_groups(design: Design) -> list[Group]:
    """The groups that freeze at some step and hold something that could train, in design order."""
    members = membership(design)
    return [
        group for group in design.groups if frozen_stretches(group.freeze, design.plan) and members.trainable(group.id)
    ]


def freeze_steps(design: Design) -> list[int]:
    """Every step of the run at which something begins or ends to be frozen, and the first one; sorted."""
    stretches = [frozen_stretches(group.freeze, design.plan) for group in frozen_groups(design)]
    turns = {step for found in stretches for stretch in found for step in stretch}
    return sorted({0, *(step for step in turns if step < design.plan.total_steps)}) if stretches else []


def freeze_context(design: Design) -> dict[str, Any]:
    """What the template's part about freezing shows; `frozen` is empty where nothing freezes."""
    groups = frozen_groups(design)
    return {
        "frozen": [{"name": group.name, "stretches": _open_ended(group, design.plan)} for group in groups],
        "never_trained": _never_trained(design, groups) if groups else [],
        "always_frozen": [_left_out(design, group) for group in groups if always_frozen(group, design.plan)],
        "thaws": any(not always_frozen(group, design.plan) for group in groups),
    }


def _open_ended(group: Group, plan: Plan) -> tuple[tuple[int, float], ...]:
    found = frozen_stretches(group.freeze, plan)
    return tuple((start, math.inf if end == FOR_EVER else end) for start, end in found)


def _never_trained(design: Design, frozen: list[Group]) -> list[str]:
    """Parameters without gradients that could be taken for frozen ones.

    Those of left-out groups too: their pins are not in the file, so that another group may seem to hold them.
    """
    kept = {group.group.id for group in trained_groups(design)} - {group.id for group in frozen}
    others = [group.id for group in design.groups if group.id not in kept]
    return [p.name for group in others for p in membership(design).members(group) if not p.trainable]


def _left_out(design: Design, group: Group) -> dict[str, Any]:
    parameters = membership(design).trainable(group.id)
    return {"name": group.name, "tensors": len(parameters), "scalars": sum(p.numel for p in parameters)}
