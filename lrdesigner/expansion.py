"""From a group to the param groups that torch sees: one for each rate and decay that differs within it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from msgspec.structs import replace

from lrdesigner.document import DecayExemption, Design, Group, LayerDecay
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory, ParameterInfo
from lrdesigner.layers import Layers, layers_of
from lrdesigner.model_rows import Bools, rows_of
from lrdesigner.numbers import scaled
from lrdesigner.optimizers import movable_options, option_value, with_option
from lrdesigner.queries.find import any_name, matching_parameters

# By the module that owns a parameter: around it may stand a ConvNormAct or a PreNorm, which hold other things too.
NORM_TYPES = re.compile("(?i)norm")
EMBEDDING_TYPES = re.compile("(?i)embed")
# Where types are unknown, as in a checkpoint, names tell; they are as customary as the types.
NORM_NAMES = r"/(?i)(^|[._])(norm|ln|bn|layernorm|batchnorm|rmsnorm)\d*([._]|$)/"


@dataclass(frozen=True, slots=True, eq=False)
class ParamGroup:
    """What torch will see as one param group: trainable parameters with one set of options.

    `group` is the group that they are of, with what is particular to this part of it: a scaled base lr, no weight
    decay. `layers` are the first and the last layer in it, where layers differ.
    """

    name: str
    group: Group
    parameters: tuple[ParameterInfo, ...]
    scale: float = 1.0
    layers: tuple[int, int] | None = None
    exempt: bool = False

    @property
    def numel(self) -> int:
        """Scalars in it."""
        return sum(parameter.numel for parameter in self.parameters)


def expanded(design: Design, group: Group, parameters: tuple[ParameterInfo, ...]) -> tuple[ParamGroup, ...]:
    """The param groups of a group, lower layers first, those with decay before those without; equal ones are one.

    They are named after the group: `backbone.layer3`, `backbone.layer3.no_decay`, `backbone.layers0-2`.
    """
    if not parameters:
        return ()
    exemption = group.exempt if weight_decay_of(group) else None
    return tuple(
        ParamGroup(
            name=group.name + _layer_words(part.layers) + (".no_decay" if part.exempt else ""),
            group=particular(group, part.scale, exempt=part.exempt),
            parameters=part.parameters,
            scale=part.scale,
            layers=part.layers,
            exempt=part.exempt,
        )
        for part in _parts(Same(design.model.inventory), Same(parameters), group.layer_decay, exemption)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What of a group has one rate and one decay, whatever these are."""

    parameters: tuple[ParameterInfo, ...]
    scale: float
    layers: tuple[int, int] | None
    exempt: bool


@lru_cache(maxsize=128)
def _parts(
    inventory: Same[Inventory],
    parameters: Same[tuple[ParameterInfo, ...]],
    decay: LayerDecay | None,
    exemption: DecayExemption | None,
) -> tuple[_Part, ...]:
    """The parts of a group: most edits leave them what they are."""
    layers, scales = _scales(decay, parameters.value)
    free = _names(inventory, exemption) if exemption is not None else frozenset()
    parts: dict[tuple[float, bool], list[ParameterInfo]] = {}
    for layer, info in zip(layers.of, parameters.value, strict=True):
        parts.setdefault((scales[layer], info.name in free), []).append(info)
    several = len({scale for scale, _ in parts}) > 1
    found = []
    for (scale, exempt), infos in sorted(parts.items(), key=lambda part: part[0]):
        numbers = [layer for layer, other in enumerate(scales) if other == scale]
        found.append(_Part(tuple(infos), scale, (numbers[0], numbers[-1]) if several else None, exempt))
    return tuple(found)


def layer_scales(group: Group, parameters: tuple[ParameterInfo, ...]) -> tuple[Layers, tuple[float, ...]]:
    """The layers of a group's parameters, and the share of the group's rate that each layer has, the lowest first."""
    return _scales(group.layer_decay, parameters)


def _scales(decay: LayerDecay | None, parameters: tuple[ParameterInfo, ...]) -> tuple[Layers, tuple[float, ...]]:
    if decay is None:
        return Layers("", (0,) * len(parameters)), (1.0,)
    layers = layers_of(parameters, decay.layers)
    top = layers.count - 1
    return layers, tuple(max(decay.factor ** (top - layer), decay.minimum) for layer in range(layers.count))


def exempt_parameters(inventory: Inventory, exemption: DecayExemption) -> Bools:
    """For each parameter of the inventory, whether an exemption frees it from weight decay; tied names agree."""
    return _exempt(Same(inventory), exemption)


@lru_cache(maxsize=16)
def _exempt(same: Same[Inventory], exemption: DecayExemption) -> Bools:
    inventory = same.value
    found = np.zeros(len(inventory.parameters), dtype=np.bool_)
    if exemption.bias:
        found |= np.array([info.name.endswith("bias") for info in inventory.parameters], dtype=np.bool_)
    if exemption.one_dimensional:
        found |= np.array([len(info.shape) <= 1 and not info.lazy for info in inventory.parameters], dtype=np.bool_)
    for _, kinds in exempt_types(inventory, exemption):
        found |= _owned_by(inventory, kinds)
    for query in exempt_queries(inventory, exemption):
        found |= matching_parameters(inventory, query)
    return any_name(rows_of(inventory), found)


def exempt_types(inventory: Inventory, exemption: DecayExemption) -> list[tuple[str, set[str]]]:
    """Types of the model whose own parameters are free from decay: (in a word, the types); none are where unknown."""
    wanted = [("norm", NORM_TYPES)] if exemption.norm else []
    wanted += [("embedding", EMBEDDING_TYPES)] if exemption.embeddings else []
    types = {module.type for module in inventory.modules}
    return [
        (word, {kind for kind in types if any(map(pattern.search, (kind, *inventory.bases.get(kind, ()))))})
        for word, pattern in wanted
        if has_types(inventory)
    ]


def exempt_queries(inventory: Inventory, exemption: DecayExemption) -> list[str]:
    """What else is free from decay, as queries: what a person added and, where types are unknown, customary names."""
    by_name = [] if has_types(inventory) else [NORM_NAMES] * exemption.norm + ["embed"] * exemption.embeddings
    return by_name + ([exemption.where] if exemption.where.strip() else [])


def _owned_by(inventory: Inventory, kinds: set[str]) -> Bools:
    """For each parameter, whether the module that holds it, other than the model, is of one of these types."""
    rows = rows_of(inventory)
    owners = (rows.parents[row] for row in rows.parameter_rows.tolist())
    return np.fromiter(
        (owner > 0 and rows.types[owner] in kinds for owner in owners), np.bool_, len(rows.parameter_rows)
    )


def has_types(inventory: Inventory) -> bool:
    """Whether the classes of modules are known, as they are not where only names were read."""
    return any(module.type for module in inventory.modules[1:] or inventory.modules)


@lru_cache(maxsize=16)
def _names(same: Same[Inventory], exemption: DecayExemption) -> frozenset[str]:
    """First names of the tensors that are free of decay."""
    infos = same.value.parameters
    return frozenset([infos[place].name for place in np.flatnonzero(exempt_parameters(same.value, exemption)).tolist()])


def weight_decay_of(group: Group) -> float:
    """The weight decay of a group; 0 where its optimizer has none."""
    known = "weight_decay" in movable_options(group.options)
    return float(option_value(group.options, "weight_decay")) if known else 0.0


def particular(group: Group, scale: float, *, exempt: bool) -> Group:
    """A group as one part of it has it: with a scaled base lr, without weight decay."""
    if scale != 1.0:
        group = replace(group, lr=replace(group.lr, base=scaled(group.lr.base, scale)))
    if exempt:
        group = replace(group, options=with_option(group.options, "weight_decay", 0.0), weight_decay=None)
    return group


def _layer_words(span: tuple[int, int] | None) -> str:
    if span is None:
        return ""
    return f".layer{span[0]}" if span[0] == span[1] else f".layers{span[0]}-{span[1]}"
