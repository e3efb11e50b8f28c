"""The beginning of a shape as a shape of its own, which runs over fewer steps and draws the same curve there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec.structs import replace

from lrdesigner.schedules.composites import Clamp, Product, Segment, Sequence
from lrdesigner.schedules.length import Length, Span, in_unit
from lrdesigner.schedules.registry import shape_of
from lrdesigner.schedules.shape import Steps

_EVERY_STEP = 4096
"""Up to so many steps all are compared; of more some, and the corners."""


def first_part(node: Any, span: Span, first: int, end: int) -> Any:
    """What draws, over `end` steps, what the node draws from local step `first` to `end` over `span`.

    The node itself where its curve does not depend on how long it runs; else with that length written into the fields
    that were `rest`; else as the only segment, of that length, of a sequence that is cut off.
    """
    shorter = replace(span, steps=end)
    steps = _looks(node, span, first, end)
    wanted = shape_of(node).behaviour.evaluate(node, steps, span)
    for candidate in _candidates(node, span):
        drawn = shape_of(candidate).behaviour.evaluate(candidate, steps, shorter)
        if np.array_equal(drawn, wanted, equal_nan=True):
            return candidate
    return Sequence((Segment(node, _whole(span)),))


def _candidates(node: Any, span: Span) -> Iterator[Any]:
    yield node
    lasting = with_length(node, _whole(span))
    if lasting is not node:
        yield lasting


def with_length(node: Any, length: Length) -> Any:
    """The node with a length in place of every `rest` that means all of its own time.

    >>> from lrdesigner.schedules import Cosine
    >>> str(with_length(Cosine(), Length(2, "epochs")).length)
    '2 epochs'
    """
    fields = {name: getattr(node, name) for name in node.__struct_fields__}
    rests = {name: length for name, field in fields.items() if isinstance(field, Length) and field.unit == "rest"}
    changed = replace(node, **rests) if rests else node
    if isinstance(node, Product | Clamp):  # of which each part runs as long as the whole
        shape = shape_of(node)
        for index, child in enumerate(shape.children(node)):
            lasting = with_length(child, length)
            changed = changed if lasting is child else shape.with_child(changed, index, lasting)
    return changed


def _whole(span: Span) -> Length:
    return in_unit(span.steps, "steps" if span.steps % span.steps_per_epoch else "epochs", span)


def _looks(node: Any, span: Span, first: int, end: int) -> Steps:
    if end - first <= _EVERY_STEP:
        return np.arange(first, end, dtype=np.int64)
    corners = np.asarray(shape_of(node).breaks(node, span).listed(first, end - 1, _EVERY_STEP), dtype=np.int64)
    even = np.linspace(first, end - 1, _EVERY_STEP).astype(np.int64)
    found = np.unique(np.concatenate([even, corners, corners - 1]))
    return found[(found >= first) & (found < end)]
