"""Variants of a design: values of some of its fields, in a grid or drawn at random, and the runs that compare them."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

import msgspec
from msgspec.structs import replace

from lrdesigner.design_file import encode_compact
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.identity import Same
from lrdesigner.inventory import EMPTY_INVENTORY, Inventory
from lrdesigner.trials.addresses import changed
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.value_texts import Values, read_values

AS_DESIGNED = "as designed"
MOST_VARIANTS = 10_000
_MOST_DRAWS = 100
"""Draws for each variant that is wanted, before it is said that there are no more different ones."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A design to try. `changes` are texts by address that make it of the base design; none where it is one itself."""

    label: str
    changes: tuple[tuple[str, str], ...]
    design: Design


@dataclass(frozen=True, slots=True)
class Run:
    """One trial of a variant. Its `id` follows from what is run, so that it is the same when a sweep is continued."""

    id: str
    variant: Variant
    options: TrialOptions

    @property
    def seed(self) -> int:
        """What its weights and the order of its batches follow from."""
        return self.options.seed


def varied(design: Design, changes: Mapping[str, str], name: str = "") -> Variant:
    """The variant with these values; `name` tells the design apart from others in the label."""
    made = design
    for address, text in changes.items():
        made = changed(made, address, text)
    return Variant(label_of(changes, name), tuple(changes.items()), made)


def label_of(changes: Mapping[str, str], name: str = "") -> str:
    """What a variant with these values is called.

    >>> label_of({"head.lr": "1e-3"}, "big"), label_of({})
    ('big: head.lr=1e-3', 'as designed')
    """
    words = ", ".join(f"{address}={text}" for address, text in changes.items())
    return ": ".join(part for part in (name, words) if part) or AS_DESIGNED


def grid(design: Design, values: Mapping[str, Sequence[str]], name: str = "") -> tuple[Variant, ...]:
    """Every combination of the values at each address, the first address varying slowest; raises `UserError`."""
    count = 1
    for address, texts in values.items():
        if not texts:
            raise UserError(f"{address} has no values.")
        count *= len(texts)
    if count > MOST_VARIANTS:
        raise UserError(f"These values make {count:,} variants; at most {MOST_VARIANTS:,} are run. Use --random N.")
    combinations = itertools.product(*values.values())
    return tuple(varied(design, dict(zip(values, texts, strict=True)), name) for texts in combinations)


def random_search(
    design: Design, values: Mapping[str, str], count: int, seed: int = 0, name: str = ""
) -> tuple[Variant, ...]:
    """So many different variants with values drawn from ranges or lists, as texts say; the same seed draws the same.

    Fewer, where there are no more different ones. Raises `UserError`.
    """
    if not 1 <= count <= MOST_VARIANTS:
        raise UserError(f"A random search has 1 to {MOST_VARIANTS:,} variants, not {count:,}.")
    draw = Random(seed)
    specs = _specs(design, values)
    found: dict[tuple[str, ...], Variant] = {}
    for _ in range(count * _MOST_DRAWS):
        drawn = tuple(spec.drawn(draw) for spec in specs.values())
        if drawn not in found:
            found[drawn] = varied(design, dict(zip(specs, drawn, strict=True)), name)
        if len(found) == count:
            break
    return tuple(found.values())


def variants_of(
    designs: Mapping[str, Design], vary: Iterable[str], count: int | None = None, seed: int = 0
) -> tuple[Variant, ...]:
    """The variants of one or several designs by name, for texts ADDRESS=VALUES: a grid, or `count` drawn at random.

    Variants that are the same design are one: the first. Raises `UserError`.
    """
    texts = _by_address(vary)
    found: list[Variant] = []
    for name, design in designs.items():
        shown = name if len(designs) > 1 else ""
        if count is not None:
            found += random_search(design, texts, count, seed, shown)
        else:
            found += grid(design, {a: _listed(v, a) for a, v in _specs(design, texts).items()}, shown)
    distinct: dict[bytes, Variant] = {}
    for variant in found:
        distinct.setdefault(_identity(variant.design), variant)
    return tuple(distinct.values())


def runs_of(variants: Sequence[Variant], options: TrialOptions, seeds: int) -> tuple[Run, ...]:
    """Each variant with each seed from that of the options on; all variants with one seed before the next.

    So what has been run at any time compares fairly. With the same seed all begin with the same weights and see the
    same batches.
    """
    if seeds < 1:
        raise UserError(f"A sweep needs at least 1 seed, not {seeds}.")
    return tuple(
        run_of(variant, replace(options, seed=options.seed + number)) for number in range(seeds) for variant in variants
    )


def baseline_of(variants: Sequence[Variant], design: Design) -> Variant:
    """The variant that is the design as it was, which others are compared with; else the first."""
    return next((variant for variant in variants if variant.design == design), variants[0])


def run_of(variant: Variant, options: TrialOptions) -> Run:
    """One trial of a variant."""
    text = _identity(variant.design) + msgspec.json.encode(options)
    slug = re.sub(r"[^A-Za-z0-9.=-]+", "_", variant.label).strip("_.")[:60]
    return Run(f"{slug or 'run'}-s{options.seed}-{hashlib.sha256(text).hexdigest()[:10]}", variant, options)


def _identity(design: Design) -> bytes:
    """Equal for equal designs; the inventory, which is by far the largest part, is looked at once."""
    bare = replace(design, model=replace(design.model, inventory=EMPTY_INVENTORY))
    return encode_compact(bare) + _inventory_digest(Same(design.model.inventory))


@lru_cache(maxsize=8)
def _inventory_digest(same: Same[Inventory]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(same.value)).digest()


def _specs(design: Design, texts: Mapping[str, str]) -> dict[str, Values]:
    """What the texts mean, each for the design with the first values of those before: these may bring other fields."""
    found: dict[str, Values] = {}
    for address, text in texts.items():
        found[address] = read_values(design, address, text)
        design = changed(design, address, found[address].first)
    return found


def _by_address(vary: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in vary:
        address, equals, values = text.partition("=")
        address = address.strip()
        if not equals or not address or not values.strip():
            raise UserError(f"{text!r} is not ADDRESS=VALUES, as in head.lr=1e-4,3e-4,1e-3 or head.lr=1e-5..1e-2.")
        if address in found:
            raise UserError(f"{address} is varied twice; give all its values at once.")
        found[address] = values
    return found


def _listed(values: Values, address: str) -> tuple[str, ...]:
    if values.texts is None:
        raise UserError(f"{address} has a range; say how many to draw with --random N, or list values: 1e-4,3e-4,1e-3.")
    return values.texts
