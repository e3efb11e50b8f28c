"""Base rates that fall from layer to layer of a model: the layer decay that says them, and what falls outside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lrdesigner.capturing.parts import SAME_RATE
from lrdesigner.document import LayerDecay
from lrdesigner.inventory import ParameterInfo
from lrdesigner.layers import layers_of

FEWEST_RATES = 3
"""Different rates that make layers; two are a backbone and a head."""
MOST_OUTSIDE = 0.25
"""Share of the tensors that may be outside the layers, such as a last norm that counts with the block before it."""

_MOST_PATTERNS = 8
_MOST_FACTORS = 3
_DIGITS = 12
_MOST_VOTES = 200


@dataclass(frozen=True, slots=True)
class Layering:
    """A layer decay, the rate of its top layer, and places of the parameters that it holds for."""

    decay: LayerDecay
    base: float
    inside: tuple[int, ...]


def layerings(parameters: tuple[ParameterInfo, ...], bases: Sequence[float]) -> Iterator[Layering]:
    """What these base rates of parameters, in the model's order, may be: guesses, to be compared with the rates."""
    rates = np.array(bases)
    for pattern in ("", *patterns(info.name for info in parameters)):
        for factor in _factors(bases):
            found = _fitted(parameters, rates, pattern, factor)
            if found is not None:
                yield found


def _fitted(parameters: tuple[ParameterInfo, ...], rates: np.ndarray, pattern: str, factor: float) -> Layering | None:
    """The rates as most of them want it; layers are counted once more without those that do not fit."""
    inside = np.arange(len(parameters))
    for _ in range(2):
        own, mine = rates[inside], parameters
        if len(inside) < len(parameters):
            mine = tuple(parameters[place] for place in inside.tolist())
        layers = layers_of(mine, pattern)
        if not layers.pattern:
            return None
        below = layers.count - 1 - np.array(layers.of)
        base = _wanted_base(own, below, factor)
        lowest = _lowest(own, base * factor**below)
        planned = np.maximum(base * factor**below, lowest)
        fits = np.abs(planned - own) <= SAME_RATE * own
        inside = inside[fits]
        enough = len(inside) >= (1 - MOST_OUTSIDE) * len(rates)
        if not enough or len(np.unique(planned[fits].round(15))) < FEWEST_RATES:
            return None
        if fits.all():
            top = float(own[below == 0].max())
            return Layering(LayerDecay(factor, _short(lowest / base), pattern), top, tuple(inside.tolist()))
    return None


def _wanted_base(rates: np.ndarray, below: np.ndarray, factor: float) -> float:
    """The rate of the top layer that most tensors come from; those at the lowest rate may just be held there."""
    votes = Counter(float(f"{rate:.12g}") for rate in (rates / factor**below).tolist())
    return votes.most_common(1)[0][0]


def _lowest(rates: np.ndarray, planned: np.ndarray) -> float:
    """The rate below which none falls, if there is one; 0."""
    lowest = float(rates.min())
    return lowest if (planned < lowest * (1 - SAME_RATE)).any() else 0.0


def _factors(bases: Sequence[float]) -> list[float]:
    """The ratios of neighbouring rates, the commonest first."""
    distinct = sorted({float(f"{base:.{_DIGITS}g}") for base in bases}, reverse=True)
    if len(distinct) < FEWEST_RATES:
        return []
    ratios = Counter(_short(low / high) for high, low in pairwise(distinct))
    return [ratio for ratio, _ in ratios.most_common(_MOST_FACTORS)]


def _short(ratio: float) -> float:
    """With as few digits as leave it what it is."""
    for digits in range(1, _DIGITS):
        short = float(f"{ratio:.{digits}g}")
        if abs(short - ratio) <= SAME_RATE / 100 * ratio:
            return short
    return ratio


def patterns(names: Iterator[str]) -> list[str]:
    """Where names have numbers, the commonest first: the first number, and first and second.

    >>> patterns(iter(["stem.weight", "stages.0.blocks.0.weight", "stages.0.blocks.1.weight", "stages.1.norm.weight"]))
    ['stages.#', 'stages.#.blocks.#|stages.#', 'stages.#.blocks.#']
    """
    outer, inner = Counter[str](), Counter[tuple[str, str]]()
    for name in names:
        found = _numbered_prefixes(name)
        outer.update(found[:1])
        inner.update([(found[0], found[1])] if len(found) > 1 else [])
    firsts = [pattern for pattern, _ in outer.most_common(_MOST_PATTERNS)]
    both = [f"{deep}|{first}" for (first, deep), _ in inner.most_common(_MOST_PATTERNS)]
    deep = [deep for (_, deep), _ in inner.most_common(_MOST_PATTERNS)]
    together = ["|".join(firsts)] if len(firsts) > 1 else []
    return list(dict.fromkeys([*firsts, *together, *both, *deep]))[: 3 * _MOST_PATTERNS]


def _numbered_prefixes(name: str) -> list[str]:
    """The paths down to the first two components that end in a number, with # for these."""
    parts, found = name.split("."), []
    for place, part in enumerate(parts[:-1]):
        bare = part.rstrip("0123456789")
        if bare != part and "#" not in part:
            parts[place] = f"{bare}#"
            found.append(".".join(parts[: place + 1]))
            if len(found) == 2:
                break
    return found
