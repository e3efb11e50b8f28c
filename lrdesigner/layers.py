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

_LAST_NUMBER = re.compile(r"(\D*)(\d{1,18})")
_FEWEST = 2
_STAGES = 8


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
    >>> layers_of(tuple(ParameterInfo(name, (2,), "float32", 2, True) for name in names), "blocks.#").of
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
    templates = _templates(info.name for info in parameters)
    outer = _best(templates, ())
    chosen = [outer]
    deeper = [inner for one in outer for inner in _best(templates, one)]
    if deeper and all(_few(templates, one) for one in outer):
        chosen.insert(0, deeper)
    return "|".join(".".join(one) for level in chosen for one in level)


Parts = tuple[str, ...]
"""Components of a name; `block#` stands for block0, block1, and so on."""

Templates = dict[Parts, list[Key]]
"""Names that differ in numbers alone, and the numbers of each of them."""


def _templates(names: Iterable[str]) -> Templates:
    known: dict[str, tuple[str, Key]] = {}  # a name is one of very many, its components are few
    found: Templates = {}
    for name in names:
        parts: list[str] = []
        numbers: Key = ()
        for component in name.split("."):
            part, number = known.get(component) or known.setdefault(component, _taken_apart(component))
            parts.append(part)
            numbers += number
        found.setdefault(tuple(parts), []).append(numbers)
    return found


def _taken_apart(component: str) -> tuple[str, Key]:
    """`block12` as `block#` and 12; a component that does not end in its only number stays as it is."""
    number = _LAST_NUMBER.fullmatch(component)
    return (component, ()) if number is None else (f"{number[1]}#", (int(number[2]),))


def _best(templates: Templates, outer: Parts) -> list[Parts]:
    """The outermost numbered modules inside `outer`, such as `encoder.#` and `decoder.#`, that hold most of it."""
    inside = {parts: keys for parts, keys in templates.items() if parts[: len(outer)] == outer}
    total = sum(map(len, inside.values()))
    for depth in range(len(outer) + 1, max(map(len, inside), default=0)):
        held: Counter[Parts] = Counter()
        for parts, keys in inside.items():
            if len(parts) > depth and parts[depth - 1].endswith("#") and not _numbered(parts[len(outer) : depth - 1]):
                held[parts[:depth]] += len(keys)
        fitting = [parts for parts in held if _are_layers(inside, parts)]
        if sum(held[parts] for parts in fitting) > MOST_COVER * total:
            return fitting
    return []


def _numbered(parts: Parts) -> bool:
    return any(part.endswith("#") for part in parts)


def _are_layers(templates: Templates, outer: Parts) -> bool:
    """Whether the modules of a template are several, hold modules themselves, and are built alike."""
    depth = len(outer)
    count = sum(part.endswith("#") for part in outer)
    inner = {
        parts[depth:]: {key[:count] for key in keys} for parts, keys in templates.items() if parts[:depth] == outer
    }
    layers = set().union(*inner.values())
    if len({key[-1] for key in layers}) < _FEWEST:
        return False
    common = [rest for rest, keys in inner.items() if keys == layers]
    fewest = min(Counter(key for keys in inner.values() for key in keys).values())
    return any(len(rest) > 1 for rest in common) and len(common) >= 0.5 * fewest


def _few(templates: Templates, outer: Parts) -> bool:
    """Whether there are so few that they are stages rather than layers."""
    place = sum(part.endswith("#") for part in outer) - 1
    return len({key[place] for p, keys in templates.items() if p[: len(outer)] == outer for key in keys}) <= _STAGES
