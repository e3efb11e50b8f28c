"""Which keys of a curve a wish such as "all from here on" means, as places in the list of keys."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from lrdesigner.schedules.key_edits import in_time
from lrdesigner.schedules.keyframes import Keyframes
from lrdesigner.schedules.length import Span

Indices = tuple[int, ...]


def onwards(node: Keyframes, span: Span, index: int, direction: Literal[-1, 1]) -> Indices:
    """A key and every one after (+1) or before (-1) it in time; the key itself comes last, as the active one."""
    order = in_time(node, span)
    if index not in order:
        return (index,)
    place = order.index(index)
    return tuple(reversed(order[place:])) if direction > 0 else tuple(order[: place + 1])


def neighbour(node: Keyframes, span: Span, index: int, direction: Literal[-1, 1]) -> int | None:
    """The key after (+1) or before (-1) one in time; None beyond the ends."""
    order = in_time(node, span)
    place = order.index(index) + direction if index in order else -1
    return order[place] if 0 <= place < len(order) else None


def joined(node: Keyframes, span: Span, indices: Collection[int]) -> Indices:
    """The keys to which a line, smooth curve or bezier leads from some of them: a hold ends the way.

    >>> from lrdesigner.schedules import Keyframe, Length
    >>> at = [Length(10.0 * n, "steps") for n in range(4)]
    >>> node = Keyframes((Keyframe(at[0], 0.1), Keyframe(at[1], 1, "hold"), Keyframe(at[2], 0.5), Keyframe(at[3], 0)))
    >>> joined(node, Span(450, 450, 45), [3])
    (2, 3)
    """
    runs: list[list[int]] = [[]]
    for index in in_time(node, span):
        runs[-1].append(index)
        if node.keys[index].then == "hold":
            runs.append([])
    return tuple(index for run in runs if not set(run).isdisjoint(indices) for index in run)


def others(node: Keyframes, span: Span, indices: Collection[int]) -> Indices:
    """The keys that count and are not among these, in order of time."""
    return tuple(index for index in in_time(node, span) if index not in indices)
