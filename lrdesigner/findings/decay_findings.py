"""Findings about weight decay: where it should not be, where it is missing, where its strength differs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from lrdesigner import edits
from lrdesigner.document import DecayExemption, Design, Group
from lrdesigner.expansion import exempt_parameters, weight_decay_of
from lrdesigner.expansion_edits import set_exemption, use_exemption
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory
from lrdesigner.membership import membership
from lrdesigner.model_rows import Bools, rows_of
from lrdesigner.numbers import rate
from lrdesigner.optimizers import optimizer_name, optimizer_of
from lrdesigner.param_groups import trained_groups
from lrdesigner.places import Place
from lrdesigner.presets.parts import hidden_weights

STRONGLY = 20.0
"""Times by which lr x weight decay may differ between groups; a head at ten times the rate is usual."""

_USUAL = DecayExemption(bias=False)


def norms_that_decay(design: Design) -> Iterator[Finding]:
    """Weight decay pulls the scales of norms to zero, which nobody wants. Biases are told with them, not alone."""
    vectors, biases = _vectors(Same(design.model.inventory))
    counted: dict[int, tuple[int, int]] = {}
    for place, group in _owned(design):
        if not weight_decay_of(group):
            continue
        free = (
            exempt_parameters(design.model.inventory, group.exempt) if group.exempt else np.zeros(len(place), np.bool_)
        )
        scales = int((place & vectors & ~biases & ~free).sum())
        if scales:
            counted[group.id] = scales, int((place & biases & ~free).sum())
    if not counted:
        return
    scales, others = (sum(found[part] for found in counted.values()) for part in (0, 1))
    names = [design.group(group).name for group in counted]
    yield Finding(
        code="decay-on-norms",
        severity="warning",
        where=names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more",
        message=f"{scales:,} norms or other 1-D parameters {f'and {others:,} biases ' if others else ''}have weight "
        "decay, which pulls them to 0.",
        group=next(iter(counted)) if len(counted) == 1 else None,
        place=Place(group=next(iter(counted)), field="exempt"),
        fix=Fix("Free them from decay", partial(_freed, groups=tuple(counted))),
    )


@lru_cache(maxsize=4)
def _vectors(same: Same[Inventory]) -> tuple[Bools, Bools]:
    """Norms and 1-D parameters, and which of them are biases."""
    biases = np.array([info.name.endswith("bias") for info in same.value.parameters], dtype=np.bool_)
    return exempt_parameters(same.value, _USUAL), biases


def _owned(design: Design) -> Iterator[tuple[Bools, Group]]:
    """For each group in the optimizer, which parameters torch sees in it: trainable, each tensor once."""
    members, rows = membership(design), rows_of(design.model.inventory)
    seen = _seen(Same(design.model.inventory)) & (rows.firsts == np.arange(len(rows.firsts)))
    trained = {part.group.id for part in trained_groups(design)}
    for place, group in enumerate(design.groups):
        if group.id in trained:
            yield (members.owners == place) & seen, group


@lru_cache(maxsize=4)
def _seen(same: Same[Inventory]) -> Bools:
    return np.array([info.trainable and not info.lazy for info in same.value.parameters], dtype=np.bool_)


def _freed(design: Design, groups: tuple[int, ...]) -> Design:
    for group in groups:
        design = set_exemption(design, group, bias=True, norm=True, one_dimensional=True)
    return design


def weights_that_do_not(design: Design) -> Iterator[Finding]:
    """Hidden weights without decay beside others, of the same optimizer, that have it."""
    decaying: dict[str, Group] = {}
    for group in design.groups:
        if weight_decay_of(group):
            decaying.setdefault(_kind(group), group)
    idle = [
        (place, group) for place, group in _owned(design) if not weight_decay_of(group) and _kind(group) in decaying
    ]
    if not idle:
        return
    hidden = _hidden(Same(design.model.inventory))
    for place, group in idle:
        count = int((place & hidden).sum())
        if count:
            other = decaying[_kind(group)]
            label = f"Decay of {rate(weight_decay_of(other))}, as in {other.name}"
            yield Finding(
                code="weights-without-decay",
                severity="info",
                where=group.name,
                message=f"{count:,} hidden weights in it have no weight decay, others have.",
                group=group.id,
                fix=Fix(label, partial(_decaying_like, group=group.id, other=other.id)),
                place=Place(group=group.id, field="weight_decay"),
            )


def _decaying_like(design: Design, group: int, other: int) -> Design:
    """With the decay of another group, and what that frees from it."""
    like = design.group(other)
    design = edits.set_option(design, group, "weight_decay", weight_decay_of(like))
    return design if design.group(group).exempt else use_exemption(design, group, like.exempt)


@lru_cache(maxsize=4)
def _hidden(same: Same[Inventory]) -> Bools:
    return hidden_weights(same.value, None)


def decay_that_differs(design: Design) -> Iterator[Finding]:
    """With decoupled decay, weights shrink by lr x weight decay, which a higher lr raises too."""
    strengths: dict[Any, list[tuple[float, Group]]] = {}
    for part in trained_groups(design):
        group = design.group(part.group.id)
        decay = weight_decay_of(group)
        if decay and _is_decoupled(group) and all(group is not other for _, other in strengths.get(_kind(group), ())):
            strengths.setdefault(_kind(group), []).append((group.lr.base * decay, group))
    for found in strengths.values():
        low, high = min(found, key=lambda one: one[0]), max(found, key=lambda one: one[0])
        if high[0] > STRONGLY * low[0]:
            yield Finding(
                code="decay-differs",
                severity="info",
                where=high[1].name,
                message=f"Its weights shrink by lr × weight decay = {rate(high[0])} a step, those of {low[1].name} by "
                f"{rate(low[0])}.",
                group=high[1].id,
                place=Place(group=high[1].id, field="weight_decay"),
            )


def _kind(group: Group) -> str:
    return optimizer_name(group.options)


def _is_decoupled(group: Group) -> bool:
    decay = optimizer_of(group.options).decay
    return decay == "decoupled" or bool(getattr(group.options, "decoupled_weight_decay", False))


DECAY_CHECKS = (norms_that_decay, weights_that_do_not, decay_that_differs)
