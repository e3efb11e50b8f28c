"""The inventory as flat lists in tree order, and which groups lie below each row. No Qt here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lrdesigner.document import Design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import Membership, membership

NO_PARENT = -1


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One entry per module and parameter, depth first; a row's id is its place in the lists, the model is row 0.

    `numels` counts each tensor once below a row; `ends` closes the range of a row's subtree.
    """

    paths: list[str]
    names: list[str]
    types: list[str]
    parents: list[int]
    ends: list[int]
    numels: list[int]
    trainable: list[bool]
    parameters: list[ParameterInfo | None]
    ids: dict[str, int]

    def __len__(self) -> int:
        return len(self.paths)

    def below(self, row: int) -> range:
        """The row and everything in it."""
        return range(row, self.ends[row])

    def around(self, row: int) -> list[int]:
        """The modules around the row, the nearest first."""
        found = []
        while (row := self.parents[row]) != NO_PARENT:
            found.append(row)
        return found


def rows_of(inventory: Inventory) -> Rows:
    """Lay out an inventory: a module's own parameters first, then its modules, both in the model's order."""
    modules = inventory.modules
    if not any(module.path == "" for module in modules):
        modules = (ModuleInfo("", ""), *modules)
    nodes: list[ModuleInfo | ParameterInfo] = [*modules, *inventory.parameters]
    order, parents = _depth_first(nodes, len(modules))
    paths = [_path(nodes[i]) for i in order]
    laid = [nodes[i] for i in order]
    parameters = [node if isinstance(node, ParameterInfo) else None for node in laid]
    rows = Rows(
        paths=paths,
        names=_names(paths, parents, laid),
        types=[node.type if isinstance(node, ModuleInfo) else "" for node in laid],
        parents=parents,
        ends=[i + 1 for i in range(len(laid))],
        numels=[p.numel if p is not None else 0 for p in parameters],
        trainable=[p is not None and p.trainable for p in parameters],
        parameters=parameters,
        ids={path: row for row, path in enumerate(paths)},
    )
    _sum_up(rows)
    return rows


def _path(node: ModuleInfo | ParameterInfo) -> str:
    return node.path if isinstance(node, ModuleInfo) else node.name


def _names(paths: list[str], parents: list[int], nodes: list[ModuleInfo | ParameterInfo]) -> list[str]:
    names = []
    for path, parent, node in zip(paths, parents, nodes, strict=True):
        if not path:
            names.append((node.type if isinstance(node, ModuleInfo) else "") or "model")
        else:
            outer = paths[parent]
            names.append(path[len(outer) + 1 :] if outer else path)
    return names


def _depth_first(nodes: list[ModuleInfo | ParameterInfo], modules: int) -> tuple[list[int], list[int]]:
    """Places of the nodes in tree order, and the row of each one's parent: the nearest module that is listed."""
    place = {_path(node): i for i, node in enumerate(nodes[:modules])}
    own: list[list[int]] = [[] for _ in range(modules)]
    inner: list[list[int]] = [[] for _ in range(modules)]
    for i, node in enumerate(nodes):
        path = _path(node)
        if path == "" and i < modules:
            continue
        outer = path.rpartition(".")[0]
        while outer not in place:
            outer = outer.rpartition(".")[0]
        (inner if i < modules else own)[place[outer]].append(i)
    order: list[int] = []
    parents: list[int] = []
    stack = [(place[""], NO_PARENT)]
    while stack:
        node_place, parent = stack.pop()
        row = len(order)
        order.append(node_place)
        parents.append(parent)
        if node_place < modules:
            stack.extend((child, row) for child in reversed(own[node_place] + inner[node_place]))
    return order, parents


def _sum_up(rows: Rows) -> None:
    aliases = []
    for row in range(len(rows) - 1, 0, -1):
        parent = rows.parents[row]
        rows.ends[parent] = max(rows.ends[parent], rows.ends[row])
        rows.trainable[parent] = rows.trainable[parent] or rows.trainable[row]
        parameter = rows.parameters[row]
        if parameter is not None and parameter.tied_to is not None:
            aliases.append((row, parameter.tied_to, parameter.numel))
        else:
            rows.numels[parent] += rows.numels[row]
    counted: set[tuple[int, str]] = set()
    for row, first, numel in aliases:
        # A module that holds only the second name of a tensor holds the tensor all the same.
        for outer in rows.around(row):
            if rows.ids.get(first, -1) in rows.below(outer):
                break
            if (outer, first) not in counted:
                counted.add((outer, first))
                rows.numels[outer] += numel


@dataclass(frozen=True, slots=True, eq=False)
class Ownership:
    """Which groups lie below each row, as bits in the order of the design's groups, and which rows carry a pin."""

    masks: list[int]
    pinned: frozenset[int]


def ownership_of(rows: Rows, design: Design) -> Ownership:
    """Aggregate the membership of the parameters over the tree, in one pass."""
    bits = {group.id: 1 << position for position, group in enumerate(design.groups)}
    placements = membership(design).placements
    masks = [0] * len(rows)
    pins = {pin.path for pin in design.pins}
    pinned = {rows.ids[path] for path in pins if path in rows.ids}
    for row in range(len(rows) - 1, -1, -1):
        parameter = rows.parameters[row]
        if parameter is not None:
            masks[row] = bits[placements[parameter.name].group]
            if parameter.tied_to in pins:
                pinned.add(row)
        if row:
            masks[rows.parents[row]] |= masks[row]
    return Ownership(masks, frozenset(pinned))


def shares(rows: Rows, row: int, members: Membership) -> dict[int, int]:
    """Scalars of each group below a row, each tensor once."""
    found: Counter[int] = Counter()
    seen: set[str] = set()
    for parameter in rows.parameters[row : rows.ends[row]]:
        if parameter is not None and (first := parameter.tied_to or parameter.name) not in seen:
            seen.add(first)
            found[members.placements[parameter.name].group] += parameter.numel
    return dict(found)
