"""The layers of a model, read off the names of its parameters: what layer-wise decay counts by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lrdesigner.identity import Same
from lrdesigner.inventory import ParameterInfo

Key = tuple[int, ...]
"""The numbers of a layer, outer ones first: (2, 5) is block 5 of stage 2."""

MOST_COVER = 0.5
"""Share of a group's tensors that numbered modules must hold to be its layers. Scalars say less: embeddings are big."""

_NUMBER = re.compile(r"\d+")
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of some parameters, from the one next to the input, 0, to the topmost.

    `pattern` tells where their numbers stand; "" if none were found, then all is one layer. `of` has each parameter's.
    """

    pattern: str
    of: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many layers there are."""
        return max(self.of, default=0) + 1


def layers_of(parameters: tuple[ParameterInfo, ...], pattern: str = "") -> Layers:
    """The layer of each parameter; they are given in the model's order. Raises nothing: without a match all is one.

    What comes before the first numbered layer is a layer of its own at the bottom (embeddings), what comes after the
    last one a layer on top (the head); what stands between two belongs to the one before.

    >>> names = ("embed.weight", "blocks.0.weight", "blocks.1.weight", "head.weight")
    >>> layers_of(tuple(ParameterInfo(name, (2,), "float32", 2, True) for name in names)).of
    (0, 1, 2, 3)
    """
    return _layers_of(Same(parameters), pattern.strip())


@lru_cache(maxsize=64)
def _layers_of(same: Same[tuple[ParameterInfo, ...]], pattern: str) -> Layers:
    pattern = pattern or found_pattern(same.value)
    expressions = expressions_of(pattern)
    keys = [layer_key(info.name, expressions) for info in same.value]
    return Layers(pattern if any(keys) else "", numbered(keys))


def expressions_of(pattern: str) -> tuple[re.Pattern[str], ...]:
    """A pattern of layers as regular expressions, to be matched with the start of a name, in order.

    >>> expressions_of("stages.#.blocks.#|stages.#")[0].pattern
    'stages\\\\.(\\\\d+)\\\\.blocks\\\\.(\\\\d+)(?:\\\\.|$)'
    """
    return tuple(re.compile(expression) for expression in regular(pattern))


def regular(pattern: str) -> tuple[str, ...]:
    """The texts of `expressions_of`. `#` is a number, `*` any part of one component."""
    parts = (part.strip() for part in pattern.split("|"))
    return tuple(
        re.escape(part).replace(r"\#", r"(\d+)").replace(r"\*", r"[^.]*") + r"(?:\.|$)" for part in parts if part
    )


def layer_key(name: str, expressions: Sequence[re.Pattern[str]]) -> Key | None:
    """The numbers of the layer that a name is in, by the first expression that fits; None outside of layers."""
    for expression in expressions:
        found = expression.match(name)
        if found is not None:
            return tuple(int(number) for number in found.groups())
    return None


def numbered(keys: Sequence[Key | None]) -> tuple[int, ...]:
    """Layers counted from the bottom; keys are in the model's order, None is told as `layers_of` says."""
    places = [place for place, key in enumerate(keys) if key is not None]
    if not places:
        return (0,) * len(keys)
    first, last = places[0], places[-1]
    order = {key: number for number, key in enumerate(sorted({key for key in keys if key is not None}))}
    lowest = 1 if first > 0 else 0
    found, current = [], 0
    for place, key in enumerate(keys):
        if place > last:
            current = lowest + len(order)
        elif key is not None:
            current = lowest + order[key]
        found.append(current)
    return tuple(found)


def found_pattern(parameters: Iterable[ParameterInfo]) -> str:
    """Where the numbers of layers stand in these names; "" if there are no layers.

    Layers are numbered modules that are built alike and hold most of the tensors: the outermost such, and where these
    are few and hold such themselves (the blocks of stages), both numbers.
    """
    names = [info.name for info in parameters]
    outer = _best(names, "")
    if not outer:
        return ""
    chosen = [outer]
    deeper = [inner for one in outer for inner in _best(names, one)]
    if deeper and all(_few(names, one) for one in outer):
        chosen.insert(0, deeper)
    return "|".join(one for level in chosen for one in level)


def _best(names: Sequence[str], outer: str) -> list[str]:
    """The outermost templates inside `outer`, such as `encoder.#` and `decoder.#`, whose layers hold most of it."""
    inside = [name for name in names if not outer or _starts(outer, name)]
    for depth in range(1, 12):
        held: Counter[str] = Counter()
        for name in inside:
            template = _template(name, depth, outer)
            if template is not None:
                held[template] += 1
        fitting = [template for template in held if _are_layers(inside, template)]
        if sum(held[template] for template in fitting) > MOST_COVER * len(inside):
            return fitting
    return []


def _template(name: str, depth: int, outer: str) -> str | None:
    """The first `depth` components below `outer`, if the last of them, and no other, ends in a number."""
    known = outer.count(".") + 1 if outer else 0
    parts = name.split(".")
    if len(parts) <= known + depth:
        return None
    *path, last = parts[known : known + depth]
    if not _ends_in_number(last) or any(part.isdigit() for part in path):
        return None
    tail = re.sub(r"\d+$", "#", last)
    return ".".join([part for part in (outer, *path, tail) if part])


def _ends_in_number(part: str) -> bool:
    return part[-1:].isdigit() and _NUMBER.sub("", part).count("#") == 0 and len(_NUMBER.findall(part)) == 1


def _are_layers(names: Sequence[str], template: str) -> bool:
    """Whether the modules of a template are several, hold modules themselves, and are built alike."""
    expression = expressions_of(template)[0]
    inner: dict[Key, set[str]] = {}
    for name in names:
        found = expression.match(name)
        if found is not None:
            inner.setdefault(tuple(map(int, found.groups())), set()).add(name[found.end() :])
    if len({key[-1] for key in inner}) < _FEWEST:
        return False
    common = set.intersection(*inner.values())
    composite = any("." in name for name in common)
    return composite and len(common) >= 0.5 * min(len(names) for names in inner.values())


def _few(names: Sequence[str], template: str) -> bool:
    """Whether there are so few that they are stages rather than layers."""
    expression = expressions_of(template)[0]
    return len({found[1] for name in names if (found := expression.match(name))}) <= 8


def _starts(template: str, name: str) -> bool:
    return expressions_of(template)[0].match(name) is not None
