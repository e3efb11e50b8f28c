"""Live param groups that mean one group of a design: parts without weight decay, and layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from lrdesigner.capturing.exemptions import exemption_for
from lrdesigner.capturing.layered import Layering, layerings
from lrdesigner.capturing.names import common_module
from lrdesigner.capturing.parts import Part, alone, joined, reproduces, restricted, stem_of
from lrdesigner.document import DecayExemption, Design, Group, LayerDecay
from lrdesigner.expansion import expanded, weight_decay_of
from lrdesigner.inventory import ParameterInfo
from lrdesigner.model_rows import Bools, rows_of
from lrdesigner.numbers import exact
from lrdesigner.optimizers import movable_options, with_option
from lrdesigner.queries.find import any_name

MANY = 12
"""Equal param groups that a loop made, one of each parameter as a rule; so few were made by a person."""

MODEL = "model"
"""What nearly all of a model is called."""


def folded(parts: Sequence[Part], model: Design) -> list[Part]:
    """The parts of one optimizer with those put together that one group of a design says exactly.

    These are: what differs in having weight decay or none, where an exemption tells which; rates that fall from layer
    to layer; several without name that do not differ. `model` is a design whose model they are of. What no group says
    exactly stays apart.
    """
    families: dict[Any, list[Part]] = {}
    ours = any(stem_of(part.live.name) != part.live.name for part in parts)
    for part in parts:
        # In code of this program names tell which parts are of one group.
        stem = stem_of(part.live.name) if ours else ""
        families.setdefault((_alike_key(part.group), stem), []).append(part)
    found = [one for family in families.values() for one in _Folding(model, family).result()]
    order = {name: place for place, part in enumerate(parts) for name in part.live.parameters}
    return sorted(found, key=lambda part: min((order[name] for name in part.live.parameters), default=len(parts)))


def _alike_key(group: Group) -> bytes:
    """All of a group but base rate and weight decay."""
    options: Any = group.options
    if "weight_decay" in movable_options(options):
        options = with_option(options, "weight_decay", 0.0)
    return msgspec.json.encode((options, group.lr.schedule, group.momentum, group.beta2))


@dataclass(frozen=True, slots=True)
class _Tensors:
    """Trainable tensors of several parts in the model's order, each with its group."""

    infos: tuple[ParameterInfo, ...]
    groups: tuple[Group, ...]


class _Folding:
    """Parts of one optimizer that differ in base rate and weight decay alone."""

    def __init__(self, model: Design, family: Sequence[Part]) -> None:
        self._model = model
        self._family = list(family)

    def result(self) -> list[Part]:
        """As few parts as there can be."""
        if len(self._family) == 1:
            return self._family
        apart = [one for parts in self._by_rate(self._family) for one in self._level(parts)]
        return min(self._layered(len(apart)), apart, key=len)

    def _by_rate(self, parts: Iterable[Part]) -> list[list[Part]]:
        found: dict[float, list[Part]] = {}
        for part in parts:
            found.setdefault(float(f"{part.group.lr.base:.12g}"), []).append(part)
        return list(found.values())

    def _level(self, parts: list[Part], *, cut: bool = False) -> list[Part]:
        """Parts of one rate: with decay and without it together, else those without a name that do not differ."""
        tensors = self._tensors(parts)
        group = _decaying(parts)
        if len(parts) > 1 and group is not None and tensors.infos:
            exempt = self._exemption(tensors)
            whole = replace(group, exempt=exempt)
            if exempt is not None and self._holds(whole, tensors):
                return [joined(parts, whole, _words(parts, None, exempt=True))]
        return _without_repetition(parts, more_than=0 if cut else MANY)

    def _layered(self, apart: int) -> list[Part]:
        """One part with layer decay and what lies outside it; all as they are where there is no such thing."""
        tensors, group = self._tensors(self._family), _decaying(self._family)
        if group is None and any(weight_decay_of(part.group) for part in self._family):
            return self._family  # several decays
        best = self._family
        for layering in layerings(tensors.infos, [one.lr.base for one in tensors.groups]):
            found = self._with_layers(layering, tensors, group or self._family[0].group)
            if found and len(found) < len(best) and 2 * len(found) <= apart:
                best = found
            if len(best) == 1:
                break
        return best

    def _with_layers(self, layering: Layering, tensors: _Tensors, group: Group) -> list[Part]:
        inside = _Tensors(
            tuple(tensors.infos[place] for place in layering.inside),
            tuple(tensors.groups[place] for place in layering.inside),
        )
        names = frozenset(info.name for info in inside.infos)
        rest = frozenset(info.name for info in tensors.infos) - names
        exempt = self._exemption(inside)
        group = replace(group, lr=replace(group.lr, base=layering.base), layer_decay=layering.decay, exempt=exempt)
        if not self._holds(group, inside):
            return []
        outside = [cut for part in self._family if (cut := restricted(part, rest)).live.parameters]
        within = [restricted(part, frozenset(part.live.parameters) - rest, whole=True) for part in self._family]
        words = _words(self._family, layering.decay, exempt=exempt is not None)
        kept = joined(within if rest else self._family, group, words)
        if rest and not kept.live.name and not common_module(kept.live.parameters):
            kept = dataclasses.replace(kept, live=replace(kept.live, name=MODEL))
        return [kept, *(one for parts in self._by_rate(outside) for one in self._level(parts, cut=True))]

    def _tensors(self, parts: Iterable[Part]) -> _Tensors:
        owner = {name: part.group for part in parts for name in part.live.parameters}
        infos = [p for p in self._model.model.inventory.parameters if p.name in owner and p.trainable]
        return _Tensors(tuple(infos), tuple(owner[info.name] for info in infos))

    def _exemption(self, tensors: _Tensors) -> DecayExemption | None:
        decays = [weight_decay_of(group) for group in tensors.groups]
        if all(decays) or not any(decays):
            return None
        free = [info.name for info, decay in zip(tensors.infos, decays, strict=True) if not decay]
        members = [info.name for info in tensors.infos]
        return exemption_for(self._model.model.inventory, self._marked(members), self._marked(free))

    def _marked(self, names: Iterable[str]) -> Bools:
        """These tensors, under all their names."""
        wanted, inventory = set(names), self._model.model.inventory
        own = np.array([info.name in wanted for info in inventory.parameters], dtype=np.bool_)
        return any_name(rows_of(inventory), own)

    def _holds(self, group: Group, tensors: _Tensors) -> bool:
        wanted = dict(zip((info.name for info in tensors.infos), tensors.groups, strict=True))
        return reproduces(expanded(alone(self._model, group), group, tensors.infos), wanted)


def _decaying(parts: Sequence[Part]) -> Group | None:
    """The group whose weight decay those have that have any; None if that differs or none has any."""
    groups = [part.group for part in parts if weight_decay_of(part.group)]
    same = all(
        (weight_decay_of(group), group.weight_decay) == (weight_decay_of(groups[0]), groups[0].weight_decay)
        for group in groups
    )
    return groups[0] if groups and same else None


def _without_repetition(parts: Sequence[Part], more_than: int) -> list[Part]:
    """Of one rate, those without a name that do not differ as one, if there are more than so many of them."""
    alike: dict[Any, list[Part]] = {}
    for place, part in enumerate(parts):
        key = (
            place if part.live.name else (_alike_key(part.group), part.group.weight_decay, weight_decay_of(part.group))
        )
        alike.setdefault(key, []).append(part)
    result = []
    for found in alike.values():
        if 1 < len(found) > more_than:
            words = f"{len(found)} param groups that do not differ are one here."
            found = [joined(found, found[0].group, words)]
        result += found
    return result


def _words(parts: Sequence[Part], layers: LayerDecay | None, *, exempt: bool) -> str:
    count = sum(part.stands_for for part in parts)
    words = f"{count} param groups are one {'layered ' if layers else ''}group here"
    if layers is not None:
        least = f", at least {exact(layers.minimum)}" if layers.minimum else ""
        words += f", with a layer decay of {exact(layers.factor)}{least}"
    return f"{words}{', part of it without weight decay' if exempt else ''}."
