"""More ramps: along a reflected exponential, a hyperbolic tangent, a logistic curve and a logarithm."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from lrdesigner.schedules.breaks import Breaks
from lrdesigner.schedules.formulas import PROGRESS, FormulaBehaviour, steps_of
from lrdesigner.schedules.handle_kinds import always, length, level, to_length
from lrdesigner.schedules.length import REST, Length, Span
from lrdesigner.schedules.level import Level, level_words
from lrdesigner.schedules.ramps import (
    FALLS,
    START_HANDLE,
    Floor,
    Over,
    Start,
    down_words,
    ends_at_length,
    length_of,
)
from lrdesigner.schedules.shape import Node, Shape, ShapeHandle


class Rex(Node, frozen=True, tag="rex"):
    """Reflected exponential: stays high for long, then falls to the floor ever faster.

    factor(step) = floor + (1 - floor) * (1 - z) / (1 - z / 2), z = min(step / length, 1). After Chen and others,
    arXiv 2107.04197.
    """

    floor: Floor = 0.0
    length: Over = REST


class Tanh(Node, frozen=True, tag="tanh"):
    """Along a hyperbolic tangent: high, then a slope, then low.

    factor(step) = floor + (1 - floor) * (1 - tanh(lower * (1 - z) + upper * z)) / 2, z = min(step / length, 1): timm's
    `TanhLRScheduler`. After Hsueh and others, arXiv 1806.01593.
    """

    lower: Annotated[float, Meta(ge=-50, le=50, title="Lower", description="Where the tangent is entered.")] = -7.0
    upper: Annotated[float, Meta(ge=-50, le=50, title="Upper", description="Where the tangent is left.")] = 3.0
    floor: Floor = 0.0
    length: Over = REST


class Sigmoid(Node, frozen=True, tag="sigmoid"):
    """Along a logistic curve around one moment, down or up.

    factor(step) = floor + (1 - floor) / (1 + exp((step - centre) / width)), with the sign turned when rising: Caffe's
    "sigmoid" with gamma = 1 / width.
    """

    centre: Annotated[Length, Meta(title="Centre", description="When it is half-way.")] = Length(50, "percent")
    width: Annotated[Length, Meta(title="Width", description="The time in which it changes most.")] = Length(
        8, "percent"
    )
    floor: Annotated[Level, Meta(title="Floor", description="The low end.")] = 0.0
    rising: Annotated[bool, Meta(title="Rising", description="From low to high.")] = False


class LogWarmup(Node, frozen=True, tag="log_warmup"):
    """A warm-up along a logarithm: fast at first, then slower.

    factor(step) = start + (1 - start) * min(log(step + 1) / log(length), 1): DeepSpeed's default warm-up.
    """

    start: Start = 0.0
    length: Over = REST


def _log_length(node: LogWarmup, span: Span) -> dict[str, int]:
    return {"length": max(length_of(node, span), 2)}


def _sigmoid_handles(node: Sigmoid) -> tuple[ShapeHandle, ...]:
    """The floor is at the low end, its width at one width after the centre."""
    width = ShapeHandle(
        name="width",
        title="one width after the centre",
        at=lambda node, span: steps_of(node, "centre", span) + steps_of(node, "width", span),
        step=to_length("width", start=lambda node, span: steps_of(node, "centre", span)),
    )
    floor = level("floor", "floor", at=lambda node, span: 0 if node.rising else span.steps)
    return length("centre", "centre"), width, floor


CURVED_RAMPS = (
    Shape(
        node=Rex,
        title="REX",
        family="ramp",
        behaviour=FormulaBehaviour(lambda node, span: f"floor + (1 - floor) * (1 - {PROGRESS}) / (1 - {PROGRESS} / 2)"),
        breaks=ends_at_length,
        describe=down_words("reflected exponential"),
        handles=FALLS,
    ),
    Shape(
        node=Tanh,
        title="Hyperbolic tangent",
        family="ramp",
        behaviour=FormulaBehaviour(
            lambda node, span: f"floor + (1 - floor) * (1 - tanh(lower * (1 - {PROGRESS}) + upper * {PROGRESS})) / 2"
        ),
        breaks=ends_at_length,
        describe=down_words("hyperbolic tangent"),
        handles=FALLS,
    ),
    Shape(
        node=Sigmoid,
        title="Sigmoid",
        family="ramp",
        # The largest exponent is kept where exp is finite: beyond it the factor is the floor to the last digit.
        behaviour=FormulaBehaviour(
            lambda node, span: (
                "floor + (1 - floor) / (1 + exp(min("
                + ("(centre - step)" if node.rising else "(step - centre)")
                + " / width, 500.0)))"
            )
        ),
        describe=lambda node, span: (
            f"sigmoid {'up from' if node.rising else 'down to'} {level_words(node.floor)} around step "
            f"{steps_of(node, 'centre', span):,}, {steps_of(node, 'width', span):,} steps wide"
        ),
        handles=_sigmoid_handles,
    ),
    Shape(
        node=LogWarmup,
        title="Logarithmic warm-up",
        family="ramp",
        behaviour=FormulaBehaviour(
            lambda node, span: "start + (1 - start) * min(log(step + 1) / log(length), 1.0)", more=_log_length
        ),
        breaks=lambda node, span: Breaks(points=(max(length_of(node, span), 2) - 1,)),
        describe=lambda node, span: (
            f"logarithmic warm-up from {level_words(node.start)} over {length_of(node, span):,} steps"
        ),
        handles=always(START_HANDLE, length("length", "warm-up ends", before=1, least=2)),
    ),
)
