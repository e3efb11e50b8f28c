"""The trees: schedules one after the other, multiplied, repeated, clamped. Plain data; how they act is told beside."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError
from lrdesigner.schedules.curved_ramps import LogWarmup, Rex, Sigmoid, Tanh
from lrdesigner.schedules.cyclic import Cyclic
from lrdesigner.schedules.decays import Constant, Exponential, InverseSqrt, InverseTime, MultiStep, Noam, StepDecay
from lrdesigner.schedules.expression import Expression
from lrdesigner.schedules.keyframes import Keyframes
from lrdesigner.schedules.length import REST, Length
from lrdesigner.schedules.level import Absolute, Level, level_text
from lrdesigner.schedules.multiplicative import Multiplicative
from lrdesigner.schedules.one_cycle import OneCycle, OneCycleMomentum
from lrdesigner.schedules.ramps import (
    Anneal,
    Cosine,
    CosineWaves,
    Linear,
    OneMinusSqrt,
    Polynomial,
)
from lrdesigner.schedules.restarts import CosineRestarts, HardRestarts, check_growth
from lrdesigner.schedules.shape import Node
from lrdesigner.schedules.whole_runs import FlatCosine, SlantedTriangular, WarmupStableDecay

DEEPEST = 20
"""Composites in composites. Python itself gives up on code that is nested a hundred levels deep."""

MOST_PARTS = 200
"""Segments of a sequence, factors of a product, cycles of different lengths."""

NOTHING = Length(0.0, "steps")


class Segment(Struct, frozen=True, forbid_unknown_fields=True):
    """One part of a `Sequence`: a schedule, how long it lasts, and how much of its start is cut off."""

    schedule: AnySchedule
    length: Annotated[Length, Meta(title="Length", description="How long this segment lasts.")] = REST
    skip: Annotated[
        Length,
        Meta(
            title="Enters at",
            description="Step of the shape at which the segment enters it; 0 steps: its beginning. "
            "Half of it on, a warm-up can run over a decay that counts from the start of the run.",
        ),
    ] = NOTHING


class Sequence(Node, frozen=True, tag="sequence"):
    """Segments one after the other; each starts again at its own step 0, and the last one goes on past its end.

    `rest` takes what the other segments leave; several rests share it equally. In torch: `SequentialLR`, whose faults
    (nested composites, OneCycleLR inside) do not apply: the export is one function.
    """

    segments: Annotated[
        tuple[Segment, ...],
        Meta(
            min_length=1,
            max_length=MOST_PARTS,
            title="Segments",
            description="In order of time.",
            extra={"kind": "segments"},
        ),
    ]

    def __post_init__(self) -> None:
        _check_depth(self)


class Product(Node, frozen=True, tag="product"):
    """Schedules multiplied at every step, for example a warm-up over a decay that counts from the start.

    factor(step) = product of the parts' factors at the same step. In torch: `ChainedScheduler`, which is this product
    only for purely relative schedulers; here it always is.
    """

    factors: Annotated[
        tuple[AnySchedule, ...],
        Meta(
            min_length=1,
            max_length=MOST_PARTS,
            title="Parts",
            description="What is multiplied.",
            extra={"kind": "schedules"},
        ),
    ]

    def __post_init__(self) -> None:
        _check_depth(self)


class Repeat(Node, frozen=True, tag="repeat"):
    """A schedule again and again, each cycle longer and lower than the one before if wanted; then the floor.

    factor(step) = floor + (decay ** cycle - floor) * schedule(step within the cycle), never below 0. Cycle k lasts
    cycle * growth ** k, in whole steps. These are timm's `cycle_mul`, `cycle_decay` and `cycle_limit` for any shape.
    """

    schedule: Annotated[
        AnySchedule, Meta(title="What", description="The schedule of one cycle.", extra={"kind": "schedule"})
    ]
    cycle: Annotated[Length, Meta(title="Cycle", description="How long the first cycle lasts.")] = Length(
        25.0, "percent"
    )
    growth: Annotated[
        float,
        Meta(ge=1, le=100, title="Growth", description="Length of each cycle over the one before; 1, or 1.05 on."),
    ] = 1.0
    decay: Annotated[
        float, Meta(gt=0, le=10, title="Decay", description="Height of each cycle over the one before.")
    ] = 1.0
    cycles: Annotated[
        int, Meta(ge=0, le=1_000_000, title="Cycles", description="After so many the floor holds; 0: for ever.")
    ] = 0
    floor: Annotated[
        Level, Meta(title="Floor", description="Where the decay leads, and what holds after the last cycle.")
    ] = 0.0

    def __post_init__(self) -> None:
        check_growth(self.growth)
        _check_depth(self)


class Clamp(Node, frozen=True, tag="clamp"):
    """A schedule kept within two levels.

    factor(step) = min(max(schedule(step), lowest), highest).
    """

    schedule: Annotated[
        AnySchedule,
        Meta(title="What", description="The schedule that is kept within the levels.", extra={"kind": "schedule"}),
    ]
    lowest: Annotated[Level, Meta(title="At least", description="Lower values are raised to this.")] = 0.0
    highest: Annotated[Level, Meta(title="At most", description="Higher values are cut to this.")] = 1.0

    def __post_init__(self) -> None:
        low, high = self.lowest, self.highest
        if not isinstance(low, Absolute) and not isinstance(high, Absolute) and low > high:
            raise InvalidValueError(f"At least, {level_text(low)}, must not be above At most, {level_text(high)}.")
        _check_depth(self)


AnySchedule = (
    Constant
    | StepDecay
    | MultiStep
    | Exponential
    | InverseTime
    | InverseSqrt
    | Noam
    | Linear
    | Polynomial
    | Cosine
    | CosineWaves
    | OneMinusSqrt
    | Anneal
    | Rex
    | Tanh
    | Sigmoid
    | LogWarmup
    | FlatCosine
    | SlantedTriangular
    | WarmupStableDecay
    | Cyclic
    | CosineRestarts
    | HardRestarts
    | OneCycle
    | OneCycleMomentum
    | Keyframes
    | Expression
    | Multiplicative
    | Sequence
    | Product
    | Repeat
    | Clamp
)


def children_of(node: Any) -> tuple[Any, ...]:
    """The schedules directly inside a node."""
    match node:
        case Sequence(segments=segments):
            return tuple(segment.schedule for segment in segments)
        case Product(factors=factors):
            return factors
        case Repeat(schedule=schedule) | Clamp(schedule=schedule):
            return (schedule,)
    return ()


def contains(node: Any, *kinds: type[Node]) -> bool:
    """Whether a node of one of these kinds is in it, at any depth."""
    return isinstance(node, kinds) or any(contains(child, *kinds) for child in children_of(node))


def _check_depth(node: Any) -> None:
    if _depth(node) > DEEPEST:
        raise InvalidValueError(f"Schedules are nested more than {DEEPEST} levels deep.")


def _depth(node: Any) -> int:
    return 1 + max((_depth(child) for child in children_of(node)), default=-1)
