"""The one table of schedule shapes; forms, plot, files, export, command line and help are derived from it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from lrdesigner.schedules.decays import DECAYS
from lrdesigner.schedules.expression import EXPRESSIONS
from lrdesigner.schedules.ramps import RAMPS
from lrdesigner.schedules.sequence import SEQUENCES
from lrdesigner.schedules.shape import Node, Shape

SHAPES: tuple[Shape, ...] = (*DECAYS, *RAMPS, *EXPRESSIONS, *SEQUENCES)

_BY_NODE = MappingProxyType({shape.node: shape for shape in SHAPES})

# torch's schedulers that have no shape of their own, and why. A test holds this against the installed torch.
NOT_REGISTERED = MappingProxyType(
    {
        "LRScheduler": "the base class",
        "ChainedScheduler": "composition by multiplication is still to come",
        "CosineAnnealingWarmRestarts": "still to come",
        "CyclicLR": "still to come",
        "MultiplicativeLR": "still to come",
        "OneCycleLR": "still to come",
        "PolynomialLR": "still to come",
        "ReduceLROnPlateau": "has no curve without a metric; still to come",
    }
)
# Which shape covers which scheduler of torch.
COVERS = MappingProxyType(
    {
        "ConstantLR": "constant",
        "CosineAnnealingLR": "cosine",
        "ExponentialLR": "exponential",
        "LambdaLR": "expression",
        "LinearLR": "linear",
        "MultiStepLR": "multistep",
        "SequentialLR": "sequence",
        "StepLR": "step",
    }
)


def shape_of(node: Any) -> Shape:
    """The entry of a node's shape."""
    return _BY_NODE[type(node)]


def shape_named(tag: str) -> Shape:
    """The entry with this tag ("cosine"); raises KeyError."""
    return next(shape for shape in SHAPES if shape.tag == tag)


def default_node(shape: Shape) -> Node:
    """A node of this shape with its default fields."""
    if shape.tag == "sequence":
        from lrdesigner.schedules.length import Length
        from lrdesigner.schedules.ramps import Cosine, Linear
        from lrdesigner.schedules.sequence import Segment, Sequence

        return Sequence(segments=(Segment(Linear(), Length(5, "percent")), Segment(Cosine())))
    return shape.node()
