"""The lines that a view draws of a group: its own, and below it one for each other rate that its param groups have."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

from msgspec import structs

from lrdesigner.document import DecayExemption, Design, Group, LayerDecay
from lrdesigner.expansion import expanded, particular, weight_decay_of
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory, ParameterInfo
from lrdesigner.membership import membership
from lrdesigner.numbers import scaled
from lrdesigner_app.plot.views import KINDS, Drawn, View, drawn_of


@dataclass(frozen=True, slots=True)
class Part:
    """What tells one param group from the others of its group; `name` without that of the group: `layer3`."""

    name: str
    scale: float
    exempt: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """What is drawn of a group: `source` at full rate, and its fan: the other scales, the highest first, with names."""

    source: Drawn
    scales: tuple[float, ...] = ()
    names: tuple[str, ...] = ()

    def scaled(self, scale: float) -> Drawn:
        """What a line of the fan draws."""
        rate, *rest = self.source.lanes
        base = scaled(rate.track.base, scale)
        return Drawn((replace(rate, track=structs.replace(rate.track, base=base)), *rest))


def lines_of(design: Design, group: Group, view: View) -> Lines | None:
    """The lines of a group in a view; None where its optimizer has no such thing.

    What is exempt from weight decay draws no line at 0, unless all of the group is exempt: then its only line is there.
    """
    source = drawn_of(group, view, design.plan)
    if source is None:
        return None
    parts = parts_of(design, group)
    if "weight_decay" in KINDS[view].slots:
        if parts and all(part.exempt for part in parts):
            nothing = drawn_of(particular(group, 1.0, exempt=True), view, design.plan)
            return None if nothing is None else Lines(nothing)
        parts = tuple(part for part in parts if not part.exempt)
    if "lr" not in KINDS[view].slots:
        return Lines(source)
    scales, names = _fan(parts)
    return Lines(source, scales, names)


@lru_cache(maxsize=64)
def _fan(parts: tuple[Part, ...]) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """The scales below 1, the highest first, with what they are called."""
    names: dict[float, str] = {}
    for part in sorted(parts, key=lambda part: (-part.scale, part.exempt)):
        names.setdefault(part.scale, part.name.removesuffix(".no_decay"))
    names.pop(1.0, None)
    return tuple(names), tuple(names.values())


def parts_of(design: Design, group: Group) -> tuple[Part, ...]:
    """What torch will see of a group, lower layers first; () where it holds nothing to train."""
    if group.layer_decay is None and group.exempt is None:
        return (Part("", 1.0, exempt=False),)
    key = _Key(
        Same(design.model.inventory),
        Same(membership(design).trainable(group.id)),
        group.layer_decay,
        group.exempt,
        bool(weight_decay_of(group)),
        design,
        group,
    )
    return _parts(key)


@dataclass(frozen=True, slots=True)
class _Key:
    """All that the parts depend on. A rate that is dragged is none of it: that is what makes dragging fast."""

    inventory: Same[Inventory]
    parameters: Same[tuple[ParameterInfo, ...]]
    decay: LayerDecay | None
    exempt: DecayExemption | None
    decays: bool
    design: Design = field(compare=False)
    group: Group = field(compare=False)


@lru_cache(maxsize=64)
def _parts(key: _Key) -> tuple[Part, ...]:
    found = expanded(key.design, key.group, key.parameters.value)
    prefix = key.group.name + "."
    return tuple(Part(part.name.removeprefix(prefix), part.scale, part.exempt) for part in found)
