"""The values of fields as text: read and written, one rule per kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from lrdesigner.checked import check_bounds
from lrdesigner.errors import UserError
from lrdesigner.expressions import ExpressionError, parse
from lrdesigner.numbers import exact, parse_number
from lrdesigner.optimizers import options_text, read_options
from lrdesigner.schedules import Field, Length, level_text, parse_length, parse_level
from lrdesigner.schedules.expression import NAMES

COMMAS = re.compile(r",(?![^()]*\))")
"""Those between values, not those within the brackets of a function."""

_WORDS = MappingProxyType({"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False})


def _length_list(text: str) -> tuple[Length, ...]:
    found = tuple(parse_length(part) for part in COMMAS.split(text) if part.strip())
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


def _switch(text: str) -> bool:
    found = _WORDS.get(text.strip().lower())
    if found is None:
        raise UserError(f"{text.strip()!r} is neither true nor false.")
    return found


_READ: MappingProxyType[str, Callable[[str], Any]] = MappingProxyType(
    {
        "number": parse_number,
        "integer": _whole,
        "switch": _switch,
        "choice": str.strip,
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
        "switch": lambda on: "true" if on else "false",
        "choice": str,
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
    value = parsed(field, text)
    if field.kind == "choice" and value not in field.choices:
        raise UserError(f"{field.title} must be one of {', '.join(field.choices)}, not {value!r}.")
    check_bounds(field, value)
    return value


def parsed(field: Field, text: str) -> Any:
    """The same without a look at the bounds; raises `UserError` that names the field."""
    try:
        return _READ[field.kind](text)
    except ExpressionError:
        raise  # it says where
    except UserError as error:
        raise UserError(f"{field.title}: {error}") from None


def is_text(field: Field) -> bool:
    """Whether its values can be written as text."""
    return field.kind in _READ


def written(field: Field, value: Any) -> str:
    """What a person would type to get a value."""
    return "" if value is None else _WRITE[field.kind](value)
