"""What the docstring of an exported file tells of the groups: one entry for each, however many param groups it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrdesigner.document import Design
from lrdesigner.expansion import layer_scales
from lrdesigner.membership import membership
from lrdesigner.numbers import rate
from lrdesigner.param_groups import ParamGroup


def header_groups(
    design: Design, groups: Sequence[ParamGroup], tables: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The tables of `group_table` for the header: those of one group are put together."""
    found: dict[int, list[tuple[ParamGroup, dict[str, Any]]]] = {}
    for part, table in zip(groups, tables, strict=True):
        found.setdefault(part.group.id, []).append((part, table))
    return [
        parts[0][1] if len(parts) == 1 and parts[0][0].name == parts[0][0].group.name else _folded(design, parts)
        for parts in found.values()
    ]


def _folded(design: Design, parts: Sequence[tuple[ParamGroup, dict[str, Any]]]) -> dict[str, Any]:
    """One entry for the param groups of a group, in the words of the one that is most like the group itself."""
    top, shown = max(parts, key=lambda one: (one[0].scale, not one[0].exempt))
    group = design.group(top.group.id)
    words = list(shown["words"])
    decay = group.layer_decay
    if decay is not None and len({part.layers for part, _ in parts}) > 1:
        layers, _ = layer_scales(group, membership(design).trainable(group.id))
        rates = [part.group.lr.base for part, _ in parts]
        words.append(
            f"layer decay {rate(decay.factor)} over {layers.count} layers: base lr from {rate(min(rates))} in the "
            f"lowest to {rate(max(rates))} in the topmost"
        )
    free = [part for part, _ in parts if part.exempt]
    if free:
        tensors, scalars = sum(len(part.parameters) for part in free), sum(part.numel for part in free)
        words.append(f"without weight decay: {scalars:,} of the parameters, in {tensors} tensors")
    return {
        **shown,
        "name": group.name,
        "lr": group.lr.base,
        "tensors": sum(table["tensors"] for _, table in parts),
        "scalars": sum(table["scalars"] for _, table in parts),
        "words": words,
    }
