"""Findings about groups and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.membership import membership
from lrdesigner.param_groups import trained_groups


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
    if not design.model.inventory.trainable_parameters:
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


def _unfrozen(design: Design) -> Design:
    for group in design.groups:
        design = edits.set_freeze(design, group.id, ())
    return design


GROUP_CHECKS = (nothing_to_train, empty_groups)
