"""The keys of a curve drawn by hand, as handles: in time between their neighbours, in height anywhere."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from lrdesigner.schedules.key_edits import move_key
from lrdesigner.schedules.keyframes import LEAST_IN_LOG, MOST_VALUE
from lrdesigner.schedules.length import Span, length_like, resolve
from lrdesigner.schedules.shape import ShapeHandle

_FAR = 2**53


def key_handles(node: Any) -> tuple[ShapeHandle, ...]:
    """One for each key."""
    return tuple(_key(index) for index in range(len(node.keys)))


def _key(index: int) -> ShapeHandle:
    def place(node: Any, span: Span) -> int | None:
        return resolve(node.keys[index].at, span) if index < len(node.keys) else None

    def step_fields(node: Any, span: Span, step: int) -> dict[str, Any]:
        key, at = node.keys[index], [resolve(key.at, span) for key in node.keys]
        # In time: in the list they may stand in any order.
        low = max((other + 1 for other in at if other < at[index]), default=0)
        high = min((other - 1 for other in at if other > at[index]), default=_FAR)
        return _with(node, index, replace(key, at=length_like(key.at, min(max(step, low), high), span)))

    def value_fields(node: Any, span: Span, step: int, factor: float) -> dict[str, Any]:
        least = LEAST_IN_LOG if node.space == "log" else 0.0
        return {"keys": move_key(node, span, index, factor=min(max(factor, least), MOST_VALUE)).keys}

    return ShapeHandle(name=f"key {index}", title=f"key {index + 1}", at=place, step=step_fields, value=value_fields)


def _with(node: Any, index: int, key: Any) -> dict[str, Any]:
    return {"keys": (*node.keys[:index], key, *node.keys[index + 1 :])}
