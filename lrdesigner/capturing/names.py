"""Names for live param groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from lrdesigner.capturing.description import LiveGroup
from lrdesigner.document import LONGEST_NAME

ALL = "everything"
NO_DECAY = "no decay"


def group_names(optimizers: Sequence[Sequence[LiveGroup]]) -> list[list[str]]:
    """A name for each group of each optimizer: its own, or what its parameters have in common; all different.

    >>> held = LiveGroup("", ("head.weight", "head.bias"), 0, {"weight_decay": 0.0}, {})
    >>> rest = LiveGroup("", ("body.0.weight", "stem.weight"), 0, {"weight_decay": 0.1}, {})
    >>> group_names([[rest, held]])
    [['group 1', 'head, no decay']]
    """
    taken: set[str] = set()
    alone = sum(len(groups) for groups in optimizers) == 1
    found, number = [], 0
    for groups in optimizers:
        names = []
        for group in groups:
            number += 1
            wanted = group.name.strip() or (ALL if alone else _described(group, groups)) or f"group {number}"
            names.append(_free(wanted, taken))
        found.append(names)
    return found


def _described(group: LiveGroup, beside: Sequence[LiveGroup]) -> str:
    """Where its parameters lie, and that they have no decay where others have."""
    decays = [other.options.get("weight_decay") for other in beside]
    without = group.options.get("weight_decay") == 0 and any(decays)
    words = [common_module(group.parameters), NO_DECAY if without else ""]
    return ", ".join(word for word in words if word)


def common_module(names: Sequence[str]) -> str:
    """The innermost module that holds all these parameters; "" for the model itself."""
    paths = [name.split(".")[:-1] for name in names]
    return ".".join(parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False)))


def _free(name: str, taken: set[str]) -> str:
    name = " ".join(name.split())
    tried, number = name[:LONGEST_NAME].rstrip(), 1
    while tried in taken:
        number += 1
        tried = f"{name[: LONGEST_NAME - len(str(number)) - 1].rstrip()} {number}"
    taken.add(tried)
    return tried
