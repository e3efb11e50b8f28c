"""Plain JSON values as sentences show them."""

from __future__ import annotations

from typing import Any

import msgspec

from lrdesigner.numbers import exact
from lrdesigner.schedules.length import Length

LONGEST = 60
"""Characters of a value in a sentence; what is longer is cut."""


def shown(value: Any) -> str:
    """A value in few words: numbers as people write them, schedules and options by their name, the rest as JSON.

    >>> shown(0.0001), shown("a"), shown({"shape": "linear", "start": 0.1}), shown({"value": 5, "unit": "epochs"})
    ('1e-4', '"a"', 'linear', '5 epochs')
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return exact(value)
    if isinstance(value, dict):
        name = value.get("shape", value.get("optimizer"))
        if isinstance(name, str) and len(name) < LONGEST:
            return name
        length = _length(value)
        if length:
            return length
    return _cut(value)


def _length(value: dict[str, Any]) -> str:
    if value.keys() != {"value", "unit"}:
        return ""
    try:
        return str(msgspec.convert(value, Length))
    except msgspec.ValidationError:
        return ""


def _cut(value: Any) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except RecursionError:
        return "what is nested too deeply"
    if len(text) <= LONGEST:
        return text
    return f"{len(value)} items" if isinstance(value, list) else f"{text[:LONGEST]}…"
