"""What a person types into the fields of a trial, read as the values of `TrialOptions`."""

from __future__ import annotations

import math
import re
from pathlib import Path

from lrdesigner.errors import UserError
from lrdesigner.numbers import parse_number
from lrdesigner.schedules import Span, parse_length, resolve

_MOST_STEPS = 10**9
_MOST_SECONDS = 10**7
_SEPARATORS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
"""Commas between thousands."""
_TIME = re.compile(
    r"(?P<amount>.*[^a-z\s])\s*(?P<unit>s|sec(?:onds?)?|min(?:utes?)?|h|hours?)", re.IGNORECASE | re.DOTALL
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def budget_typed(text: str, span: Span) -> tuple[int | None, float | None]:
    """The steps or the seconds that a budget field asks for; both None for the whole plan; raises `UserError`.

    Here "90 s" are seconds.

    >>> budget_typed("2 min", Span(450, 450, 45)), budget_typed("2 epochs", Span(450, 450, 45))
    ((None, 120.0), (90, None))
    """
    found = _TIME.fullmatch(_SEPARATORS.sub("", text.strip()))
    if found is None:
        return steps_typed(text, span), None
    seconds = parse_number(found["amount"]) * _SECONDS[found["unit"][0].lower()]
    if not 0 < seconds <= _MOST_SECONDS:
        raise UserError(f"The budget {text.strip()!r} must be more than no time and at most {_MOST_SECONDS:,} s.")
    return None, seconds


def steps_typed(text: str, span: Span) -> int | None:
    """As for any length of the plan; None for all of it; raises `UserError`."""
    if not text.strip():
        return None
    length = parse_length(_SEPARATORS.sub("", text))
    if length.unit == "rest":
        return None
    steps = resolve(length, span)
    if steps < 1:
        raise UserError("A trial needs at least 1 step.")
    return min(steps, _MOST_STEPS)


def whole_typed(text: str, name: str, low: int, high: int) -> int:
    """A whole number in bounds, as "1,000" or "2^10"; raises `UserError` with the name of the field."""
    value = _number(_SEPARATORS.sub("", text), name)
    if value != math.floor(value) or not low <= value <= high:
        raise UserError(f"{name} must be a whole number between {low:,} and {high:,}, not {text.strip()!r}.")
    return int(value)


def clip_typed(text: str) -> float | None:
    """The largest gradient norm; None where the field is empty; raises `UserError`."""
    if not text.strip():
        return None
    value = _number(text, "The largest gradient norm")
    if not 0 < value <= 1e12:
        raise UserError(f"The largest gradient norm must be above 0, not {text.strip()!r}.")
    return value


def function_typed(text: str) -> str:
    """FILE.py:FUNCTION of a file that exists; raises `UserError`."""
    file, _, function = text.strip().rpartition(":")
    if not file.endswith(".py") or not function.isidentifier():
        raise UserError(f"The data function is written FILE.py:FUNCTION, not {text.strip()!r}.")
    if not Path(file).is_file():
        raise UserError(f"The file {file} of the data function does not exist.")
    return text.strip()


def multiplier_typed(text: str, name: str) -> float:
    """What planned rates may be multiplied by; raises `UserError` with the name of the field."""
    value = parse_number(text)
    if not 0 < value <= 1e12:
        raise UserError(f"{name} must be above 0 and at most 1e12, not {text.strip()!r}.")
    return value


def _number(text: str, name: str) -> float:
    try:
        return parse_number(text)
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
