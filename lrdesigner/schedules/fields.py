"""The fields of a struct as forms, files and help see them: read from its annotations."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from lrdesigner.schedules.length import Length
from lrdesigner.schedules.level import Absolute

Kind = typing.Literal[
    "number", "integer", "switch", "choice", "length", "lengths", "level", "formula", "keys", "trace",
    "schedule", "schedules", "segments", "text", "query", "options", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a shape, of an optimizer's options or of the plan. `unit` is what a value of it counts.

    An `optional` one may have no value, None.
    """

    name: str
    title: str
    kind: Kind
    help: str
    default: Any
    unit: str = ""
    choices: tuple[str, ...] = ()
    optional: bool = False
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None


_KINDS: dict[Any, Kind] = {Length: "length", float: "number", int: "integer", bool: "switch", str: "formula"}
_UNITS = {"length": "steps, epochs or %", "lengths": "steps, epochs or %", "level": "× base, or absolute"}


@cache
def fields_of(struct: type[Struct]) -> tuple[Field, ...]:
    """The fields of a struct, read from its annotations: `Annotated[float, Meta(title=..., ge=...)]`.

    `Meta(extra={"unit": ..., "kind": ...})` names what cannot be read off the type.
    """
    hints = typing.get_type_hints(struct, include_extras=True)
    return tuple(_field(info, hints[info.name]) for info in msgspec.structs.fields(struct))


def _field(info: msgspec.structs.FieldInfo, hint: Any) -> Field:
    plain, metas = _unwrapped(hint)

    def said(attribute: str) -> Any:
        return next((value for meta in reversed(metas) if (value := getattr(meta, attribute)) is not None), None)

    extra: dict[str, Any] = {}
    for meta in metas:
        extra |= meta.extra or {}
    default = info.default if info.default is not msgspec.NODEFAULT else None
    if info.default_factory is not msgspec.NODEFAULT:
        default = info.default_factory()
    kind = extra.get("kind") or _kind(plain)
    return Field(
        name=info.name,
        title=said("title") or info.name.replace("_", " ").capitalize(),
        kind=kind,
        help=said("description") or "",
        default=default,
        unit=extra.get("unit") or _UNITS.get(kind, ""),
        choices=_choices(plain) if kind == "choice" else (),
        optional=types.NoneType in typing.get_args(plain),
        minimum=said("ge"),
        above=said("gt"),
        maximum=said("le"),
        below=said("lt"),
    )


def _unwrapped(hint: Any) -> tuple[Any, list[msgspec.Meta]]:
    """The type without its annotations, and these: of a union those of its numbers too."""
    metas: list[msgspec.Meta] = []
    plain = hint
    if hasattr(hint, "__metadata__"):
        # An annotated alias that is annotated again carries several; the outermost one that says something counts.
        plain = typing.get_args(hint)[0]
        metas = [part for part in hint.__metadata__ if isinstance(part, msgspec.Meta)]
    if isinstance(plain, types.UnionType) or typing.get_origin(plain) is typing.Union:
        for member in typing.get_args(plain):
            if hasattr(member, "__metadata__"):
                metas = [*_unwrapped(member)[1], *metas]
    return plain, metas


def _choices(plain: Any) -> tuple[str, ...]:
    """The words of a Literal, alone or among the members of a union."""
    found = plain if typing.get_origin(plain) is typing.Literal else _literal_in(plain)
    return typing.get_args(found)


def _literal_in(plain: Any) -> Any:
    return next((part for part in typing.get_args(plain) if typing.get_origin(part) is typing.Literal), None)


def _kind(plain: Any) -> Kind:
    found = _KINDS.get(plain)
    if found is not None:
        return found
    arguments = [_unwrapped(part)[0] for part in typing.get_args(plain)]
    if typing.get_origin(plain) is typing.Literal or _literal_in(plain) is not None:
        return "choice"
    if arguments == [bool, types.NoneType]:
        return "switch"
    if Absolute in arguments:
        return "level"
    if int in arguments:
        return "integer"
    if float in arguments:
        return "number"
    if Length in arguments:
        return "lengths"
    return "other"
