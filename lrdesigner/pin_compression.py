"""The fewest pins that put given parameters into given groups."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lrdesigner.document import Pin
from lrdesigner.inventory import Inventory
from lrdesigner.membership import ancestors


@dataclass(frozen=True, slots=True)
class Pinning:
    """Pins, sorted by path, and the id of the group that takes the rest."""

    pins: tuple[Pin, ...]
    remainder: int


def compressed(inventory: Inventory, group_of: Mapping[str, int], groups: Sequence[int]) -> Pinning:
    """The fewest pins with which the nearest pinned ancestor gives every parameter its group.

    `group_of` has ids by the first name of each tensor; one that it lacks may end up anywhere. `groups` are the ids in
    the order in which they are preferred where several choices take as few pins: the first also takes the rest then.
    With tied tensors, of which the name with the nearest pin decides, no pin can be left out, but another choice of
    pins may be smaller.
    """
    wanted = {p.name: group_of[p.name] for p in inventory.parameters if p.name in group_of}
    found = _Tree(inventory, wanted).cheapest(groups)
    second = {p.name: wanted[p.tied_to] for p in inventory.parameters if p.tied_to in wanted}
    if second:
        # Second names are free to be anywhere if the first is pinned, or all names agree: whichever takes less.
        alike = _Tree(inventory, wanted | second).cheapest(groups)
        ties = _Ties(inventory, wanted)
        found = min(ties.settled(found), ties.settled(alike), key=lambda one: len(one.pins))
    return Pinning(tuple(Pin(path, found.pins[path]) for path in sorted(found.pins)), found.remainder)


@dataclass(slots=True)
class _Found:
    pins: dict[str, int]
    remainder: int


class _Tree:
    """Modules and names; each under its nearest module, whether or not the inventory has all between."""

    def __init__(self, inventory: Inventory, wanted: Mapping[str, int]) -> None:
        self._wanted = wanted
        modules = {module.path for module in inventory.modules} | {""}
        self._children: dict[str, list[str]] = {path: [] for path in modules}
        for path in (modules - {""}) | (self._wanted.keys() - modules):
            above = list(ancestors(path))[1:]
            self._children[next(outer for outer in above if outer in modules)].append(path)
        # Deepest first, so that children come before their parents.
        self._paths = sorted(self._children.keys() | self._wanted.keys(), key=_depth, reverse=True)

    def cheapest(self, groups: Sequence[int]) -> _Found:
        """Fewest pins, by what serves each subtree best; any other inheritance costs it exactly one pin more."""
        best: dict[str, frozenset[int]] = {}
        for path in self._paths:
            votes: Counter[int] = Counter()
            for child in self._children.get(path, ()):
                votes.update(best.get(child, ()))
            if path in self._wanted:
                best[path] = frozenset((self._wanted[path],))
            elif votes:
                most = max(votes.values())
                best[path] = frozenset(group for group, count in votes.items() if count == most)
        remainder = _preferred(groups, best.get("", frozenset(groups)))
        inherited, pins = {"": remainder}, dict[str, int]()
        for path in reversed(self._paths):
            group = inherited[path]
            if path in best and group not in best[path]:
                group = pins[path] = _preferred(groups, best[path])
            inherited |= dict.fromkeys(self._children.get(path, ()), group)
        return _Found(pins, remainder)


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0


def _preferred(groups: Sequence[int], among: frozenset[int]) -> int:
    return next(group for group in groups if group in among)


class _Ties:
    """What pins do where names share a tensor: the nearest pin of all its names decides."""

    def __init__(self, inventory: Inventory, wanted: Mapping[str, int]) -> None:
        self._wanted = wanted
        self._first_of = {p.name: p.tied_to or p.name for p in inventory.parameters}
        self._sorted = sorted(self._first_of)
        self._names: dict[str, list[str]] = {}
        for parameter in inventory.parameters:
            self._names.setdefault(self._first_of[parameter.name], []).append(parameter.name)

    def settled(self, found: _Found) -> _Found:
        """With pins on first names where another name would decide otherwise, and without pins that do nothing."""
        pins = dict(found.pins)
        for first, group in self._wanted.items():
            if self._placed(first, pins, found.remainder) != group:
                pins[first] = group
        dropped = True
        while dropped:
            dropped = False
            for path in sorted(pins, key=_depth, reverse=True):
                group = pins.pop(path)
                touched = self._firsts_under(path) & self._wanted.keys()
                if all(self._placed(first, pins, found.remainder) == self._wanted[first] for first in touched):
                    dropped = True
                else:
                    pins[path] = group
        return _Found(pins, found.remainder)

    def _firsts_under(self, path: str) -> set[str]:
        if not path:
            return set(self._names)
        start, end = bisect_left(self._sorted, f"{path}."), bisect_left(self._sorted, f"{path}/")  # "/" follows "."
        names = [*self._sorted[start:end], *([path] if path in self._first_of else [])]
        return {self._first_of[name] for name in names}

    def _placed(self, first: str, pins: Mapping[str, int], remainder: int) -> int:
        """The group of one tensor, as `lrdesigner.membership` has it."""
        nearest: tuple[int, int] | None = None
        for name in self._names[first]:
            for distance, path in enumerate(ancestors(name)):
                if path in pins:
                    if nearest is None or distance < nearest[0]:
                        nearest = distance, pins[path]
                    break
        return remainder if nearest is None else nearest[1]
