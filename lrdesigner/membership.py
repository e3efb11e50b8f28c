"""Which group has each parameter, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from lrdesigner.document import Design, Group, Pin, Rule
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory, ParameterInfo
from lrdesigner.model_rows import Bools, Ints, Rows, rows_of
from lrdesigner.optimizers import AnyOptions, optimizer_of, refuses
from lrdesigner.queries.find import any_name, matching_parameters

BY_REMAINDER = -1


@dataclass(frozen=True, slots=True)
class Placement:
    """The group of one parameter and what put it there: the path of a pin, a rule's name, or neither: the remainder."""

    group: int
    pinned_by: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """How much a group holds, each tensor once: scalars to train and frozen ones, tensors, and those to train.

    `modules` are those in which the tensors to train are.
    """

    trainable: int
    frozen: int
    tensors: int
    trainable_tensors: int
    modules: int


@dataclass(frozen=True, eq=False)
class Membership:
    """The answer for every name of every parameter; tied names always agree.

    `owners` has the place of the group in the design for each parameter, in the inventory's order. `reasons` has the
    place of the pin; below `BY_REMAINDER`, -2 - the place of the rule.
    """

    inventory: Inventory
    groups: tuple[int, ...]
    pins: tuple[Pin, ...]
    rules: tuple[Rule, ...]
    owners: Ints
    reasons: Ints
    _members: dict[int, tuple[ParameterInfo, ...]] = field(default_factory=dict)
    _trainable: dict[int, tuple[ParameterInfo, ...]] = field(default_factory=dict)
    _amounts: dict[int, Amount] = field(default_factory=dict)

    def placement(self, place: int) -> Placement:
        """Where the parameter at this place of the inventory is, and why."""
        group, reason = self.groups[int(self.owners[place])], int(self.reasons[place])
        if reason >= 0:
            return Placement(group, pinned_by=self.pins[reason].path)
        return Placement(group, rule=None if reason == BY_REMAINDER else self.rules[-2 - reason].name)

    @cached_property
    def placements(self) -> Mapping[str, Placement]:
        """The placement of every parameter, by name."""
        names = [info.name for info in self.inventory.parameters]
        known: dict[tuple[int, int], Placement] = {}  # there are few, of many parameters
        found = {}
        for place, why in enumerate(zip(self.owners.tolist(), self.reasons.tolist(), strict=True)):
            if why not in known:
                known[why] = self.placement(place)
            found[names[place]] = known[why]
        return found

    def members(self, group: int) -> tuple[ParameterInfo, ...]:
        """The tensors of a group, each under its first name, in model order; () for a group that does not exist."""
        if group not in self._members:
            infos = self.inventory.parameters
            self._members[group] = tuple([infos[place] for place in self._tensors(group).tolist()])
        return self._members[group]

    def trainable(self, group: int) -> tuple[ParameterInfo, ...]:
        """The parameters that torch will see in this group: trainable, each tensor once, in model order."""
        if group not in self._trainable:
            self._trainable[group] = tuple([info for info in self.members(group) if info.trainable])
        return self._trainable[group]

    @cached_property
    def training(self) -> frozenset[int]:
        """The groups that hold something to train."""
        rows = rows_of(self.inventory)
        trained = np.bincount(self.owners[rows.trainable[rows.parameter_rows]], minlength=len(self.groups))
        return frozenset(group for group, number in zip(self.groups, trained.tolist(), strict=True) if number)

    def amount(self, group: int) -> Amount:
        """How much a group holds, counted without listing it."""
        if group not in self._amounts:
            rows = rows_of(self.inventory)
            mine = rows.parameter_rows[self._tensors(group)]
            trained = mine[rows.trainable[mine]]
            scalars, all_scalars = int(rows.numels[trained].sum()), int(rows.numels[mine].sum())
            modules = len(np.unique(rows.parent_rows[trained]))
            self._amounts[group] = Amount(scalars, all_scalars - scalars, len(mine), len(trained), modules)
        return self._amounts[group]

    def _tensors(self, group: int) -> Ints:
        """Places of the first names of a group's tensors."""
        if group not in self.groups:
            return np.zeros(0, dtype=np.int64)
        firsts = rows_of(self.inventory).firsts
        return np.flatnonzero((self.owners == self.groups.index(group)) & (firsts == np.arange(len(firsts))))


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
    """The nearest pinned ancestor wins, then the first rule that fits, then the remainder; tied names go together.

    Of several names of one tensor, the one with the nearest pin decides; on equal distance, the first. A group whose
    optimizer refuses a parameter (Muon, what is no matrix) is passed over: the next pin, rule or the remainder has it.
    """
    kinds = _kinds(Same(design.groups))
    return _membership(Same(design.model.inventory), Same(design.pins), Same(design.rules), kinds, design.remainder)


def wished(design: Design) -> Membership:
    """As `membership`, if every optimizer took every parameter: what pins and rules ask for."""
    if not any(_is_choosy(group) for group in design.groups):
        return membership(design)
    kinds = tuple((group.id, None) for group in design.groups)
    return _membership(Same(design.model.inventory), Same(design.pins), Same(design.rules), kinds, design.remainder)


def _is_choosy(group: Group) -> bool:
    return optimizer_of(group.options).matrices_only


@lru_cache(maxsize=8)
def _kinds(groups: Same[tuple[Group, ...]]) -> tuple[tuple[int, AnyOptions | None], ...]:
    """Of each group the options, if they decide what it takes."""
    return tuple((group.id, group.options if _is_choosy(group) else None) for group in groups.value)


@lru_cache(maxsize=4)
def _membership(
    inventory: Same[Inventory],
    pins: Same[tuple[Pin, ...]],
    rules: Same[tuple[Rule, ...]],
    groups: tuple[tuple[int, AnyOptions | None], ...],
    remainder: int,
) -> Membership:
    rows, ids = rows_of(inventory.value), [group for group, _ in groups]
    taken = {
        group: None if options is None else ~refused_parameters(inventory.value, options) for group, options in groups
    }
    reasons = np.full(len(inventory.value.parameters), BY_REMAINDER, dtype=np.int64)
    owners = np.full(len(reasons), ids.index(remainder), dtype=np.int64)
    for place in range(len(rules.value) - 1, -1, -1):  # the first counts, so it comes last
        rule = rules.value[place]
        fits = matching_parameters(inventory.value, rule.where)
        accepted = taken[rule.group]
        fits = fits if accepted is None else fits & accepted
        owners[fits], reasons[fits] = ids.index(rule.group), -2 - place
    _put_pins(rows, pins.value, ids, taken, owners, reasons)
    return Membership(inventory.value, tuple(ids), pins.value, rules.value, owners, reasons)


def _put_pins(
    rows: Rows, pins: tuple[Pin, ...], ids: list[int], taken: dict[int, Bools | None], owners: Ints, reasons: Ints
) -> None:
    """Let pins decide: the nearest one reaches a row last, since a path sorts behind those around it."""
    known = [(place, rows.ids[pin.path]) for place, pin in enumerate(pins) if pin.path in rows.ids]
    if not known:
        return
    nearest = np.full(len(rows), -1, dtype=np.int64)
    accepted = {group: _of_rows(rows, fits) for group, fits in taken.items() if fits is not None}
    for place, row in known:
        below = slice(row, int(rows.ends[row]))
        group = pins[place].group
        if group in accepted:
            nearest[below] = np.where(accepted[group][below], place, nearest[below])
        else:
            nearest[below] = place
    found = nearest[rows.parameter_rows]
    depths = np.zeros(len(pins) + 1, dtype=np.int64)  # the last one is that of no pin
    for place, row in known:
        depths[place] = rows.depths[row]
    distance = np.where(found < 0, len(rows), rows.depths[rows.parameter_rows] - depths[found])
    winner = _of_names(rows, found, distance)
    reached = winner >= 0
    places = np.array([ids.index(pin.group) for pin in pins], dtype=np.int64)
    owners[reached], reasons[reached] = places[winner[reached]], winner[reached]


def _of_rows(rows: Rows, parameters: Bools) -> Bools:
    found = np.zeros(len(rows), dtype=np.bool_)
    found[rows.parameter_rows] = parameters
    return found


def _of_names(rows: Rows, found: Ints, distance: Ints) -> Ints:
    """The nearest pin over all names of each tensor."""
    best = found.copy()
    nearest = distance.copy()
    for place in np.flatnonzero(rows.firsts != np.arange(len(found))).tolist():
        first = rows.firsts[place]
        if distance[place] < nearest[first]:
            nearest[first], best[first] = distance[place], found[place]
    return best[rows.firsts]


def refused_parameters(inventory: Inventory, options: AnyOptions) -> Bools:
    """For each parameter, whether an optimizer with these options is not for the tensor under one of its names."""
    return _refused(Same(inventory), options)


def refusal(inventory: Inventory, options: AnyOptions, parameter: str) -> str | None:
    """Why an optimizer with these options is not for a tensor, by any of its names; None: it takes it."""
    if not optimizer_of(options).matrices_only or parameter not in _refused_names(Same(inventory), options):
        return None
    rows, infos = rows_of(inventory), inventory.parameters
    own = next(info for info in infos if info.name == parameter)
    names = [info.name for info in infos if (info.tied_to or info.name) == (own.tied_to or own.name)]
    kinds = (rows.types[rows.parents[rows.ids[name]]] for name in names)
    told = (refuses(options, len(own.shape), (kind, *inventory.bases.get(kind, ()))) for kind in kinds)
    return next(filter(None, told))


@lru_cache(maxsize=8)
def _refused_names(inventory: Same[Inventory], options: AnyOptions) -> frozenset[str]:
    infos = inventory.value.parameters
    return frozenset([infos[place].name for place in np.flatnonzero(_refused(inventory, options)).tolist()])


@lru_cache(maxsize=8)
def _refused(inventory: Same[Inventory], options: AnyOptions) -> Bools:
    rows, bases = rows_of(inventory.value), inventory.value.bases
    known: dict[tuple[int, str], bool] = {}
    found = np.zeros(len(rows.parameter_rows), dtype=np.bool_)
    for place, info in enumerate(inventory.value.parameters):
        kind = rows.types[rows.parents[rows.parameter_rows[place]]]
        key = (len(info.shape), kind)
        if key not in known:
            known[key] = refuses(options, len(info.shape), (kind, *bases.get(kind, ()))) is not None
        found[place] = known[key]
    return any_name(rows, found)
