"""What a live param group, or several that are one, become in a design."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from lrdesigner.capturing.description import LiveGroup
from lrdesigner.document import Design, Group
from lrdesigner.expansion import ParamGroup

SAME_RATE = 1e-9
"""Relative difference of base rates that are equal."""

_PART = re.compile(r"(\.layers?\d+(-\d+)?)?(\.no_decay(_\d+)?)?$")
"""What exported files add to a group's name for the parts that torch sees."""


@dataclass(frozen=True, slots=True)
class Part:
    """A group, still without name and id, and the live groups in it; `said` are sentences about it."""

    live: LiveGroup
    group: Group
    said: tuple[str, ...] = ()
    stands_for: int = 1


def stem_of(name: str) -> str:
    """The name of the group whose part an exported file calls so.

    >>> stem_of("body.layer3.no_decay"), stem_of("body")
    ('body', 'body')
    """
    return _PART.sub("", name)


def joined(parts: Sequence[Part], group: Group, words: str) -> Part:
    """Several parts as one that has this group; `words` tell of it."""
    decaying = next((part.live for part in parts if part.live.options.get("weight_decay")), parts[0].live)
    names = {stem_of(part.live.name) for part in parts}
    live = replace(
        decaying,
        name=names.pop() if len(names) == 1 else "",
        parameters=tuple(dict.fromkeys(name for part in parts for name in part.live.parameters)),
        strangers=sum(part.live.strangers for part in parts),
    )
    said = dict.fromkeys(sentence for part in parts for sentence in part.said)
    return Part(live, group, (*said, words), sum(part.stands_for for part in parts))


def restricted(part: Part, names: frozenset[str], *, whole: bool = False) -> Part:
    """A part with those of its parameters that are named, without a name; `whole`: with what else is told of it."""
    kept = tuple(name for name in part.live.parameters if name in names)
    strangers = part.live.strangers if whole else 0
    return dataclasses.replace(part, live=replace(part.live, name="", parameters=kept, strangers=strangers))


def same_settings(a: Group, b: Group) -> bool:
    """Whether torch does the same with parameters of both: rates to `SAME_RATE`, all else exactly."""
    close = abs(a.lr.base - b.lr.base) <= SAME_RATE * max(a.lr.base, b.lr.base)
    return close and all(
        getattr(a, name) == getattr(b, name) for name in ("options", "weight_decay", "momentum", "beta2", "freeze")
    ) and a.lr.schedule == b.lr.schedule  # fmt: skip


def reproduces(found: Iterable[ParamGroup], wanted: Mapping[str, Group]) -> bool:
    """Whether param groups hold exactly these tensors, each with its settings."""
    seen = 0
    for one in found:
        for group in {id(group): group for group in map(wanted.get, (p.name for p in one.parameters))}.values():
            if group is None or not same_settings(one.group, group):
                return False
        seen += len(one.parameters)
    return seen == len(wanted)


def alone(design: Design, group: Group) -> Design:
    """A design that `lrdesigner.expansion` can expand this group in."""
    return replace(design, groups=(group,), remainder=group.id, pins=(), rules=())
