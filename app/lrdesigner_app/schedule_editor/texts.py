"""The values of typed fields as text: read, written and stepped, one rule per kind."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from lrdesigner.checked import check_bounds
from lrdesigner.errors import UserError
from lrdesigner.expressions import ExpressionError, parse
from lrdesigner.numbers import exact, parse_number
from lrdesigner.optimizers import options_text, read_options
from lrdesigner.schedules import Absolute, Field, Length, level_text, parse_length, parse_level
from lrdesigner.schedules.expression import NAMES


def _length_list(text: str) -> tuple[Length, ...]:
    found = tuple(parse_length(part) for part in text.split(",") if part.strip())
    if not found:
        raise UserError("write at least one, such as 50%, and a comma between several.")
    return found


def _whole(text: str) -> int:
    value = parse_number(text)
    if value != int(value):
        raise UserError(f"{text.strip()} is not a whole number.")
    return int(value)


def _formula(text: str) -> str:
    parse(text, NAMES)
    return text.strip()


_READ: MappingProxyType[str, Callable[[str], Any]] = MappingProxyType(
    {
        "number": parse_number,
        "integer": _whole,
        "level": parse_level,
        "length": parse_length,
        "lengths": _length_list,
        "formula": _formula,
        "text": str.strip,
        "query": str.strip,
        "options": read_options,
    }
)
_WRITE: MappingProxyType[str, Callable[[Any], str]] = MappingProxyType(
    {
        "number": exact,
        "integer": str,
        "level": level_text,
        "length": str,
        "lengths": lambda lengths: ", ".join(str(length) for length in lengths),
        "formula": str,
        "text": str,
        "query": str,
        "options": options_text,
    }
)


def read(field: Field, text: str) -> Any:
    """The value that a text means for a field; raises `UserError` that names field, value and bound."""
    if field.optional and not text.strip():
        return None
    if not text.strip() and field.kind not in ("formula", "options", "query"):
        raise UserError(f"{field.title} is empty; it needs a value.")
    try:
        value = _READ[field.kind](text)
    except ExpressionError:
        raise  # it says where
    except UserError as error:
        raise UserError(f"{field.title}: {error}") from None
    check_bounds(field, value)
    return value


def written(field: Field, value: Any) -> str:
    """What a person would type to get a value."""
    return "" if value is None else _WRITE[field.kind](value)


def stepped(field: Field, value: Any, up: bool) -> Any:
    """The next value by one press of an arrow key, in the first digit: 5e-4 -> 6e-4; None where there is none.

    A whole number goes on by 1; what has a unit stays in it.
    """
    match value:
        case Length(unit="rest"):
            return None
        case Length():
            return replace(value, value=next_digit(value.value, up))
        case Absolute():
            return Absolute(next_digit(value.absolute, up))
        case int() if field.kind == "integer":
            return value + (1 if up else -1)
        case int() | float():
            return next_digit(float(value), up)
    return None


def next_digit(value: float, up: bool) -> float:
    """A number one up or down in its first digit."""
    if value == 0:
        return 0.01 if up else 0.0
    if value < 0:
        return -next_digit(-value, not up)
    exponent = int(f"{value:e}".split("e")[1])
    unit = 10.0**exponent
    digit = round(value / unit, 6)
    if not up and digit <= 1:
        unit, digit = unit / 10, digit * 10
    return float(f"{(digit + (1 if up else -1)) * unit:.6g}")
