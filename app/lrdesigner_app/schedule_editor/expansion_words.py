"""What the section on layers and exemptions says, as pure functions of the design."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lrdesigner.document import Design, Group
from lrdesigner.expansion import exempt_parameters, layer_scales, weight_decay_of
from lrdesigner.identity import Same
from lrdesigner.inventory import ParameterInfo
from lrdesigner.layers import layers_of
from lrdesigner.membership import membership
from lrdesigner.model_rows import rows_of
from lrdesigner.numbers import rate, scaled
from lrdesigner.optimizers import movable_options, optimizer_name

_MOST_LAYERS = 40

Parameters = tuple[ParameterInfo, ...]


def why_no_layers(group: Group, parameters: Parameters) -> str:
    """Why layer decay can do nothing for a group; "" where it can."""
    return "" if parameters else f"{group.name} holds nothing that trains."


def why_no_exemption(group: Group) -> str:
    """Why nothing of a group can be free of weight decay; "" where it can."""
    if "weight_decay" not in movable_options(group.options):
        return f"{optimizer_name(group.options)} has no weight decay."
    return "" if weight_decay_of(group) else "The weight decay above is 0 already."


def layer_words(group: Group, parameters: Parameters) -> str:
    """ "14 layers of blocks.#: 2.4e-5 at the bottom, 0.001 at the top"; "" without layer decay."""
    if group.layer_decay is None:
        return ""
    layers, scales = layer_scales(group, parameters)
    if not layers.pattern:
        return "No numbered layers in it: all has one rate."
    low, high = (rate(scaled(group.lr.base, scale)) for scale in (scales[0], scales[-1]))
    return f"{layers.count} layers by {layers.pattern}: {high} at the top, down to {low}"


def layer_list(group: Group, parameters: Parameters) -> str:
    """The rate of every layer, the topmost first, with how many tensors it holds; "" without layers."""
    if group.layer_decay is None or not parameters:
        return ""
    layers, scales = layer_scales(group, parameters)
    tensors = _tensors_by_layer(Same(parameters), group.layer_decay.layers)
    numbers = range(layers.count - 1, -1, -1)
    half = _MOST_LAYERS // 2
    shown = [*numbers] if layers.count <= _MOST_LAYERS else [*numbers[:half], *numbers[-half:]]
    lines = [
        f"layer {number}: {rate(scaled(group.lr.base, scales[number]))} · {_tensors(tensors[number])}"
        for number in shown
    ]
    if len(shown) < layers.count:
        lines.insert(half, f"… {layers.count - len(shown)} more …")
    return "\n".join(lines)


def exempt_words(design: Design, group: Group) -> str:
    """ "26 of 51 tensors are exempt."; "" without an exemption."""
    if group.exempt is None:
        return ""
    inventory, found = design.model.inventory, membership(design)
    rows = rows_of(inventory)
    trainable = rows.trainable[rows.parameter_rows]
    mine = (found.owners == found.groups.index(group.id)) & (rows.firsts == np.arange(len(trainable))) & trainable
    free = exempt_parameters(inventory, group.exempt) & mine
    return f"{int(free.sum()):,} of {_tensors(int(mine.sum()))} are exempt."


@lru_cache(maxsize=16)
def _tensors_by_layer(same: Same[Parameters], pattern: str) -> tuple[int, ...]:
    layers = layers_of(same.value, pattern)
    return tuple(np.bincount(np.array(layers.of), minlength=layers.count).tolist())


def _tensors(number: int) -> str:
    return f"{number:,} tensor{'' if number == 1 else 's'}"
