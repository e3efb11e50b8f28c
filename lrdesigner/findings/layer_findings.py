"""Findings about layer decay: layers that are not found, rates that vanish."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lrdesigner.document import Design, Group
from lrdesigner.expansion import layer_scales
from lrdesigner.expansion_edits import set_layer_decay, use_layer_decay
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.inventory import ParameterInfo
from lrdesigner.layers import found_pattern
from lrdesigner.membership import membership
from lrdesigner.numbers import rate
from lrdesigner.places import Place

TINY = 1e-3
"""Share of a group's rate below which a layer hardly moves."""


def layers_not_found(design: Design) -> Iterator[Finding]:
    """Layer decay in a group whose names show no layers, or none of the given pattern."""
    for group, parameters in _layered(design):
        if layer_scales(group, parameters)[0].pattern:
            continue
        given = group.layer_decay.layers.strip() if group.layer_decay else ""
        found = found_pattern(parameters) if given else ""
        yield Finding(
            code="layers-fit-nothing" if given else "layers-not-found",
            severity="warning",
            where=group.name,
            message=f"No name in it has layers as {given} says, so layer decay does nothing."
            if given
            else "No layers were found in its names, so layer decay does nothing; say where their numbers stand, as in "
            "blocks.#.",
            group=group.id,
            fix=Fix("Find the layers", partial(set_layer_decay, group=group.id, layers=""))
            if found
            else Fix("Remove layer decay", partial(use_layer_decay, group=group.id, decay=None)),
            place=Place(group=group.id, field="layers"),
        )


def tiny_rates(design: Design) -> Iterator[Finding]:
    """A bottom layer with next to none of the group's rate."""
    for group, parameters in _layered(design):
        layers, scales = layer_scales(group, parameters)
        tiny = [scale for scale in scales if scale < TINY]
        if tiny and layers.pattern:
            yield Finding(
                code="layer-rate-tiny",
                severity="info",
                where=group.name,
                message=f"{'The lowest layer learns' if len(tiny) == 1 else f'The lowest {len(tiny)} layers learn'} at "
                f"{rate(tiny[0])} of its rate{'' if len(tiny) == 1 else ' and up'}, and so hardly at all.",
                group=group.id,
                fix=Fix(f"At least {rate(TINY)} of it", partial(set_layer_decay, group=group.id, minimum=TINY)),
                place=Place(group=group.id, field="minimum"),
            )


def _layered(design: Design) -> Iterator[tuple[Group, tuple[ParameterInfo, ...]]]:
    for group in design.groups:
        parameters = membership(design).trainable(group.id) if group.layer_decay is not None else ()
        if parameters and group.layer_decay is not None and group.layer_decay.factor < 1:
            yield group, parameters


LAYER_CHECKS = (layers_not_found, tiny_rates)
