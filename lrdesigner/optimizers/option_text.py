"""Free options as people type them: keyword arguments, as in code, or a JSON object."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import msgspec

from lrdesigner.errors import UserError

LONGEST = 4000
"""Characters of a text of options."""

_EXAMPLE = "such as betas=(0.9, 0.99), weight_decay=0.1"


def options_text(options: Mapping[str, Any]) -> str:
    """The options as keyword arguments.

    >>> options_text({"betas": [0.9, 0.99], "nesterov": True})
    'betas=(0.9, 0.99), nesterov=True'
    """
    return ", ".join(f"{name}={_literal(value)}" for name, value in options.items())


def read_options(text: str) -> dict[str, Any]:
    """The options in a text; raises `UserError` for anything but literal values, one for each name.

    >>> read_options('betas=(0.9, 0.99), mode="fast"') == read_options('{"betas": [0.9, 0.99], "mode": "fast"}')
    True
    """
    if len(text) > LONGEST:
        raise UserError(f"write at most {LONGEST:,} characters of options.")
    found = _json(text) if text.lstrip().startswith("{") else _keywords(text)
    for name, value in found.items():
        if any(not _plain(part) for part in (value if isinstance(value, list) else [value])):
            raise UserError(f"{name} must be a number, True or False, text, None, or a flat list of these.")
    return found


def _json(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise UserError('the JSON cannot be read; write {"name": value}, with a comma between several.') from None
    return dict(found)


def _keywords(text: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"f({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UserError(f"the options cannot be read; write name=value, {_EXAMPLE}.") from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
        raise UserError(f"each option needs a name, {_EXAMPLE}.")
    found: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise UserError(f"write the options one by one, {_EXAMPLE}.")
        found[keyword.arg] = _value(keyword.arg, keyword.value)
    return found


def _value(name: str, node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise UserError(f"the value of {name} must be written out, {_EXAMPLE}.") from None
    return list(value) if isinstance(value, tuple) else value


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _literal(value: Any) -> str:
    return repr(tuple(value)) if isinstance(value, list) else repr(value)
