"""What the annotations of the document's types say, as far as mending a file needs it."""

from __future__ import annotations

import types
import typing
from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET, Meta, Struct

from lrdesigner.schedules import Length

VALUES: tuple[type[Struct], ...] = (Length,)
"""Structs that people see as one value: with a fault in it, all of it is replaced."""


def fault_of(value: Any, hint: Any) -> Exception | None:
    """What decoding a plain value raises; None when it is fine."""
    try:
        msgspec.convert(value, hint)
    except (msgspec.ValidationError, RecursionError) as error:
        return error
    return None


@cache
def hints_of(struct: type[Struct]) -> dict[str, Any]:
    """The annotation of each field, with its bounds."""
    hints = typing.get_type_hints(struct, include_extras=True)
    return {name: hints[name] for name in struct.__struct_fields__}


@cache
def defaults_of(struct: type[Struct]) -> dict[str, Any]:
    """The plain value of each field's default; `UNSET` where it has none."""
    found: dict[str, Any] = {}
    for info in msgspec.structs.fields(struct):
        default: Any = info.default
        if info.default_factory is not msgspec.NODEFAULT:
            default = info.default_factory()
        found[info.name] = UNSET if default is msgspec.NODEFAULT else msgspec.to_builtins(default)
    return found


def tag_of(struct: type[Struct]) -> dict[str, Any]:
    """The entry by which a file names this struct; nothing when it is not one of several."""
    config = struct.__struct_config__
    return {} if config.tag_field is None else {config.tag_field: config.tag}


def bare(hint: Any) -> Any:
    """The type without its annotations."""
    return typing.get_args(hint)[0] if hasattr(hint, "__metadata__") else hint


def metas(hint: Any) -> list[Meta]:
    """The annotations of a type."""
    return [part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Meta)]


def members(hint: Any) -> tuple[Any, ...]:
    """The alternatives of a union, or the type itself."""
    plain = bare(hint)
    if isinstance(plain, types.UnionType) or typing.get_origin(plain) is typing.Union:
        return tuple(member for part in typing.get_args(plain) for member in members(part))
    return (hint,)


def structs(hint: Any) -> list[type[Struct]]:
    """The structs among the alternatives."""
    plain = [bare(member) for member in members(hint)]
    return [member for member in plain if isinstance(member, type) and issubclass(member, Struct)]


def struct_for(value: Any, hint: Any) -> type[Struct] | None:
    """The struct that a plain value is meant to be, if that can be told and its fields can be mended one by one."""
    if not isinstance(value, dict):
        return None
    alone = len(members(hint)) == 1
    for struct in structs(hint):
        tag, known = tag_of(struct), hints_of(struct)
        if struct in VALUES:
            continue
        if all(value.get(key) == name for key, name in tag.items()) if tag else alone or any(map(known.get, value)):
            return struct
    return None


def item_of(hint: Any) -> Any:
    """The type of a list's items; None when it is no list of any length."""
    for member in members(hint):
        plain = bare(member)
        arguments = typing.get_args(plain)
        if typing.get_origin(plain) is list or (typing.get_origin(plain) is tuple and arguments[1:] == (...,)):
            return arguments[0]
    return None


def spare_of(hint: Any, around: frozenset[type[Struct]] = frozenset()) -> Any:
    """The plain value to take where nothing usable stands and no default is declared; `UNSET` if there is none.

    The first alternative that can be made without being told anything: a constant schedule, a segment with one.
    `around` are the structs that wait for it.
    """
    found = [struct for struct in structs(hint) if struct not in VALUES and struct not in around]
    for struct in sorted(found, key=lambda struct: UNSET in defaults_of(struct).values()):
        made = tag_of(struct)
        for name, default in defaults_of(struct).items():
            if default is UNSET:
                made[name] = spare_of(hints_of(struct)[name], around | {struct})
        if UNSET not in made.values():
            return msgspec.to_builtins(msgspec.convert(made, struct))
    return UNSET


def item_spare(hint: Any) -> Any:
    """The plain value to take for an item of a list; `UNSET` where the list is better off without it.

    A segment or a factor leaves a constant behind, so that those after it keep their places. What means something
    even if nothing is said about it, as a freeze does, must not appear from nowhere.
    """
    speaking = [struct for struct in structs(hint) if not tag_of(struct) and UNSET not in defaults_of(struct).values()]
    return UNSET if speaking else spare_of(hint)
