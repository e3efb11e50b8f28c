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

    `parent_rows` is `parents` as an array. `ends` closes the range of a row's subtree, `depths` counts the modules
    around a row. `parameter_rows` has the row of each parameter of the inventory, in its order; `firsts` has, for each
    of them, the place of the tensor's first name: its own, unless it is tied. `numels` counts each tensor once below a
    row.
    """

    paths: list[str]
    types: list[str]
    parents: list[int]
    parent_rows: Ints
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
    count, infos = len(modules), inventory.parameters
    paths, names = [module.path for module in modules], [info.name for info in infos]
    order_array, parents, ends = _as_listed(paths, names) or _depth_first(paths + names, count)
    order = order_array.tolist()
    laid = list(map((paths + names).__getitem__, order))
    parameters = list(map([*[None] * count, *infos].__getitem__, order))
    types = list(map([*[module.type for module in modules], *[""] * len(infos)].__getitem__, order))
    rows = np.empty(len(order), dtype=np.int64)
    rows[order_array] = np.arange(len(order))
    parameter_rows, firsts = rows[count:], _firsts(infos)
    numels, trainable = _sums(infos, parameter_rows, ends)
    found = Rows(
        paths=laid,
        types=types,
        parents=parents.tolist(),
        parent_rows=parents,
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


Layout = tuple[Ints, Ints, Ints]
"""Which node stands in each row, the row of each one's parent (the nearest module that is listed), and the ends."""


def _as_listed(modules: list[str], names: list[str]) -> Layout | None:
    """As `_depth_first`, several times as fast, for modules and parameters in the order of torch; None if not.

    Then each module lies in the last one listed on the level above it, and parameters follow the order of modules.
    """
    owners = _owners(modules, names)
    parents = _parents(modules)
    if owners is None or parents is None:
        return None
    own = np.bincount(owners, minlength=len(modules))
    module_rows = np.arange(len(modules)) + np.cumsum(own) - own
    name_rows = np.arange(len(names)) + owners + 1
    order = np.empty(len(modules) + len(names), dtype=np.int64)
    order[module_rows], order[name_rows] = np.arange(len(modules)), np.arange(len(names)) + len(modules)
    around = np.full(len(order), NO_PARENT, dtype=np.int64)
    around[module_rows[1:]], around[name_rows] = module_rows[parents[1:]], module_rows[owners]
    return order, around, _ends(around)


def _owners(modules: list[str], names: list[str]) -> Ints | None:
    """The place of the module of each parameter; None if that is not listed, or before that of the one before."""
    places, place, last = [], 0, None
    for name in names:
        outer = name.rpartition(".")[0]
        if outer != last:
            try:
                place, last = modules.index(outer, place), outer
            except ValueError:
                return None
        places.append(place)
    return np.array(places, dtype=np.int64)


def _parents(modules: list[str]) -> Ints | None:
    """The place of the module around each one; None if they are not listed depth first, beginning with the model."""
    if modules[0] != "":
        return None
    levels = np.array([path.count(".") for path in modules], dtype=np.int32) + 1
    levels[0] = 0
    small = levels.astype(np.int16) if levels.max() < 2**15 else levels  # sorted much faster
    by_level = np.argsort(small, kind="stable")
    starts = np.searchsorted(levels[by_level], np.arange(levels.max() + 2))
    parents = np.zeros(len(modules), dtype=np.int64)
    for level in range(1, len(starts) - 1):
        above = by_level[starts[level - 1] : starts[level]]
        here = by_level[starts[level] : starts[level + 1]]
        if not len(above):
            return None
        parents[here] = above[np.maximum(np.searchsorted(above, here) - 1, 0)]
    outers = [path.rpartition(".")[0] for path in modules]
    return parents if list(map(modules.__getitem__, parents.tolist())) == outers else None


def _depth_first(paths: list[str], modules: int) -> Layout:
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
    laid = np.array(parents, dtype=np.int64)
    return np.array(order, dtype=np.int64), laid, _ends(laid)


def _ends(parents: Ints) -> Ints:
    """Where the subtree of each row ends: where that of its last child does, or behind itself."""
    ends = list(range(1, len(parents) + 1))
    # Only the last child of each row counts, and few rows have children.
    last = np.full(len(parents), NO_PARENT, dtype=np.int64)
    last[parents[1:]] = np.arange(1, len(parents))
    with_children = np.flatnonzero(last >= 0)[::-1]
    for row, child in zip(with_children.tolist(), last[with_children].tolist(), strict=True):
        ends[row] = ends[child]
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
