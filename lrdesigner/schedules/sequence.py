"""How schedules act one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from msgspec.structs import replace

from lrdesigner.expressions.emit import number
from lrdesigner.schedules.boundaries import boundary_handles
from lrdesigner.schedules.breaks import FOR_EVER, Breaks, joined
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.composites import Product, Sequence, children_of
from lrdesigner.schedules.cyclic import Cyclic
from lrdesigner.schedules.length import Span, resolve
from lrdesigner.schedules.multiplicative import Multiplicative
from lrdesigner.schedules.one_cycle import OneCycle
from lrdesigner.schedules.ramps import Anneal
from lrdesigner.schedules.shape import Factors, Part, Shape, Steps


def segment_starts(node: Sequence, span: Span) -> list[int]:
    """Local step at which each segment starts, and at which the last one ends: one more than there are segments."""
    fixed = [None if s.length.unit == "rest" else resolve(s.length, span) for s in node.segments]
    rests = fixed.count(None)
    left = max(span.steps - sum(length or 0 for length in fixed), 0)
    starts, given = [0], 0
    for length in fixed:
        if length is None:
            given += 1
            length = left * given // rests - left * (given - 1) // rests
        starts.append(starts[-1] + length)
    return starts


def _parts(node: Sequence, span: Span) -> tuple[Part, ...]:
    """Each segment that is not empty; the last one acts for ever."""
    return tuple(_each_part(node, span))


def _each_part(node: Sequence, span: Span) -> Iterator[Part]:
    starts = segment_starts(node, span)
    last = len(node.segments) - 1
    for index, (segment, (start, end)) in enumerate(zip(node.segments, pairwise(starts), strict=True)):
        if end > start or index == last:
            skip = resolve(segment.skip, span)
            yield Part(
                index=index,
                schedule=segment.schedule,
                span=span.part(end - start + skip, ahead=skip),
                origin=start - skip,
                first=start,
                end=FOR_EVER if index == last else end,
            )


def evaluate_parts(parts: tuple[Part, ...], steps: Steps) -> Factors:
    """Each part asked about its own steps only; before the first and past the last one these go on."""
    from lrdesigner.schedules.registry import shape_of

    factors = np.empty(steps.shape, dtype=np.float64)
    ends = [part.end for part in parts[:-1]]
    if steps.ndim == 1 and (steps[1:] >= steps[:-1]).all():  # as plots and whole runs ask: slices, no masks
        cuts = [0, *np.searchsorted(steps, ends, side="left").tolist(), len(steps)]
        chosen: Any = [slice(a, b) for a, b in pairwise(cuts)]
    else:
        which = np.searchsorted(np.array(ends, dtype=np.int64), steps, side="right")
        chosen = [which == index for index in range(len(parts))]
    for part, here in zip(parts, chosen, strict=True):
        local = steps[here]
        if local.size:
            factors[here] = shape_of(part.schedule).behaviour.evaluate(part.schedule, local - part.origin, part.span)
    return factors


def write_parts(parts: tuple[Part, ...], writer: CodeWriter) -> list[str]:
    """One `if` per part but the last; `step` is counted from each part's own step 0."""
    lines: list[str] = []
    origin = 0
    for part in parts[:-1]:
        lines += _counted_from(part.origin, origin)
        origin = part.origin
        lines.append(f"if step < {number(part.end - origin)}:")
        lines += ["    " + line for line in writer.lines(part.schedule, part.span, _last_of(part, writer))]
    last = parts[-1]
    lines += _counted_from(last.origin, origin)
    return [*lines, *writer.lines(last.schedule, last.span, _last_of(last, writer))]


def _last_of(part: Part, writer: CodeWriter) -> int:
    """The largest of its own steps that a part is asked about."""
    run = part.span.run_steps if writer.last is None else writer.last
    return min(run, part.end - 1) - part.origin


def _counted_from(origin: int, before: int) -> list[str]:
    by = origin - before
    return [] if by == 0 else [f"step -= {number(by)}" if by > 0 else f"step += {number(-by)}"]


def breaks_of_parts(parts: tuple[Part, ...]) -> Breaks:
    """Where each part begins, and its own breaks as far as it acts."""
    from lrdesigner.schedules.registry import shape_of

    own = [shape_of(part.schedule).breaks(part.schedule, part.span) for part in parts]
    moved = [breaks.moved(part.origin, part.first, part.end) for breaks, part in zip(own, parts, strict=True)]
    return joined([Breaks(points=tuple(part.first for part in parts)), *moved])


class _SequenceBehaviour:
    """Each child is asked about its own steps only."""

    def evaluate(self, node: Sequence, steps: Steps, span: Span) -> Factors:
        return evaluate_parts(_parts(node, span), steps)

    def write(self, node: Sequence, span: Span, writer: CodeWriter) -> list[str]:
        return write_parts(_parts(node, span), writer)


def _describe(node: Sequence, span: Span) -> str:
    from lrdesigner.schedules.registry import shape_of

    return ", then ".join(shape_of(p.schedule).describe(p.schedule, p.span) for p in _parts(node, span))


def _with_child(node: Sequence, index: int, child: Any) -> Sequence:
    segment = replace(node.segments[index], schedule=child)
    return Sequence((*node.segments[:index], segment, *node.segments[index + 1 :]))


def _differs(node: Sequence, span: Span) -> tuple[str, ...]:
    """What torch's `SequentialLR` makes of some members."""
    parts = _parts(node, span)
    if len(parts) < 2:
        return ()
    found: list[str] = []
    for place, kind in enumerate(type(part.schedule) for part in parts):
        if kind in (Sequence, Product):
            name = "SequentialLR" if kind is Sequence else "ChainedScheduler"
            fault = "runs one step early" if place == 0 else "raises when its turn comes"
            found.append(f"Inside torch's SequentialLR a {name} {fault}; the export is one function.")
        elif kind in (OneCycle, Cyclic):
            found.append(
                f"Inside torch's SequentialLR a {kind.__name__}LR overwrites the initial rate, from which others then "
                "start; here each segment has the group's own."
            )
        elif place and kind in (Multiplicative, Anneal):
            name = "MultiplicativeLR" if kind is Multiplicative else "SWALR"
            found.append(
                f"Inside torch's SequentialLR a {name} goes on from the rate that it finds; here a segment starts from "
                "the base value."
            )
    return tuple(dict.fromkeys(found))


SEQUENCE = Shape(
    node=Sequence,
    title="Sequence",
    family="composition",
    behaviour=_SequenceBehaviour(),
    describe=_describe,
    breaks=lambda node, span: breaks_of_parts(_parts(node, span)),
    differs=_differs,
    children=children_of,
    with_child=_with_child,
    parts=_parts,
    handles=lambda node: boundary_handles(node, segment_starts),
)
