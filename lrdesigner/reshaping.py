"""Another shape for a node that keeps what both know."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lrdesigner.checked import replaced
from lrdesigner.errors import UserError
from lrdesigner.schedules import (
    Clamp,
    Constant,
    Product,
    Repeat,
    Segment,
    Sequence,
    default_node,
    fields_of,
    shape_named,
    shape_of,
)


def reshaped(node: Any, tag: str) -> Any:
    """A node of the shape `tag` with what was set in `node`, as far as it has such fields; a node of that shape itself.

    A composite takes the node, or the parts of another composite, as its own.

    >>> from lrdesigner.schedules import Cosine, Rex
    >>> reshaped(Cosine(floor=0.1), "rex") == Rex(floor=0.1)
    True
    """
    shape = shape_named(tag)
    if shape_of(node).tag == tag:
        return node
    if shape.family == "composition":
        return _composed(node, tag)
    return _carried(node, default_node(shape))


def _carried(old: Struct, new: Struct) -> Any:
    """`new` with each field of `old` that it has too, unless nobody set it or the shape does not allow the value."""
    theirs = {field.name: field for field in fields_of(type(old))}
    for field in fields_of(type(new)):
        twin = theirs.get(field.name)
        if twin is None or (twin.kind, twin.choices) != (field.kind, field.choices):
            continue
        if getattr(old, field.name) == twin.default:
            continue
        try:
            new = replaced(new, **{field.name: getattr(old, field.name)})
        except UserError:
            continue
    return new


def _composed(old: Any, tag: str) -> Any:
    default = default_node(shape_named(tag))
    if shape_of(old).family == "feedback" or old == Constant():  # nothing to keep
        return default
    parts = shape_of(old).children(old)
    match default:
        case Repeat() | Clamp():
            made = replace(default, schedule=parts[0] if parts else old)
            return _carried(old, made) if len(parts) == 1 else made
        case Product(factors=(warm_up, *_)):
            return Product(parts or (warm_up, old))
        case Sequence(segments=(warm_up, *_)):
            return Sequence(tuple(Segment(part) for part in parts) or (warm_up, Segment(old)))
    raise TypeError(tag)
