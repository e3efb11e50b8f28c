"""The keys of a curve drawn by hand, as handles: anywhere in time, but where another key is, and in height anywhere."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lrdesigner.schedules.key_edits import bounded, move_key
from lrdesigner.schedules.keyframe_curve import colliding
from lrdesigner.schedules.keyframes import Keyframes
from lrdesigner.schedules.length import Span, resolve
from lrdesigner.schedules.shape import ShapeHandle


def key_handles(node: Any) -> tuple[ShapeHandle, ...]:
    """One for each key; those without effect lie nowhere."""
    return tuple(_key(index) for index in range(len(node.keys)))


@lru_cache(maxsize=64)
def _places(node: Keyframes, span: Span) -> tuple[int | None, ...]:
    hidden = set(colliding(node, span))
    return tuple(None if index in hidden else resolve(key.at, span) for index, key in enumerate(node.keys))


@lru_cache(maxsize=1024)
def _key(index: int) -> ShapeHandle:
    def place(node: Any, span: Span) -> int | None:
        places = _places(node, span)
        return places[index] if index < len(places) else None

    def step_fields(node: Any, span: Span, step: int) -> dict[str, Any]:
        return {"keys": move_key(node, span, index, step).keys}

    def value_fields(node: Any, span: Span, step: int, factor: float) -> dict[str, Any]:
        return {"keys": move_key(node, span, index, factor=bounded(node, factor)).keys}

    return ShapeHandle(
        name=f"key {index}", title=f"key {index + 1}", at=place, step=step_fields, value=value_fields, key=index
    )
