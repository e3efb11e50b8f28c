"""Findings about the file that a design was read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lrdesigner.document import Design, Group
from lrdesigner.faults import Fault
from lrdesigner.findings.finding import Finding
from lrdesigner.places import Place
from lrdesigner.schedules import shape_of
from lrdesigner.tracks import Slot, slots_of

_PARTS = ("segments", "factors")
"""Fields of nodes that hold several others."""


def file_findings(design: Design, faults: Iterable[Fault]) -> Iterator[Finding]:
    """Values that could not be read; what is shown in their place is a default."""
    for fault in faults:
        yield Finding(
            code="file-fault",
            severity="error",
            where=fault.place,
            message=f"{fault.message} {fault.remedy}",
            group=fault.group,
            place=_place_of(design, fault),
        )


def _place_of(design: Design, fault: Fault) -> Place | None:
    """Where the value stands in the design, as far as that is still there; None where no more than its group is known.

    >>> # ("groups", 0, "lr", "schedule", "segments", 1, "schedule", "floor") is the floor of segment 2
    """
    match fault.path:
        case ("plan", *inner):
            return Place(area="plan", field=_last_name(inner))
        case ("rules", int(rule), *_) if rule < len(design.rules):
            return Place(area="rules", group=design.rules[rule].group, rule=rule)
        case ("pins", int(pin), *_) if pin < len(design.pins):
            found = design.pins[pin]
            return Place(area="modules", group=found.group, modules=(found.path,))
        case ("groups", int(_), *inner):
            group = next((group for group in design.groups if group.id == fault.group), None)
            return _within(group, inner) if group is not None else None
    return None


def _within(group: Group, inner: list[str | int]) -> Place:
    match inner:
        case [str(slot), "schedule", *way] if slot == "lr":
            return _in_schedule(group, "lr", group.lr.schedule, way)
        case [str(slot), *way] if slot != "lr" and slot in slots_of(group) and getattr(group, slot) is not None:
            return _in_schedule(group, slot, getattr(group, slot), way)
        case ["lr" | "options" | "layer_decay" | "exempt", str(field), *_]:
            return Place(group=group.id, field=field)
        case [str(field), *_]:
            return Place(group=group.id, field=field)
    return Place(group=group.id)


def _in_schedule(group: Group, slot: Slot, node: Any, way: list[str | int]) -> Place:
    """Down the nodes as long as the way leads to one; what comes then is a field of the last."""
    path: list[int] = []
    while way:
        children = shape_of(node).children(node)
        if way[0] in _PARTS and len(way) > 1 and isinstance(way[1], int) and way[1] < len(children):
            index, way = way[1], way[2:]
            if way and way[0] == "schedule":
                way = way[1:]
        elif way[0] == "schedule" and children:
            index, way = 0, way[1:]
        else:
            break
        path.append(index)
        node = children[index]
    return Place(group=group.id, slot=slot, path=tuple(path), field=_last_name(way[:1]))


def _last_name(way: list[str | int]) -> str:
    return next((part for part in reversed(way) if isinstance(part, str)), "")
