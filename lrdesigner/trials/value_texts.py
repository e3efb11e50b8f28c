"""The values that a field is to be tried with, as text: a list, or a range from which values are drawn."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.field_text import COMMAS, read, written
from lrdesigner.schedules import Field, Length, level_text
from lrdesigner.trials.addresses import Place, places_at

Scale = Literal["log", "lin"]

_RANGE = re.compile(
    r"\s*(?P<low>[^.]+(?:\.[^.]+)?)\s*\.\.\s*(?P<high>[^.]+(?:\.[^.]+)?)\s*(?:\.\.\s*(?P<scale>\w+)\s*)?"
)
_RATES = frozenset({"lr", "base", "weight_decay", "eps", "eps1", "eps2"})
"""Fields of which decades are equally likely, where nothing else is said."""
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Values:
    """What to try: texts, or numbers between two bounds, along a line or by decades, in the unit of `like`."""

    field: Field
    texts: tuple[str, ...] | None = None
    low: float = 0.0
    high: float = 0.0
    scale: Scale = "lin"
    like: Any = None

    @property
    def first(self) -> str:
        """The first of the list, or the low end of the range."""
        return self.texts[0] if self.texts else self._written(self.low)

    def drawn(self, draw: Random) -> str:
        """One of them, in few digits."""
        if self.texts is not None:
            return draw.choice(self.texts)
        if self.field.kind == "integer" and self.scale == "lin":
            return str(draw.randint(math.ceil(self.low), math.floor(self.high)))
        if self.scale == "log":
            value = math.exp(draw.uniform(math.log(self.low), math.log(self.high)))
        else:
            value = draw.uniform(self.low, self.high)
        return self._written(min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high))

    def _written(self, value: float) -> str:
        if self.field.kind == "integer":
            return str(round(value))
        if isinstance(self.like, Length):
            return str(Length(value, self.like.unit))
        return level_text(value) if self.field.kind == "level" else written(self.field, value)


def read_values(design: Design, address: str, text: str) -> Values:
    """What a text means for the field at an address: `1e-4,3e-4`, `1e-5..1e-2` or `0.1..0.9..lin`.

    A range of rates is by decades unless it says `..lin`, any other along a line unless it says `..log`. Raises
    `UserError`.

    >>> from lrdesigner.demos import demo_design
    >>> read_values(demo_design(), "head.lr", "1e-4, 3e-4").texts
    ('1e-4', '3e-4')
    """
    place = places_at(design, address)[0]
    found = _RANGE.fullmatch(text) if ".." in text else None
    if found is not None:
        return _range(place, address, found)
    if ".." in text:
        raise UserError(f"{address}: {text.strip()!r} is no range; write LOW..HIGH, LOW..HIGH..log or LOW..HIGH..lin.")
    texts = tuple(part.strip() for part in COMMAS.split(text))
    for part in texts:
        _read(place, address, part)
    return Values(place.field, tuple(dict.fromkeys(texts)))


def _range(place: Place, address: str, found: re.Match[str]) -> Values:
    ends = [_read(place, address, found[name]) for name in ("low", "high")]
    low, high = (_amount(end, address) for end in ends)
    if isinstance(ends[0], Length) and ends[0].unit != ends[1].unit:
        raise UserError(f"{address}: both ends of a range need the same unit, not {ends[0]} and {ends[1]}.")
    if not low < high:
        raise UserError(f"{address}: a range goes from the lower to the higher value, not {found[0].strip()}.")
    scale = found["scale"] or ("log" if place.field.name in _RATES and low > 0 else "lin")
    if scale == "log" and low > 0:
        return Values(place.field, low=low, high=high, scale="log", like=ends[0])
    if scale == "lin":
        return Values(place.field, low=low, high=high, scale="lin", like=ends[0])
    if scale == "log":
        raise UserError(f"{address}: a range by decades begins above 0; write ..lin for one along a line.")
    raise UserError(f"{address}: {scale!r} is no scale; write ..log or ..lin.")


def _read(place: Place, address: str, text: str) -> Any:
    try:
        return read(place.field, text)
    except UserError as error:
        raise UserError(f"{address} cannot be {text.strip()!r}: {error}") from None


def _amount(value: Any, address: str) -> float:
    if isinstance(value, Length) and value.unit != "rest":
        return value.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise UserError(f"{address} has no numbers between two of its values; list the values, separated by commas.")
