"""Edits of several keys of a curve at once, as pure functions of a node and its span.

Keys keep their places in the list whatever their order in time becomes, so that an index goes on meaning the same key;
only `remove_keys` renumbers.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import Literal

from msgspec.structs import replace

from lrdesigner.errors import UserError
from lrdesigner.schedules.key_edits import bounded, carried, in_time
from lrdesigner.schedules.keyframes import Interpolation, Keyframe, Keyframes
from lrdesigner.schedules.length import Span, length_like, resolve

Places = Mapping[int, tuple[int, float]]
"""For keys by index: the local step, and the factor."""


def put_keys(node: Keyframes, span: Span, places: Places, last: int | None = None) -> Keyframes:
    """With these keys at other steps and factors; the very same node where they are there already.

    They may pass other keys, moved or not. No two share a step: a key gives way to those that stay, and the moved ones
    keep their order. Each keeps the unit of its time, and takes along the control points on both sides of it. A factor
    that cannot be becomes the nearest that can, one that is no number changes nothing. `last`: no key is put beyond.

    >>> from lrdesigner.schedules import Keyframe, Keyframes, Length, Span
    >>> node = Keyframes((Keyframe(Length(0, "steps"), 1.0), Keyframe(Length(50, "percent"), 0.5)))
    >>> [str(key.at) for key in put_keys(node, Span(200, 200, 20), {1: (0, 0.5)}).keys]
    ['0 steps', '0.5%']
    """
    steps, keys = _free_steps(node, span, places, last), list(node.keys)
    before = in_time(node, span)
    arriving = _arriving(node, before)
    for index, (_, factor) in places.items():
        key, factor = keys[index], bounded(node, factor) if math.isfinite(factor) else keys[index].value
        if factor != key.value:
            arriving[index] = carried(node, arriving.get(index), key.value, factor)
            key = replace(key, value=factor, leave=carried(node, key.leave, key.value, factor))
        if steps[index] != resolve(key.at, span):
            key = replace(key, at=length_like(key.at, steps[index], span))
        keys[index] = key
    moved = replace(node, keys=tuple(keys))
    moved = _with_arriving(moved, before, in_time(moved, span), arriving)
    return moved if moved.keys != node.keys else node


def remove_keys(node: Keyframes, span: Span, indices: Collection[int]) -> Keyframes:
    """Without these keys; raises `UserError` where none would be left. Where beziers meet, the outer control stays."""
    gone = set(indices) & set(range(len(node.keys)))
    if not gone:
        return node
    if len(gone) == len(node.keys):
        raise UserError("A curve needs at least one key.")
    keys, order = list(node.keys), in_time(node, span)
    kept: int | None = None
    for index in order:
        if index not in gone:
            kept = index
        elif kept is not None and keys[kept].then == keys[index].then == "bezier":
            keys[kept] = replace(keys[kept], arrive=keys[index].arrive)
    return replace(node, keys=tuple(key for index, key in enumerate(keys) if index not in gone))


def set_interpolation(node: Keyframes, indices: Iterable[int], then: Interpolation) -> Keyframes:
    """With the stretches after these keys drawn in this way; their control points are kept, also unused."""
    keys = list(node.keys)
    for index in indices:
        keys[index] = replace(keys[index], then=then)
    return replace(node, keys=tuple(keys)) if tuple(keys) != node.keys else node


def equal_to_neighbour(node: Keyframes, span: Span, indices: Collection[int], direction: Literal[-1, 1]) -> Keyframes:
    """With each of these keys at the factor of the nearest one before (-1) or after (+1) that is not one of them."""
    order = in_time(node, span)
    steps = {index: resolve(node.keys[index].at, span) for index in order}
    places: dict[int, tuple[int, float]] = {}
    factor: float | None = None
    for index in order if direction < 0 else reversed(order):
        if index not in indices:
            factor = node.keys[index].value
        elif factor is not None:
            places[index] = steps[index], factor
    return put_keys(node, span, places)


def _free_steps(node: Keyframes, span: Span, places: Places, last: int | None) -> dict[int, int]:
    """For each key a step near the wanted one that no other key has, in the order in which they were wanted."""
    at = [resolve(key.at, span) for key in node.keys]
    live = set(in_time(node, span))
    found = {index: at[index] for index, (step, _) in places.items() if step == at[index] and index in live}
    taken = {step for index, step in enumerate(at) if index not in places} | set(found.values())
    movers = sorted((max(step, 0), at[index], index) for index, (step, _) in places.items() if index not in found)
    before = -1
    for wanted, now, index in movers:
        before = found[index] = _nearest_free(wanted, 1 if now > wanted else -1, before, taken)
    return found if last is None else _within(found, [index for _, _, index in movers], taken, last)


def _nearest_free(wanted: int, side: int, after: int, taken: Collection[int]) -> int:
    """The step above `after` nearest to `wanted` that is not taken; of two as near, the one towards `side`."""
    by = max(after + 1 - wanted, 0)
    while True:
        for step in (wanted + side * by, wanted - side * by):
            if step > after and step not in taken:
                return step
        by += 1


def _within(found: dict[int, int], order: list[int], taken: set[int], last: int) -> dict[int, int]:
    """The same with what lies beyond `last` pushed back before it, if there is room."""
    pushed, limit = dict(found), last
    for index in reversed(order):
        step = min(pushed[index], limit)
        while step in taken:
            step -= 1
        if step < 0:
            return found
        pushed[index], limit = step, step - 1
    return pushed


def _arriving(node: Keyframes, order: list[int]) -> dict[int, float | None]:
    """For each key but the first in time its control point on the side of the key before."""
    return {after: node.keys[before].arrive for before, after in pairwise(order)}


def _with_arriving(
    node: Keyframes, before: list[int], order: list[int], arriving: Mapping[int, float | None]
) -> Keyframes:
    """With each key's control point handed to the key that now comes before it."""
    keys: list[Keyframe] = list(node.keys)
    for index, after in pairwise(order):
        keys[index] = replace(keys[index], arrive=arriving.get(after))
    if order[-1] != before[-1]:
        keys[order[-1]] = replace(keys[order[-1]], arrive=None)
    return replace(node, keys=tuple(keys))
