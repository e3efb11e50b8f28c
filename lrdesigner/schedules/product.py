"""How schedules multiply, and how one is kept within two levels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec.structs import replace

from lrdesigner.schedules.breaks import FOR_EVER, Breaks, joined
from lrdesigner.schedules.code_writer import CodeWriter, literal
from lrdesigner.schedules.composites import Clamp, Product, children_of
from lrdesigner.schedules.cyclic import Cyclic
from lrdesigner.schedules.expression import Expression
from lrdesigner.schedules.handle_kinds import always
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.level import factor_of, level_like, level_words
from lrdesigner.schedules.one_cycle import OneCycle
from lrdesigner.schedules.ramps import Anneal, Cosine
from lrdesigner.schedules.restarts import CosineRestarts
from lrdesigner.schedules.shape import Factors, Part, Shape, ShapeHandle, Steps

_LOOKS = 200


def _evaluated(node: Any, steps: Any, span: Span) -> Any:
    from lrdesigner.schedules.registry import shape_of

    return shape_of(node).behaviour.evaluate(node, np.asarray(steps, dtype=np.int64), span)


def _described(node: Any, span: Span) -> str:
    from lrdesigner.schedules.registry import shape_of

    return shape_of(node).describe(node, span)


def breaks_of_children(node: Any, span: Span) -> Breaks:
    """The breaks of all children, which run beside one another over the same steps."""
    from lrdesigner.schedules.registry import shape_of

    return joined(shape_of(child).breaks(child, span) for child in children_of(node))


class _ProductBehaviour:
    """Multiplies in the order of the parts, in arrays and in Python alike."""

    def evaluate(self, node: Product, steps: Steps, span: Span) -> Factors:
        result: Factors = _evaluated(node.factors[0], steps, span)
        with np.errstate(all="ignore"):
            for child in node.factors[1:]:
                result = result * _evaluated(child, steps, span)
        return np.where(np.isfinite(result), result, np.nan)

    def write(self, node: Product, span: Span, writer: CodeWriter) -> list[str]:
        if len(node.factors) == 1:
            return writer.lines(node.factors[0], span)
        return ["return " + " * ".join(writer.call(child, span) for child in node.factors)]


def _product_parts(node: Product, span: Span) -> tuple[Part, ...]:
    def part(index: int, child: Any) -> Part:
        others = [other for place, other in enumerate(node.factors) if place != index]

        def rest(step: float) -> float:
            return math.prod(float(_evaluated(other, round(step), span)) for other in others)

        return Part(
            index=index,
            schedule=child,
            span=span,
            origin=0,
            first=0,
            end=FOR_EVER,
            factor=lambda step, factor: factor * rest(step),
            child_factor=lambda step, factor: factor / rest(step) if rest(step) else math.nan,
        )

    return tuple(part(index, child) for index, child in enumerate(node.factors))


class _ClampBehaviour:
    """Cuts off what lies outside; a value that is no number stays one."""

    def evaluate(self, node: Clamp, steps: Steps, span: Span) -> Factors:
        factors: Factors = _evaluated(node.schedule, steps, span)
        return np.minimum(np.maximum(factors, factor_of(node.lowest, span)), factor_of(node.highest, span))

    def write(self, node: Clamp, span: Span, writer: CodeWriter) -> list[str]:
        low, high = literal(factor_of(node.lowest, span)), literal(factor_of(node.highest, span))
        return [f"return min(max({writer.call(node.schedule, span)}, {low}), {high})"]


def _product_differs(node: Product, span: Span) -> tuple[str, ...]:
    """What torch's `ChainedScheduler` makes of schedulers that do more than multiply."""
    if len(node.factors) < 2:
        return ()
    absolute = [_absolute(child, span) for child in node.factors]
    return tuple(
        f"torch's ChainedScheduler is a product only of purely relative schedulers; {name}. Here it always is one."
        for name in dict.fromkeys(absolute)
        if name
    )


def _absolute(child: Any, span: Span) -> str:
    """Why torch's class of this child does more than multiply what it finds; nothing if it does not."""
    names: dict[type, str] = {
        CosineRestarts: "CosineAnnealingWarmRestarts",
        Cyclic: "CyclicLR",
        OneCycle: "OneCycleLR",
        Expression: "LambdaLR",
    }
    if type(child) in names:
        return f"{names[type(child)]} overwrites what the ones before it did"
    if isinstance(child, Cosine) and factor_of(child.floor, span) != 0:
        return "CosineAnnealingLR with a floor depends on the order"
    return "SWALR depends on the order" if isinstance(child, Anneal) else ""


PRODUCT = Shape(
    node=Product,
    title="Product",
    family="composition",
    behaviour=_ProductBehaviour(),
    describe=lambda node, span: " times ".join(f"({_described(child, span)})" for child in node.factors),
    breaks=breaks_of_children,
    differs=_product_differs,
    children=children_of,
    with_child=lambda node, index, child: Product((*node.factors[:index], child, *node.factors[index + 1 :])),
    parts=_product_parts,
)


def _extreme(node: Clamp, span: Span, lowest: bool) -> int:
    """The step, of the corners and some between, where what is kept within the levels is lowest or highest."""
    from lrdesigner.schedules.registry import shape_of

    last = max(span.steps, 1)
    edges = np.linspace(0, last, min(last, _LOOKS) + 1).astype(np.int64)
    corners = shape_of(node.schedule).breaks(node.schedule, span).listed(0, last, _LOOKS)
    steps = np.unique(np.concatenate([edges, corners, np.maximum(corners - 1, 0)]))
    factors = _evaluated(node.schedule, steps, span)
    usable = np.where(np.isfinite(factors), factors, np.inf if lowest else -np.inf)
    return int(steps[np.argmin(usable) if lowest else np.argmax(usable)])


def _level_at(node: Clamp, span: Span, lowest: bool) -> int | None:
    """Where a level cuts something off."""
    step = _extreme(node, span, lowest)
    factor = float(_evaluated(node.schedule, [step], span)[0])
    low, high = factor_of(node.lowest, span), factor_of(node.highest, span)
    return step if (factor <= low < high if lowest else factor >= high > low) else None


_LOWEST = ShapeHandle(
    name="lowest",
    title="at least",
    at=lambda node, span: _level_at(node, span, True),
    value=lambda node, span, step, factor: {
        "lowest": level_like(node.lowest, min(factor, factor_of(node.highest, span)), span)
    },
)
_HIGHEST = ShapeHandle(
    name="highest",
    title="at most",
    at=lambda node, span: _level_at(node, span, False),
    value=lambda node, span, step, factor: {
        "highest": level_like(node.highest, max(factor, factor_of(node.lowest, span)), span)
    },
)

CLAMP = Shape(
    node=Clamp,
    title="Clamp",
    family="composition",
    behaviour=_ClampBehaviour(),
    describe=lambda node, span: (
        f"{_described(node.schedule, span)}, kept between {level_words(node.lowest)} and {level_words(node.highest)}"
    ),
    breaks=breaks_of_children,
    children=children_of,
    with_child=lambda node, index, child: replace(node, schedule=child),
    parts=lambda node, span: (Part(index=0, schedule=node.schedule, span=span, origin=0, first=0, end=FOR_EVER),),
    handles=always(_LOWEST, _HIGHEST),
)
