"""Keyword arguments of a class or factory, as a person types them."""

from __future__ import annotations

import json
import keyword
from typing import Any

from lrdesigner.errors import UserError


def parse_kwargs(text: str) -> dict[str, Any]:
    """The keyword arguments that a person gave as JSON; raises `UserError`."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise UserError(f"The arguments are not JSON: {error.msg} at character {error.pos + 1}.") from None
    if not isinstance(value, dict) or not all(key.isidentifier() and not keyword.iskeyword(key) for key in value):
        raise UserError('The arguments must be a JSON object with argument names as keys, such as {"depth": 12}.')
    return value


def _refuse(constant: str) -> None:
    raise UserError(f"The arguments hold {constant}, which JSON does not know; give a finite number.")
