"""Numbers changed by keys as they stand in a text: a digit up or down, doubled, or by a decade.

The digit that changes is the one left of the caret, and the text keeps the notation in which it was typed, so that
the caret stays at its digit. Arithmetic is decimal: nothing drifts, however often a key is pressed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from lrdesigner.numbers import exact

Move = Literal["digit", "ten digits", "tenth", "double", "decade"]
"""One of the digit, ten of it, a tenth of it; twice or half of the number; ten times or a tenth of the number."""

_FINEST = -12
"""The power of ten of the smallest step towards a number that is not to be reached."""

_PART = re.compile(
    r"(?P<before>\s*(?:[*x\N{MULTIPLICATION SIGN}]\s*)?)"
    r"(?P<digits>[+\-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)(?P<after>\s*[a-z%]*\s*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A text and where the caret is in it; None: at rest, or all of it selected, which means the first digit.

    `place` is the power of ten that goes with the caret, where the text cannot show it: 2 in `045`.
    """

    text: str
    caret: int | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What numbers of a field may be: negative, 0, and whole where one of the units follows them.

    A step up from 0 goes to 10 ** `from_zero`; `plus` writes the sign of what is above 0. What stays `below` a number
    comes nearer to it in ever smaller digits: 0.9, 0.91 ... 0.99, 0.991.
    """

    signed: bool = False
    zero: bool = True
    whole_in: frozenset[str] = frozenset()
    from_zero: int = -2
    plus: bool = False
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Stepped:
    """A text after a step; `canonical` where its notation is of no account, and the usual one may take its place."""

    standing: Standing
    canonical: bool


def stepped(standing: Standing, move: Move, up: bool, rules: Rules) -> Stepped | None:
    """The text after one step of the number at the caret; None where the text has no number that is written out.

    >>> rules = Rules()
    >>> [stepped(Standing("3.25e-4", caret), "digit", True, rules).standing.text for caret in (1, 3, 4, 7)]
    ['4.25e-4', '3.35e-4', '3.26e-4', '3.25e-3']
    >>> stepped(Standing("0.009", 5), "digit", True, rules).standing
    Standing(text='0.010', caret=5, place=-3)
    """
    found = _part_at(standing.text, standing.caret)
    if found is None:
        return None
    start, part = found
    before, digits, after = part["before"], part["digits"], part["after"]
    whole = after.strip().lower() in rules.whole_in and Decimal(digits) == int(Decimal(digits))
    if whole:
        digits = str(int(Decimal(digits)))
    elif standing.caret is not None and Decimal(digits) == 0 and not re.search(r"[.e]", digits):
        standing = replace(standing, place=rules.from_zero if standing.place is None else standing.place)
    offset = None if standing.caret is None else max(standing.caret - start - len(before), 0)
    place = _place_at(digits, offset) if standing.place is None and offset is not None else standing.place
    in_exponent = offset is not None and place is None and offset > len(_mantissa(digits)) and not whole
    if move == "decade" or in_exponent:
        moved, canonical = _by_decade(digits, up, whole, in_exponent and move != "double"), not in_exponent
        place = None if place is None or in_exponent else max(place + (1 if up else -1), 0 if whole else place - 1)
    elif move == "double":
        moved, canonical = _doubled(digits, up, whole), True
    else:
        moved, place = _by_digit(digits, place, move, up, whole, rules)
        canonical = standing.caret is None
    if rules.plus and Decimal(moved) > 0:
        moved = f"+{moved.removeprefix('+')}"
    text = f"{standing.text[:start]}{before}{moved}{after}{standing.text[start + len(part[0]) :]}"
    if standing.caret is None:
        return Stepped(Standing(text, None, standing.place), canonical)
    caret = len(moved) if place is None else caret_of(moved, place)
    return Stepped(Standing(text, start + len(before) + caret, place), canonical)


def caret_in(text: str, near: int, place: int | None) -> int:
    """Where the caret is behind the digit of a place, in the number that is at `near` or begins the text."""
    found = _part_at(text, min(near, len(text)))
    if found is None or place is None:
        return min(near, len(text))
    start, part = found
    return start + len(part["before"]) + caret_of(part["digits"], place)


def caret_of(digits: str, place: int) -> int:
    """The offset behind the digit of a place: before the first digit where the number has none so high.

    >>> caret_of("3.25e-4", -5), caret_of("0.0010", -4), caret_of("23", 2)
    (3, 6, 0)
    """
    mantissa = _mantissa(digits)
    sign = 1 if mantissa[:1] in ("+", "-") else 0
    point = mantissa.find(".") if "." in mantissa else len(mantissa)
    above = place - _exponent(digits)
    index = point - 1 - above if above >= 0 else point - above
    if index < sign:
        return sign
    return min(index + 1, len(mantissa))


def _part_at(text: str, caret: int | None) -> tuple[int, re.Match[str]] | None:
    """The number at the caret, of several between commas, and where its part begins."""
    start = 0
    for piece in text.split(","):
        if caret is None or caret <= start + len(piece):
            found = _PART.fullmatch(piece)
            return None if found is None else (start, found)
        start += len(piece) + 1
    return None


def _mantissa(digits: str) -> str:
    return digits.lower().partition("e")[0]


def _exponent(digits: str) -> int:
    return int(digits.lower().partition("e")[2] or 0)


def _place_at(digits: str, offset: int) -> int | None:
    """The power of ten of the digit left of an offset; None before the first one, and in the exponent."""
    mantissa = _mantissa(digits)
    if offset > len(mantissa) and len(mantissa) < len(digits):
        return None
    held = [index for index in range(min(offset, len(mantissa))) if mantissa[index].isdigit()]
    if not held:
        return None
    point = mantissa.find(".") if "." in mantissa else len(mantissa)
    index = held[-1]
    return (point - 1 - index if index < point else point - index) + _exponent(digits)


def _by_decade(digits: str, up: bool, whole: bool, keep_notation: bool) -> str:
    if keep_notation:
        return f"{_mantissa(digits)}e{_exponent(digits) + (1 if up else -1)}"
    return _written(Decimal(digits).scaleb(1 if up else -1), whole)


def _doubled(digits: str, up: bool, whole: bool) -> str:
    number = Decimal(digits)
    return _written(number * 2 if up else number / 2, whole)


def _by_digit(
    digits: str, place: int | None, move: Move, up: bool, whole: bool, rules: Rules
) -> tuple[str, int | None]:
    """The digits after a step, and the place of the caret, which goes down where a digit falls away."""
    number = Decimal(digits)
    first = place is None
    lead = number.adjusted() if number else (0 if whole else rules.from_zero)
    place = lead if place is None else place
    power = place + {"ten digits": 1, "tenth": -1}.get(move, 0)
    power = max(power, 0) if whole else power
    size = abs(number)
    if number and (number > 0) != up and not rules.signed:
        while _too_low(size, power, first, rules.zero) and not (whole and power == 0):
            power -= 1
    if up and rules.below is not None and number < Decimal(rules.below):
        while number + Decimal(1).scaleb(power) >= Decimal(rules.below) and power > _FINEST:
            power -= 1
    moved = number + Decimal(1 if up else -1).scaleb(power)
    place = min(place, power + (move == "tenth"))
    if first or whole:
        return _written(moved, whole), None if first else place
    exponent = _exponent(digits)
    decimals = max(len(_mantissa(digits).partition(".")[2]), exponent - min(power, place), 0)
    mantissa = f"{moved.scaleb(-exponent):.{decimals}f}"
    return (f"{mantissa}e{exponent}" if "e" in digits.lower() else mantissa), place


def _too_low(size: Decimal, power: int, first: bool, zero: bool) -> bool:
    """Whether a step of this power goes too far: of the first digit to where it is no longer one, else to below 0."""
    left = size - Decimal(1).scaleb(power)
    if first:
        return left < Decimal(1).scaleb(power)
    return left < 0 or (left == 0 and not zero)


def _written(number: Decimal, whole: bool) -> str:
    return str(int(number.to_integral_value(ROUND_DOWN))) if whole else exact(float(number))
