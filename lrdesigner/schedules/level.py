"""How high something is: a fraction of the peak, or an absolute value of the hyperparameter."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

from lrdesigner.errors import UserError
from lrdesigner.numbers import exact, parse_number, rate
from lrdesigner.schedules.length import Span

Factor = Annotated[float, Meta(ge=0, le=1e6)]


class Absolute(Struct, frozen=True, forbid_unknown_fields=True):
    """A value of the hyperparameter itself, such as torch's `eta_min`; it does not follow the group's base value."""

    absolute: Factor


Level = Factor | Absolute
"""A plain number is a fraction of the peak, so the ratio between groups stays whatever their base values are."""


def factor_of(level: Level, span: Span) -> float:
    """The factor that a level is for a track with the base value of `span`.

    >>> factor_of(0.01, Span(100, 100, 10)), factor_of(Absolute(1e-5), Span(100, 100, 10, base=1e-3))
    (0.01, 0.01)
    """
    if isinstance(level, Absolute):
        return level.absolute / span.base if span.base else 0.0
    return level


def level_like(level: Level, factor: float, span: Span) -> Level:
    """The level with this factor, absolute if `level` is."""
    return Absolute(factor * span.base) if isinstance(level, Absolute) else factor


def level_text(level: Level) -> str:
    """What a person would type to get it: "0.01", "1e-5 absolute"."""
    return f"{exact(level.absolute)} absolute" if isinstance(level, Absolute) else exact(level)


def level_words(level: Level) -> str:
    """The same in few digits, for sentences."""
    return f"{rate(level.absolute)} absolute" if isinstance(level, Absolute) else rate(level)


_TYPED = re.compile(r"(?P<amount>.*?)\s*(?P<kind>%|abs|absolute)?\s*", re.IGNORECASE | re.DOTALL)


def parse_level(text: str) -> Level:
    """Read `0.01`, `1%`, `1e-5 absolute`; raises `UserError`."""
    found = _TYPED.fullmatch(text)
    if found is None or not found["amount"].strip():
        raise UserError(f"{text.strip()!r} is no level; write a fraction such as 0.01, or 1e-5 absolute.")
    value = parse_number(found["amount"])
    match (found["kind"] or "").lower():
        case "":
            return value
        case "%":
            return value / 100
        case _:
            return Absolute(value)
