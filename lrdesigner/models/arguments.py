"""Keyword arguments and inputs of a model, as a person types them."""

from __future__ import annotations

import json
import keyword
import math
from typing import Any

from lrdesigner.errors import UserError
from lrdesigner.model_inputs import Inputs, described_inputs
from lrdesigner.models.base import is_unicode

_MOST_DIGITS = 30


def parse_kwargs(text: str) -> dict[str, Any]:
    """The keyword arguments that a person gave as JSON; raises `UserError`."""
    value = _json(text, "arguments")
    if not isinstance(value, dict) or not all(key.isidentifier() and not keyword.iskeyword(key) for key in value):
        raise UserError('The arguments must be a JSON object with argument names as keys, such as {"depth": 12}.')
    return value


def parse_inputs(text: str) -> Inputs:
    """The inputs of a model that a person described as JSON: a list, or an object for keyword arguments.

    Each is a shape, or a dtype with a shape (see `described_inputs`). "" is no input at all. Raises `UserError`.

    >>> parse_inputs('{"input_ids": ["int64", [1, 16]]}')
    {'input_ids': ['int64', [1, 16]]}
    """
    if not text.strip():
        return []
    value = _json(text, "inputs")
    if not isinstance(value, list | dict) or not value:
        raise UserError("The inputs must be a JSON list of shapes, such as [[1, 3, 224, 224]].")
    described_inputs(value)
    return value


def _json(text: str, what: str) -> Any:
    def refuse(constant: str) -> None:
        raise UserError(f"The {what} hold {constant}, which JSON does not know; give a finite number.")

    try:
        value = json.loads(text, parse_constant=refuse, parse_float=_finite, parse_int=_whole)
        plain = is_unicode(json.dumps(value, ensure_ascii=False))
    except json.JSONDecodeError as error:
        raise UserError(f"The {what} are not JSON: {error.msg} at character {error.pos + 1}.") from None
    except RecursionError:
        raise UserError(f"The {what} are nested too deeply.") from None
    if not plain:
        raise UserError(f"The {what} hold text that is not valid Unicode.")
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UserError(f"{text} is larger than any number of a computer; give a smaller one.")
    return value


def _whole(text: str) -> int:
    value = int(text) if len(text) < _MOST_DIGITS else None
    if value is None or not -(1 << 63) <= value < 1 << 64:
        raise UserError(f"{text[:40]} has more than 64 bits; give a smaller number.")
    return value
