"""How long something lasts: in steps, epochs or percent of the run, turned into whole steps in this one place."""

from __future__ import annotations

import math
import re
from typing import Literal

from msgspec import Struct

from lrdesigner.errors import InvalidValueError, UserError
from lrdesigner.numbers import exact, parse_number

Unit = Literal["steps", "epochs", "percent", "rest"]

MOST_STEPS = 10**15
"""No run is that long (`Plan`); what would last longer ends here, so that sums of lengths stay exact integers."""


class Length(Struct, frozen=True, forbid_unknown_fields=True):
    """A duration. `rest` means: until the surrounding segment, or the run, ends."""

    value: float = 0.0
    unit: Unit = "rest"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0):
            raise InvalidValueError(f"A length must be a finite number of at least 0, not {self.value!r}.")

    def __str__(self) -> str:
        """What a person would type to get it: "500 steps", "2 epochs", "5%", "rest"."""
        if self.unit == "rest":
            return "rest"
        if self.unit == "percent":
            return f"{exact(self.value)}%"
        amount = f"{int(self.value)}" if self.value == int(self.value) and self.value < 1e15 else exact(self.value)
        return f"{amount} {self.unit if self.value != 1 else self.unit[:-1]}"


REST = Length()


class Span(Struct, frozen=True):
    """Where a schedule runs: its own length and the run's, in steps, and the base value of its track.

    Lengths and `progress` refer to the steps, absolute levels to the base value. A segment that enters its shape late
    is `ahead` of the run by so many steps.
    """

    steps: int
    run_steps: int
    steps_per_epoch: int
    base: float = 1.0
    ahead: int = 0

    @property
    def horizon(self) -> int:
        """The last local step that anybody asks about."""
        return self.run_steps + self.ahead

    def part(self, steps: int, ahead: int = 0) -> Span:
        """The same run seen from a segment of `steps` steps, which is `ahead` by so many more."""
        return Span(steps, self.run_steps, self.steps_per_epoch, self.base, self.ahead + ahead)


def resolve(length: Length, span: Span) -> int:
    """Whole steps of `length`, halves rounded up; epochs and percent refer to the whole run, `rest` to `span`.

    >>> resolve(Length(5, "percent"), Span(100, 450, 45))
    23
    """
    match length.unit:
        case "steps":
            exact = length.value
        case "epochs":
            exact = length.value * span.steps_per_epoch
        case "percent":
            exact = length.value * span.run_steps / 100
        case "rest":
            return max(span.steps, 0)
    return math.floor(min(exact, MOST_STEPS) + 0.5)


def in_unit(steps: int, unit: Unit, span: Span) -> Length:
    """The length of this unit that lasts `steps` steps; a percentage is as short as tells the step apart.

    >>> str(in_unit(90, "epochs", Span(450, 450, 45))), str(in_unit(23, "percent", Span(450, 450, 45)))
    ('2 epochs', '5.1%')
    """
    match unit:
        case "rest":
            return REST
        case "steps":
            return Length(float(steps), "steps")
        case "epochs":
            return _shortest(steps, steps / span.steps_per_epoch, "epochs", span)
    return _shortest(steps, 100 * steps / max(span.run_steps, 1), "percent", span)


def length_like(length: Length, steps: int, span: Span) -> Length:
    """A length of `steps` steps in the unit of `length`; what lasted the rest gets a number of steps."""
    return in_unit(steps, "steps" if length.unit == "rest" else length.unit, span)


def _shortest(steps: int, amount: float, unit: Unit, span: Span) -> Length:
    """With as few decimals as still round to the same step."""
    for decimals in range(1, 13):
        length = Length(round(amount, decimals), unit)
        if resolve(length, span) == steps:
            return length
    return Length(amount, unit)


_TYPED = re.compile(r"\s*(?P<amount>.*?)\s*(?P<unit>%|percent|e|ep|epochs?|s|steps?)?\s*", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"[0-9][0-9_ ]*(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|\.[0-9]+", re.IGNORECASE)
_UNITS: dict[str, Unit] = {
    "": "steps", "s": "steps", "step": "steps", "steps": "steps",
    "e": "epochs", "ep": "epochs", "epoch": "epochs", "epochs": "epochs",
    "%": "percent", "percent": "percent",
}  # fmt: skip


def parse_length(text: str) -> Length:
    """Read what a person typed: `500`, `2*45 steps`, `1/3 epochs`, `5%`, `rest`; raises `UserError`.

    >>> str(parse_length("2*45 steps")), str(parse_length("10+5 %"))
    ('90 steps', '15%')
    """
    if text.strip().lower() in ("rest", "rest of the run", "the rest"):
        return REST
    amount, unit = parse_amount(text)
    if amount < 0:
        raise UserError(f"{text.strip()!r} is no length: it is below 0.")
    return Length(amount, unit)


def parse_amount(text: str) -> tuple[float, Unit]:
    """A number, or a formula, and the unit that it counts, steps if none is named; may be negative, as an offset."""
    found = _TYPED.fullmatch(text)
    amount = found["amount"].strip() if found else ""
    if found is None or not amount:
        raise UserError(_no_length(text))
    unit = _UNITS[(found["unit"] or "").lower()]
    if _PLAIN.fullmatch(amount):
        value = float(amount.replace("_", "").replace(" ", ""))
        if not math.isfinite(value):
            raise UserError(f"The length {text.strip()!r} is too large.")
        return value, unit
    try:
        return parse_number(amount), unit
    except UserError:
        raise UserError(_no_length(text)) from None


def _no_length(text: str) -> str:
    return f"{text.strip()!r} is not a length; write for example 500 steps, 2 epochs, 5% or rest."
