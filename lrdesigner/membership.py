"""Which group has each parameter, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from lrdesigner.document import Design, Pin
from lrdesigner.inventory import Inventory, ParameterInfo


@dataclass(frozen=True, slots=True)
class Placement:
    """The group of one parameter and the path of the pin that put it there; None: it is in the remainder."""

    group: int
    pinned_by: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Membership:
    """The answer for every name of every parameter; tied names always agree."""

    placements: MappingProxyType[str, Placement]
    members: MappingProxyType[int, tuple[ParameterInfo, ...]]
    _trainable: MappingProxyType[int, tuple[ParameterInfo, ...]]

    def trainable(self, group: int) -> tuple[ParameterInfo, ...]:
        """The parameters that torch will see in this group: trainable, each tensor once, in model order."""
        return self._trainable.get(group, ())


def ancestors(path: str) -> Iterator[str]:
    """The path itself, then its modules from the nearest to the model ("").

    >>> list(ancestors("features.0.weight"))
    ['features.0.weight', 'features.0', 'features', '']
    """
    yield path
    while path:
        path = path.rpartition(".")[0]
        yield path


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Without what lies inside another of the paths: dragging a module and its children means the module."""
    wanted = dict.fromkeys(paths)
    return tuple(path for path in wanted if not any(outer in wanted for outer in list(ancestors(path))[1:]))


def membership(design: Design) -> Membership:
    """The nearest pinned ancestor wins, the remainder takes what no pin reaches, tied parameters go together.

    Of several names of one tensor, the one with the nearest pin decides; on equal distance, the first.
    """
    group_ids = tuple(group.id for group in design.groups)
    return _membership(_Same(design.model.inventory), _Same(design.pins), group_ids, design.remainder)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """Compares by identity, which is enough for frozen values and spares hashing a hundred thousand parameters."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=4)
def _membership(same_inventory: _Same, same_pins: _Same, groups: tuple[int, ...], remainder: int) -> Membership:
    inventory: Inventory = same_inventory.value
    pins: tuple[Pin, ...] = same_pins.value
    pinned = {pin.path: pin.group for pin in pins}
    nearest: dict[str, tuple[int, Placement]] = {}
    for parameter in inventory.parameters:
        first = parameter.tied_to or parameter.name
        distance, placement = _nearest_pin(parameter.name, pinned, remainder)
        if first not in nearest or distance < nearest[first][0]:
            nearest[first] = (distance, placement)
    members: dict[int, list[ParameterInfo]] = {group: [] for group in groups}
    placements: dict[str, Placement] = {}
    for parameter in inventory.parameters:
        placement = nearest[parameter.tied_to or parameter.name][1]
        placements[parameter.name] = placement
        if parameter.tied_to is None:
            members[placement.group].append(parameter)
    return Membership(
        placements=MappingProxyType(placements),
        members=MappingProxyType({group: tuple(found) for group, found in members.items()}),
        _trainable=MappingProxyType({g: tuple(p for p in found if p.trainable) for g, found in members.items()}),
    )


def _nearest_pin(name: str, pinned: dict[str, int], remainder: int) -> tuple[int, Placement]:
    for distance, path in enumerate(ancestors(name)):
        if path in pinned:
            return distance, Placement(group=pinned[path], pinned_by=path)
    return 1_000_000, Placement(group=remainder, pinned_by=None)
