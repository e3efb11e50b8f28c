"""A curve drawn by hand: values at steps, and what lies between them. How it acts is told beside."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError
from lrdesigner.numbers import exact
from lrdesigner.schedules.length import Length
from lrdesigner.schedules.shape import Node

Interpolation = Literal["hold", "linear", "smooth", "bezier"]
Space = Literal["linear", "log"]

MOST_KEYS = 1000

MOST_VALUE = 1e6
"""Largest value of a key, and of a control point beside it."""

LEAST_IN_LOG = 1e-300
"""Smallest value of a key in log space: ratios of two values must be finite."""

KeyValue = Annotated[float, Meta(ge=0, le=MOST_VALUE)]


class Keyframe(Struct, frozen=True, forbid_unknown_fields=True):
    """A value at a step, and how the curve goes on from there to the next key.

    `leave` and `arrive` are the values of the two control points of a bezier, at one and two thirds of the way; where
    they are None the curve is as smooth there as "smooth" makes it.
    """

    at: Annotated[Length, Meta(title="At", description="Its step.")]
    value: Annotated[KeyValue, Meta(title="Value", description="The factor there.")]
    then: Annotated[Interpolation, Meta(title="Then", description="How the curve goes on to the next key.")] = "linear"
    leave: Annotated[KeyValue, Meta(title="Leaves by", description="First control point.")] | None = None
    arrive: Annotated[KeyValue, Meta(title="Arrives by", description="Second control point.")] | None = None


class Keyframes(Node, frozen=True, tag="keyframes"):
    """Values at steps, with a hold, a line, a smooth curve or a bezier between each two of them.

    Before the first key its value is held. Between two keys, u = 0 to 1: hold a; linear a + u * (b - a); bezier
    (1-u)^3 * a + 3 * (1-u)^2 * u * leave + 3 * (1-u) * u^2 * arrive + u^3 * b; smooth: a cubic that never overshoots
    (Fritsch and Carlson), flat at turns, at the ends and beside a hold. In log space the same for the logarithms. The
    space is stored with the curve, so that a switch of the plot's axis changes nothing. Of keys at one step the last
    one counts.
    """

    keys: Annotated[
        tuple[Keyframe, ...],
        Meta(
            min_length=1,
            max_length=MOST_KEYS,
            title="Keys",
            description="Values at steps, in order of time.",
            extra={"kind": "keys"},
        ),
    ] = (Keyframe(Length(0, "steps"), 1.0), Keyframe(Length(100, "percent"), 0.1))
    space: Annotated[Space, Meta(title="Space", description="Interpolate values, or their logarithms.")] = "linear"
    end: Annotated[
        Literal["hold", "slope", "repeat", "ping-pong"],
        Meta(
            title="After the last key",
            description="Hold it, continue its slope, begin again at once (the last key is then the first), "
            "or go back and forth.",
        ),
    ] = "hold"

    def __post_init__(self) -> None:
        if self.space == "log":
            for number, key in enumerate(self.keys, 1):
                for what, value in (("value", key.value), ("Leaves by", key.leave), ("Arrives by", key.arrive)):
                    if value is not None and not value >= LEAST_IN_LOG:
                        raise InvalidValueError(
                            f"Key {number}: in log space its {what} must be above 0 (1e-300 at least), "
                            f"not {exact(value)}."
                        )
