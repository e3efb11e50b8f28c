"""Changing a field of a frozen value with its declared bounds enforced, in words a person can act on."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from lrdesigner.errors import UserError
from lrdesigner.numbers import exact
from lrdesigner.schedules.feedback import FEEDBACK_TAGS, ONLY_WHOLE
from lrdesigner.schedules.fields import Field, fields_of
from lrdesigner.schedules.level import Absolute

S = TypeVar("S", bound=msgspec.Struct)


def replaced(value: S, /, **changes: Any) -> S:
    """`value` with some fields changed, or `value` itself when they already hold; raises `UserError` out of bounds."""
    if all(_same(getattr(value, name), new) for name, new in changes.items()):
        return value
    for name, new in changes.items():
        check_bounds(next(field for field in fields_of(type(value)) if field.name == name), new)
    changed = msgspec.structs.replace(value, **changes)
    try:
        checked = msgspec.convert(msgspec.to_builtins(changed), type(value))
    except msgspec.ValidationError as error:
        steered = any(f"Invalid value {tag!r}" in str(error) for tag in FEEDBACK_TAGS)
        raise UserError(ONLY_WHOLE if steered else _told(type(value), changes, error)) from None
    # Of the checked copy only what changed, so that 1 becomes 1.0 and the parts that stay keep their identity.
    return msgspec.structs.replace(value, **{name: getattr(checked, name) for name in changes})


def check_bounds(field: Field, value: Any) -> None:
    """Raise `UserError` naming the field, the value and the bound it breaks."""
    if isinstance(value, Absolute):
        value = value.absolute
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return
    broken = None
    if value != value:
        broken = "must be a number"
    elif field.minimum is not None and value < field.minimum:
        broken = f"must be at least {exact(field.minimum)}"
    elif field.above is not None and value <= field.above:
        broken = f"must be above {exact(field.above)}"
    elif field.maximum is not None and value > field.maximum:
        broken = f"must be at most {exact(field.maximum)}"
    elif field.below is not None and value >= field.below:
        broken = f"must be below {exact(field.below)}"
    if broken:
        raise UserError(f"{field.title} {broken}, not {exact(value)}.")


def _told(struct: type[msgspec.Struct], changes: dict[str, Any], error: Exception) -> str:
    """A sentence about the first of the changes that cannot be."""
    from lrdesigner.faults.hints import fault_of, hints_of  # only when something is wrong
    from lrdesigner.faults.sentences import wrong_value

    for field in fields_of(struct):
        if field.name in changes:
            plain, hint = msgspec.to_builtins(changes[field.name]), hints_of(struct)[field.name]
            fault = fault_of(plain, hint)
            if fault is not None:
                return wrong_value(field.title, field, plain, hint, fault)
    return f"{error}."


def _same(old: Any, new: Any) -> bool:
    return old is new or (type(old) is type(new) and bool(old == new))
