"""The steps that presets are made of. Each leaves the very same design where nothing changes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import DecayExemption, Design
from lrdesigner.expansion_edits import use_exemption
from lrdesigner.following import with_group
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory, ParameterInfo
from lrdesigner.layers import layers_of
from lrdesigner.membership import membership
from lrdesigner.optimizers import movable_options
from lrdesigner.presets.parts import either
from lrdesigner.queries import matching_parameters
from lrdesigner.rule_edits import add_rule

UNNAMED = "everything"
"""The name of the one group of a new design, which a preset may change."""


def grouped(design: Design, where: str, name: str, *, layered: bool = False) -> tuple[Design, int]:
    """The group to which a rule with this query gives, or that holds just this; else a new one like the remainder.

    So a preset that is applied again finds what it made, whatever it is called now, and does not make a second head
    where a person has pinned one. `layered`: it holds layers of its own, and keeps the remainder's layer decay.
    """
    where = " ".join(where.split())
    for rule in design.rules:
        if rule.where == where and rule.group != design.remainder:
            return design, rule.group
    holder = _holder(design, where)
    if holder is not None:
        return design, holder
    design = edits.add_group(design, name)
    group = design.groups[-1]
    plain = replace(group, freeze=(), layer_decay=design.group(design.remainder).layer_decay if layered else None)
    return add_rule(with_group(design, plain), group.id, where, name), group.id


def _holder(design: Design, where: str) -> int | None:
    """The group, other than the remainder, that has all that fits a query and nothing else."""
    members, wanted = membership(design), matching_parameters(design.model.inventory, where)
    owners = np.unique(members.owners[wanted]).tolist()
    if len(owners) != 1 or not np.array_equal(members.owners == owners[0], wanted):
        return None
    group = members.groups[owners[0]]
    return None if group == design.remainder else group


def named_remainder(design: Design, name: str) -> Design:
    """Call the remainder what it is now, where nobody has named it and no other group is called so."""
    if design.group(design.remainder).name != UNNAMED or any(group.name == name for group in design.groups):
        return design
    return edits.rename_group(design, design.remainder, name)


def with_options(design: Design, group: int, **options: Any) -> Design:
    """Set those of these options that the group's optimizer has; None stands for what is."""
    known = movable_options(design.group(group).options)
    for option, value in options.items():
        if value is not None and option in known:
            design = edits.set_option(design, group, option, value)
    return design


def at_rate(design: Design, group: int, lr: float | None) -> Design:
    """Set the base lr; None stands for what is."""
    return design if lr is None else edits.set_base_lr(design, group, lr)


def exempted(design: Design, group: int, where: str = "", **kinds: bool) -> Design:
    """Free biases, norms and 1-D parameters of a group from decay, and what fits a query; what was exempt stays so."""
    old = design.group(group).exempt
    kinds = {"bias": True, "norm": True, "one_dimensional": True, "embeddings": False} | kinds
    if old is not None:
        kinds = {kind: on or getattr(old, kind) for kind, on in kinds.items()}
        where = either(design.model.inventory, old.where, where)
    return use_exemption(design, group, DecayExemption(**kinds, where=where))


def tensors(inventory: Inventory) -> tuple[ParameterInfo, ...]:
    """Every tensor once, under its first name."""
    return _tensors(Same(inventory))


@lru_cache(maxsize=2)
def _tensors(same: Same[Inventory]) -> tuple[ParameterInfo, ...]:
    return tuple(info for info in same.value.parameters if info.tied_to is None)


def no_layers(inventory: Inventory) -> str | None:
    """Why a preset that treats layers differently does not fit; None: it does."""
    if layers_of(tensors(inventory)).pattern:
        return None
    return "Its names show no numbered layers, such as blocks.0 and blocks.1."
