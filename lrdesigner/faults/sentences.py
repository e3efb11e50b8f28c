"""What is wrong with a plain value, as a sentence that names the field, the value and what is expected."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from lrdesigner.checked import check_bounds
from lrdesigner.errors import UserError
from lrdesigner.faults.hints import bare, hints_of, item_of, members, metas, structs, tag_of
from lrdesigner.faults.values import shown
from lrdesigner.schedules import Field, Length
from lrdesigner.schedules.feedback import FEEDBACK_TAGS, ONLY_WHOLE

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text", type(None): "null"}


def wrong_value(title: str, field: Field | None, value: Any, hint: Any, error: Exception) -> str:
    """Why `value` cannot stand in the field; `error` is what decoding it raised."""
    if field is not None and _is_number(value, hint):
        try:
            check_bounds(field, value)
        except UserError as broken:
            return str(broken)
    if isinstance(value, dict) and not isinstance(error, RecursionError):
        unknown = _unknown_tag(title, value, hint)
        if unknown:
            return unknown
    if error.__cause__ is not None:  # the type's own check
        return impossible(title, value, error)
    return f"{title} must be {expected(hint)}, not {shown(value)}."


def impossible(title: str, value: Any, error: Exception) -> str:
    """A value of the right kind that the type's own check refuses."""
    return f"{title} cannot be {shown(value)}: {reason(error)}"


def reason(error: Exception) -> str:
    """What a type's own check said."""
    return f"{error.__cause__ or error}".rstrip(".") + "."


def missing(name: str) -> str:
    """A field that has to be there."""
    return f'The field "{name}" is missing.'


def unknown_field(name: str, struct: type[Struct]) -> str:
    """A field that is not declared."""
    return f"There is no field {shown(name)} here; {_known(name, hints_of(struct))}"


def expected(hint: Any) -> str:
    """The kind of thing that may stand there: "a number", "one of steps, epochs, percent, rest"."""
    kinds = [member for member in members(hint) if bare(member) not in structs(hint)]
    words = [_kind(member) for member in kinds]
    found = structs(hint)
    if Length in found:
        words.append('a length such as {"value": 500, "unit": "steps"}')
    elif found and tag_of(found[0]):
        words.append(f'an object with one of these as its "{_tag_field(found[0])}": {", ".join(_tags(found))}')
    elif found:
        words.append(f"an object with {_listed(hints_of(found[0]))}")
    return " or ".join(words)


def _kind(hint: Any) -> str:
    plain = bare(hint)
    if typing.get_origin(plain) is typing.Literal:
        return f"one of {', '.join(map(str, typing.get_args(plain)))}"
    if item_of(hint) is not None or typing.get_origin(plain) in (tuple, list):
        return f"a list{_size(hint, 'items')}"
    if typing.get_origin(plain) is dict or plain is dict:
        return "an object"
    return f"{_WORDS.get(plain, 'of another kind')}{_size(hint, 'characters') if plain is str else ''}"


def _size(hint: Any, what: str) -> str:
    least = next((meta.min_length for meta in metas(hint) if meta.min_length is not None), None)
    most = next((meta.max_length for meta in metas(hint) if meta.max_length is not None), None)
    if least and most:
        return f" of {least} to {most} {what}"
    if most:
        return f" of at most {most} {what}"
    return f" of at least {least} {what}" if least else ""


def _is_number(value: Any, hint: Any) -> bool:
    numbers = any(bare(member) in (int, float) for member in members(hint))
    return numbers and isinstance(value, (int, float)) and not isinstance(value, bool)


def _unknown_tag(title: str, value: dict[str, Any], hint: Any) -> str:
    found = [struct for struct in structs(hint) if tag_of(struct)]
    if not found:
        return ""
    field, tags = _tag_field(found[0]), _tags(found)
    if field not in value:
        return f'{title} lacks its "{field}", which is one of {", ".join(tags)}.'
    if value[field] in tags:
        return ""
    if value[field] in FEEDBACK_TAGS:
        return f"{title}: {ONLY_WHOLE[:1].lower()}{ONLY_WHOLE[1:]}"
    return f"{title}: there is no {field} {shown(value[field])}; {_known(value[field], tags)}"


def _known(name: Any, names: Iterable[str]) -> str:
    near = get_close_matches(name[:100], list(names), 1) if isinstance(name, str) else []
    return f"did you mean {near[0]}?" if near else f"there is {_listed(names)}."


def _tag_field(struct: type[Struct]) -> str:
    return str(struct.__struct_config__.tag_field)


def _tags(found: list[type[Struct]]) -> list[str]:
    return [str(struct.__struct_config__.tag) for struct in found]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
