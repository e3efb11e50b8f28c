"""A fault of a design file, and which of them still stand in a design that was edited since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, Struct

from lrdesigner.document import Design, Group
from lrdesigner.faults.values import shown

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad value of a file and what was taken instead. `message` is a sentence; `place` says where it stands.

    `found` and `used` are plain JSON values, or `UNSET` for what was missing and for what was left out. `path` leads
    from the design to the value that was put there, or to what it was left out of; `group` is the id of the group
    around it, if there is one.
    """

    place: str
    message: str
    found: Any
    used: Any = UNSET
    path: Path = ()
    group: int | None = None

    @property
    def sentence(self) -> str:
        """Place and message."""
        return f"{self.place}: {self.message}"

    @property
    def remedy(self) -> str:
        """What was done about it, as a sentence."""
        return "It was left out." if self.used is UNSET else f"Used instead: {shown(self.used)}."


@dataclass(frozen=True, slots=True)
class Opened:
    """A design as it was opened, with the faults of its file that were replaced."""

    design: Design
    faults: tuple[Fault, ...] = ()

    def remaining(self, design: Design) -> tuple[Fault, ...]:
        """The faults whose place nobody has edited on the way to `design`; undoing an edit brings its fault back."""
        if design is self.design or not self.faults:
            return self.faults
        # Made once for each group: a file may have a thousand faults.
        present = {group.id: _structs(group) for group in design.groups}
        return tuple(fault for fault in self.faults if self._stands(fault, design, present))

    def _stands(self, fault: Fault, design: Design, present: dict[int, frozenset[Struct]]) -> bool:
        if not fault.path:  # it has no place in the design, only in the file
            return True
        owner, value = _follow(self.design, fault.path)
        # As it was, perhaps at another place: a segment that is put before it shifts the numbers.
        if fault.group is not None and owner in present.get(fault.group, ()):
            return True
        try:
            now = _follow(design, _path_in(design, fault))[1]
        except (LookupError, AttributeError, TypeError):
            return False
        return now is value or bool(now == value)


def _path_in(design: Design, fault: Fault) -> Path:
    """The path, with the group's present place; raises LookupError when the group is gone."""
    if fault.group is None or fault.path[:1] != ("groups",):
        return fault.path
    index = next((i for i, group in enumerate(design.groups) if group.id == fault.group), None)
    if index is None:
        raise LookupError
    return ("groups", index, *fault.path[2:])


def _follow(value: Any, path: Path) -> tuple[Any, Any]:
    """The innermost struct around the value at `path`, and the value; raises when the path does not go on."""
    owner = None
    for part in path:
        if isinstance(value, Struct):
            owner, value = value, getattr(value, str(part))
        else:
            value = value[part]
    return owner, value


def _structs(group: Group) -> frozenset[Struct]:
    """The group and every struct in it."""
    found, waiting = set(), [group]
    while waiting:
        part: Any = waiting.pop()
        if isinstance(part, Struct):
            found.add(part)
            waiting += [getattr(part, name) for name in part.__struct_fields__]
        elif isinstance(part, tuple):
            waiting += part
    return frozenset(found)
