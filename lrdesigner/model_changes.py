"""What a model has become after its file changed: what is gone, what is new, and what only has another name."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from msgspec import Struct

from lrdesigner.document import Pin
from lrdesigner.inventory import Inventory
from lrdesigner.model_rows import Rows, rows_of


class ModelChanges(Struct, frozen=True):
    """Paths in tree order. What lies inside something gone or new is not listed by itself."""

    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    reshaped: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    refrozen: tuple[str, ...] = ()
    summary: str = "Nothing has changed."


class Renaming(Struct, frozen=True):
    """A module or parameter that seems to have another name now; what lies in it goes with it. `why` is a sentence."""

    old: str
    new: str
    why: str


def changes(before: Inventory, after: Inventory) -> ModelChanges:
    """Compare two inventories of one model by the paths of modules and parameters."""
    old, new = rows_of(before), rows_of(after)
    removed, added = _outermost_missing(old, new), _outermost_missing(new, old)
    reshaped, retyped, refrozen = [], [], []
    for row, path in enumerate(old.paths):
        other = new.ids.get(path)
        if other is None:
            continue
        mine, theirs = old.parameters[row], new.parameters[other]
        if mine is not None and theirs is not None:
            reshaped += [path] if (mine.shape, mine.lazy) != (theirs.shape, theirs.lazy) else []
            refrozen += [path] if mine.trainable != theirs.trainable else []
        elif old.types[row] != new.types[other]:
            retyped.append(path)
    return ModelChanges(
        removed=tuple(old.paths[row] for row in removed),
        added=tuple(new.paths[row] for row in added),
        reshaped=tuple(reshaped),
        retyped=tuple(retyped),
        refrozen=tuple(refrozen),
        summary=_summary(_counted(old, removed), _counted(new, added), len(reshaped), len(retyped), len(refrozen)),
    )


def lost_pins(inventory: Inventory, pins: Iterable[Pin]) -> tuple[Pin, ...]:
    """The pins on names that the model does not have."""
    known = rows_of(inventory).ids
    return tuple(pin for pin in pins if pin.path not in known)


def renamings(before: Inventory, after: Inventory, pins: Iterable[Pin]) -> tuple[Renaming, ...]:
    """Where the pinned modules and parameters that are gone seem to be now; only what is clear.

    A part is taken for a new one that holds the same: the same names, types and shapes, or else names and shapes, or
    else shapes in the same arrangement. Of several that hold the same, those in the same module go by their order,
    then those that kept their own name, then all by their order, if there are as many as before.

    >>> renamings(before, after, (Pin("backbone", 2),))     # doctest: +SKIP
    (Renaming(old='backbone', new='encoder', why='encoder holds what backbone held.'),)
    """
    old, new = rows_of(before), rows_of(after)
    lost = [pin.path for pin in pins if pin.path in old.ids and pin.path not in new.ids]
    if not lost:
        return ()
    found = _Matching(old, new).run()
    wanted: dict[str, str] = {}
    for path in lost:
        for outer in _from_within(path):
            row = found.get(old.ids[outer])
            if row is not None and (new.paths[row] + path[len(outer) :]) in new.ids:
                wanted[outer] = new.paths[row]
                break
    order = sorted(wanted, key=old.ids.__getitem__)
    return tuple(Renaming(path, wanted[path], f"{wanted[path]} holds what {path} held.") for path in order)


def renamed(path: str, found: dict[str, str]) -> str:
    """A path under the renaming nearest to it; the path itself where there is none.

    >>> renamed("backbone.0.weight", {"backbone": "encoder"})
    'encoder.0.weight'
    """
    for outer in _from_within(path):
        if outer in found:
            return found[outer] + path[len(outer) :]
    return path


def _from_within(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _outermost_missing(rows: Rows, other: Rows) -> list[int]:
    """Rows whose path the other does not have, while it has what is around them."""
    missing = [path not in other.ids for path in rows.paths]
    return [row for row, gone in enumerate(missing) if gone and not missing[rows.parents[row]]]


def _counted(rows: Rows, found: list[int]) -> tuple[int, int]:
    """How many of these are modules, and how many tensors."""
    tensors = sum(rows.parameters[row] is not None for row in found)
    return len(found) - tensors, tensors


def _summary(gone: tuple[int, int], new: tuple[int, int], reshaped: int, retyped: int, refrozen: int) -> str:
    parts = [_amount(gone, "gone"), _amount(new, "new")]
    if gone[0] and new[0] and not gone[1] and not new[1]:  # the same noun need not be said twice
        parts[1] = f"{new[0]:,} {'is' if new[0] == 1 else 'are'} new"
    parts.append(f"{_number(reshaped, 'tensor')} {_has(reshaped)} another shape" if reshaped else "")
    parts.append(f"{_number(retyped, 'module')} {_has(retyped)} another type" if retyped else "")
    parts.append(f"{_number(refrozen, 'tensor')} {_has(refrozen)} another requires_grad" if refrozen else "")
    said = ", ".join(part for part in parts if part)
    return f"{said[0].upper()}{said[1:]}." if said else ModelChanges().summary


def _amount(counts: tuple[int, int], what: str) -> str:
    words = [_number(number, noun) for number, noun in zip(counts, ("module", "tensor"), strict=True) if number]
    return f"{' and '.join(words)} {'is' if sum(counts) == 1 else 'are'} {what}" if words else ""


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"


LEVELS = 3
"""How strictly parts are compared: names, types and shapes; names and shapes; shapes."""

Kinds = tuple[int, ...]


@dataclass(eq=False)
class _Matching:
    """Pairs rows that are gone with rows that are new, from the outside in."""

    old: Rows
    new: Rows
    found: dict[int, int] = field(default_factory=dict)
    """Row before -> row after."""
    _numbers: dict[Hashable, int] = field(default_factory=dict)

    def run(self) -> dict[int, int]:
        """The pairs."""
        gone, fresh = _outermost_missing(self.old, self.new), _outermost_missing(self.new, self.old)
        gone, fresh = self._without_exact(gone, fresh)
        mine, theirs = self._kinds(self.old, gone), self._kinds(self.new, fresh)
        free = dict.fromkeys(sorted(theirs))
        pending = [row for row in gone if row in mine]
        while pending and free:
            inner = []
            for level in range(LEVELS):
                for row, other in self._pairs(pending, list(free), mine, theirs, level):
                    self.found[row] = other
                    inside = self.new.below(other) if level < LEVELS - 1 else (other,)
                    for taken in inside:
                        free.pop(taken, None)
                    if level == LEVELS - 1:  # what lies inside is called otherwise: it needs pairs of its own
                        inner.append(row)
                pending = [row for row in pending if row not in self.found]
            pending = [
                child for row in sorted({*pending, *inner}) for child in _children(self.old, row) if child in mine
            ]
        return self.found

    def _without_exact(self, gone: list[int], fresh: list[int]) -> tuple[list[int], list[int]]:
        """Pair what is exactly the same under another name, if there is one of it; by far the fastest, so it is first.

        Gives what is left.
        """
        left, right = _by_content(self.old, gone), _by_content(self.new, fresh)
        paired = {rows[0]: right[key][0] for key, rows in left.items() if len(rows) == len(right.get(key, ())) == 1}
        self.found.update(paired)
        taken = set(paired.values())
        return [row for row in gone if row not in paired], [row for row in fresh if row not in taken]

    def _kinds(self, rows: Rows, roots: list[int]) -> dict[int, Kinds]:
        """For each row in these subtrees that holds a parameter, a number for what it holds, at each level."""
        found: dict[int, Kinds] = {}
        inner: dict[int, list[int]] = {}
        for root in roots:
            for row in reversed(rows.below(root)):
                children = inner.pop(row, [])[::-1]
                parameter = rows.parameters[row]
                if parameter is not None:
                    found[row] = (self._number(("tensor", parameter.shape)),) * LEVELS
                elif children:
                    named = [(rows.name(child), found[child]) for child in children]
                    found[row] = (
                        self._number((0, rows.types[row], tuple((name, kinds[0]) for name, kinds in named))),
                        self._number((1, tuple((name, kinds[1]) for name, kinds in named))),
                        self._number((2, tuple(kinds[2] for _, kinds in named))),
                    )
                if row in found and row != root:
                    inner.setdefault(rows.parents[row], []).append(row)
        return found

    def _number(self, what: Hashable) -> int:
        return self._numbers.setdefault(what, len(self._numbers))

    def _pairs(
        self, pending: list[int], free: list[int], mine: dict[int, Kinds], theirs: dict[int, Kinds], level: int
    ) -> list[tuple[int, int]]:
        pairs: list[tuple[int, int]] = []
        for by in (self._by_parent, self._by_name, self._by_order):
            left: dict[Hashable, list[int]] = {}
            right: dict[Hashable, list[int]] = {}
            for row in pending:
                left.setdefault((mine[row][level], by(row, old=True)), []).append(row)
            for row in free:
                there = (theirs[row][level], by(row, old=False))
                if there in left and not (there in right and row in self.new.below(right[there][-1])):
                    right.setdefault(there, []).append(row)
            for key, rows in left.items():
                others = right.get(key, ())
                if len(rows) == len(others) and (len(rows) == 1 or by != self._by_name):
                    pairs += zip(rows, others, strict=True)
            paired, taken = {row for row, _ in pairs}, {other for _, other in pairs}
            pending = [row for row in pending if row not in paired]
            free = [row for row in free if row not in taken]
        return pairs

    def _by_parent(self, row: int, *, old: bool) -> Hashable:
        if not old:
            return self.new.parents[row]
        around = self.old.parents[row]
        return self.found.get(around, self.new.ids.get(self.old.paths[around], -1))

    def _by_name(self, row: int, *, old: bool) -> Hashable:
        return (self.old if old else self.new).name(row)

    def _by_order(self, row: int, *, old: bool) -> Hashable:
        return None


def _by_content(rows: Rows, roots: list[int]) -> dict[Hashable, list[int]]:
    """Subtrees with parameters by the names in them, types and shapes."""
    found: dict[Hashable, list[int]] = {}
    for root in roots:
        here, start = slice(root, int(rows.ends[root])), len(rows.paths[root])
        shapes = tuple([None if info is None else info.shape for info in rows.parameters[here]])
        if any(shape is not None for shape in shapes):
            key = tuple([path[start:] for path in rows.paths[here]]), tuple(rows.types[here]), shapes
            found.setdefault(key, []).append(root)
    return found


def _children(rows: Rows, row: int) -> Iterator[int]:
    child, end = row + 1, int(rows.ends[row])
    while child < end:
        yield child
        child = int(rows.ends[child])
