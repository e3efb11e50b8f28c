"""A curve drawn by hand: values at steps, and what lies between them."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta, Struct

from lrdesigner.schedules.breaks import Breaks
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.length import Length, Span, resolve
from lrdesigner.schedules.shape import Factors, Node, Shape, Steps

Interpolation = Literal["hold", "linear", "smooth", "bezier"]


class Keyframe(Struct, frozen=True, forbid_unknown_fields=True):
    """A value at a step, and how the curve goes on from there to the next key.

    `leave` and `arrive` are the values of the two control points of a bezier, at one and two thirds of the way.
    """

    at: Length
    value: Annotated[float, Meta(ge=0, le=1e6)]
    then: Interpolation = "linear"
    leave: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    arrive: Annotated[float, Meta(ge=0, le=1e6)] | None = None


class Keyframes(Node, frozen=True, tag="keyframes"):
    """Values at steps, with a hold, a line, a smooth curve or a bezier between each two of them.

    Stored with the space in which it interpolates, so that a switch of the plot's axis changes nothing.
    """

    keys: Annotated[
        tuple[Keyframe, ...],
        Meta(
            min_length=1,
            max_length=1000,
            title="Keys",
            description="Values at steps, in order of time.",
            extra={"kind": "keys"},
        ),
    ] = (Keyframe(Length(0, "steps"), 1.0), Keyframe(Length(100, "percent"), 0.1))
    space: Annotated[
        Literal["linear", "log"], Meta(title="Space", description="Interpolate values, or their logarithms.")
    ] = "linear"
    end: Annotated[
        Literal["hold", "slope", "repeat", "ping-pong"],
        Meta(title="After the last key", description="Hold it, continue its slope, or begin again."),
    ] = "hold"


class _KeyframesBehaviour:
    def evaluate(self, node: Keyframes, steps: Steps, span: Span) -> Factors:
        xs = [resolve(key.at, span) for key in node.keys]
        return np.interp(steps, xs, [key.value for key in node.keys])

    def write(self, node: Keyframes, span: Span, writer: CodeWriter) -> list[str]:
        raise NotImplementedError


KEYFRAMES = Shape(
    node=Keyframes,
    title="Keyframes",
    family="free",
    behaviour=_KeyframesBehaviour(),
    breaks=lambda node, span: Breaks(points=tuple(sorted(resolve(key.at, span) for key in node.keys))),
    describe=lambda node, span: f"{len(node.keys)} keys",
)
