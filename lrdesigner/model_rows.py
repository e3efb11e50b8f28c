"""The inventory laid out as rows in tree order, in arrays: what tree, queries and membership work on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo

NO_PARENT = -1

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """One entry per module and parameter, depth first; a row's id is its place in the lists, the model is row 0.

    `ends` closes the range of a row's subtree, `depths` counts the modules around a row. `parameter_rows` has the row
    of each parameter of the inventory, in its order; `firsts` has, for each of them, the place of the tensor's first
    name: its own, unless it is tied. `numels` counts each tensor once below a row.
    """

    paths: list[str]
    types: list[str]
    parents: list[int]
    parameters: list[ParameterInfo | None]
    ends: Ints
    depths: Ints
    numels: Ints
    trainable: Bools
    parameter_rows: Ints
    firsts: Ints

    def __len__(self) -> int:
        return len(self.paths)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The row of each path. Made when first asked for: it takes a third of the time of all the rest."""
        return dict(zip(self.paths, range(len(self.paths)), strict=True))

    @cached_property
    def parent_rows(self) -> Ints:
        """`parents` as an array."""
        return np.array(self.parents, dtype=np.int64)

    def children(self, row: int) -> Ints:
        """The rows directly in a row."""
        return np.flatnonzero(self.parent_rows[row + 1 : self.ends[row]] == row) + (row + 1)

    def name(self, row: int) -> str:
        """What a row is called inside the module around it; the model is called by its type."""
        path = self.paths[row]
        if not path:
            return self.types[row] or "model"
        outer = self.paths[self.parents[row]]
        return path[len(outer) + 1 :] if outer else path

    def below(self, row: int) -> range:
        """The row and everything in it."""
        return range(row, int(self.ends[row]))

    def around(self, row: int) -> list[int]:
        """The modules around the row, the nearest first."""
        found = []
        while (row := self.parents[row]) != NO_PARENT:
            found.append(row)
        return found

    def spread(self, marked: Bools) -> Bools:
        """Rows that are marked, or lie inside one that is.

        >>> rows_of(inventory).spread(np.array([False, True, False, False]))     # doctest: +SKIP
        array([False,  True,  True, False])
        """
        steps = np.zeros(len(self) + 1, dtype=np.int64)
        places = np.flatnonzero(marked)
        steps[places] += 1
        np.subtract.at(steps, self.ends[places], 1)
        return np.cumsum(steps[:-1]) > 0


def rows_of(inventory: Inventory) -> Rows:
    """Lay out an inventory: a module's own parameters first, then its modules, both in the model's order."""
    return _rows_of(Same(inventory))


def forward_ranks(inventory: Inventory) -> Ints:
    """For each row, when a forward pass first enters it or what it holds; parameters come first, what is not entered
    last.
    """
    rows = rows_of(inventory)
    ranks = np.full(len(rows), len(inventory.order), dtype=np.int64)
    for rank, path in enumerate(inventory.order):
        row = rows.ids.get(path)
        if row is not None:
            ranks[row] = min(ranks[row], rank)
    for row in range(len(rows) - 1, 0, -1):
        parent = rows.parents[row]
        ranks[parent] = min(ranks[parent], ranks[row])
    ranks[rows.parameter_rows] = -1
    return ranks


@lru_cache(maxsize=2)
def _rows_of(same: Same[Inventory]) -> Rows:
    inventory = same.value
    modules = inventory.modules
    if not any(module.path == "" for module in modules):
        modules = (ModuleInfo("", ""), *modules)
    paths = [module.path for module in modules] + [parameter.name for parameter in inventory.parameters]
    order, parents, ends = _as_listed(paths, len(modules)) or _depth_first(paths, len(modules))
    laid = list(map(paths.__getitem__, order))
    count, infos = len(modules), inventory.parameters
    parameters = list(map([*[None] * count, *infos].__getitem__, order))
    types = list(map([*[module.type for module in modules], *[""] * len(infos)].__getitem__, order))
    rows = np.empty(len(order), dtype=np.int64)
    rows[np.array(order, dtype=np.int64)] = np.arange(len(order))
    parameter_rows, firsts = rows[count:], _firsts(infos)
    numels, trainable = _sums(infos, parameter_rows, ends)
    found = Rows(
        paths=laid,
        types=types,
        parents=parents,
        parameters=parameters,
        ends=ends,
        depths=_depths(ends),
        numels=numels,
        trainable=trainable,
        parameter_rows=parameter_rows,
        firsts=firsts,
    )
    _count_second_names(found, firsts)
    return found


def _as_listed(paths: list[str], modules: int) -> tuple[list[int], list[int], Ints] | None:
    """As `_depth_first`, three times as fast, for modules and parameters in the order of torch; None if they are not.

    Then each module lies in the last one listed on the level above it, and parameters follow the order of modules.
    """
    order: list[int] = []
    parents: list[int] = []
    ends: list[int] = []
    around, levels = [""], [NO_PARENT]
    following = modules
    owner = _outer(paths, following)
    for place in range(modules):
        path, row = paths[place], len(order)
        if path:
            outer = path.rpartition(".")[0]
            level = outer.count(".") + 1 if outer else 0
            if level >= len(around) or around[level] != outer:
                return None
            parents.append(levels[level])
            while len(levels) > level + 1:
                ends[levels.pop()] = row
                around.pop()
            around.append(path)
            levels.append(row)
        elif place:
            return None
        else:
            levels[0] = 0
            parents.append(NO_PARENT)
        order.append(place)
        ends.append(row + 1)
        while owner == path:
            order.append(following)
            parents.append(row)
            ends.append(len(order))
            following += 1
            owner = _outer(paths, following)
    for ended in levels:
        ends[ended] = len(order)
    return (order, parents, np.array(ends, dtype=np.int64)) if following == len(paths) else None


def _outer(paths: list[str], place: int) -> str | None:
    return paths[place].rpartition(".")[0] if place < len(paths) else None


def _depth_first(paths: list[str], modules: int) -> tuple[list[int], list[int], Ints]:
    """Places of the nodes in tree order, the row of each one's parent (the nearest module that is listed), the ends."""
    place = dict(zip(paths[:modules], range(modules), strict=True))
    root = place[""]
    inner: dict[int, list[int]] = {}
    # Parameters first, so that a module's own come before its modules.
    for i in chain(range(modules, len(paths)), range(modules)):
        if i == root:
            continue
        outer = paths[i].rpartition(".")[0]
        while (around := place.get(outer)) is None:
            outer = outer.rpartition(".")[0]
        if around in inner:
            inner[around].append(i)
        else:
            inner[around] = [i]
    order: list[int] = []
    parents: list[int] = []
    stack = [(root, NO_PARENT)]
    while stack:
        node, parent = stack.pop()
        row = len(order)
        order.append(node)
        parents.append(parent)
        if node < modules and node in inner:
            stack.extend([(child, row) for child in reversed(inner[node])])
    return order, parents, _ends(parents)


def _ends(parents: list[int]) -> Ints:
    ends = list(range(1, len(parents) + 1))
    for row in range(len(parents) - 1, 0, -1):
        parent, end = parents[row], ends[row]
        if end > ends[parent]:
            ends[parent] = end
    return np.array(ends, dtype=np.int64)


def _depths(ends: Ints) -> Ints:
    """How many subtrees began before each row and have not ended."""
    ended = np.cumsum(np.bincount(ends, minlength=len(ends) + 1))[: len(ends)]
    return np.arange(len(ends), dtype=np.int64) - ended


def _firsts(infos: tuple[ParameterInfo, ...]) -> Ints:
    found = np.arange(len(infos), dtype=np.int64)
    tied = [(place, info.tied_to) for place, info in enumerate(infos) if info.tied_to is not None]
    if tied:
        wanted = {first for _, first in tied}
        places = {info.name: place for place, info in enumerate(infos) if info.name in wanted}
        for place, first in tied:
            found[place] = places[first]
    return found


def _sums(infos: tuple[ParameterInfo, ...], rows: Ints, ends: Ints) -> tuple[Ints, Bools]:
    """Scalars below each row, second names apart, and whether any parameter below it is trainable."""
    numels = np.zeros(len(ends) + 1, dtype=np.int64)
    trains = np.zeros(len(ends) + 1, dtype=np.int64)
    if infos:
        numels[rows + 1] = [0 if info.tied_to is not None else info.numel for info in infos]
        trains[rows + 1] = [info.trainable for info in infos]
    before, trained = np.cumsum(numels), np.cumsum(trains)
    starts = np.arange(len(ends))
    return before[ends] - before[starts], trained[ends] > trained[starts]


def _count_second_names(rows: Rows, firsts: Ints) -> None:
    """A module that holds only the second name of a tensor holds the tensor all the same."""
    counted: set[tuple[int, int]] = set()
    for place in np.flatnonzero(firsts != np.arange(len(firsts))).tolist():
        row, first = int(rows.parameter_rows[place]), int(rows.parameter_rows[firsts[place]])
        parameter = rows.parameters[row]
        assert parameter is not None
        for outer in [row, *rows.around(row)]:
            if first in rows.below(outer):
                break
            if (outer, first) not in counted:
                counted.add((outer, first))
                rows.numels[outer] += parameter.numel
