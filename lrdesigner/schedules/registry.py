"""The one table of schedule shapes; forms, plot, files, export, command line and help are derived from it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from lrdesigner.schedules.composites import Clamp, Product, Repeat, Segment, Sequence
from lrdesigner.schedules.curved_ramps import CURVED_RAMPS
from lrdesigner.schedules.cyclic import CYCLIC
from lrdesigner.schedules.decays import DECAYS
from lrdesigner.schedules.expression import EXPRESSION
from lrdesigner.schedules.feedback_shapes import FEEDBACK
from lrdesigner.schedules.keyframe_shape import KEYFRAMES
from lrdesigner.schedules.length import Length
from lrdesigner.schedules.multiplicative import MULTIPLICATIVE
from lrdesigner.schedules.one_cycle import ONE_CYCLES
from lrdesigner.schedules.product import CLAMP, PRODUCT
from lrdesigner.schedules.ramps import RAMPS, Cosine, Linear
from lrdesigner.schedules.repeat import REPEAT
from lrdesigner.schedules.restarts import RESTARTS
from lrdesigner.schedules.sequence import SEQUENCE
from lrdesigner.schedules.shape import Shape
from lrdesigner.schedules.whole_runs import WHOLE_RUNS

SHAPES: tuple[Shape, ...] = (
    *DECAYS,
    *RAMPS,
    *CURVED_RAMPS,
    *WHOLE_RUNS,
    CYCLIC,
    *RESTARTS,
    *ONE_CYCLES,
    KEYFRAMES,
    EXPRESSION,
    MULTIPLICATIVE,
    SEQUENCE,
    PRODUCT,
    REPEAT,
    CLAMP,
    *FEEDBACK,
)

_BY_NODE = MappingProxyType({shape.node: shape for shape in SHAPES})

# torch's schedulers that have no shape of their own, and why. A test holds this against the installed torch.
NOT_REGISTERED = MappingProxyType({"LRScheduler": "the base class"})
# Which shape covers which scheduler of torch.
COVERS = MappingProxyType(
    {
        "ChainedScheduler": "product",
        "ConstantLR": "constant",
        "CosineAnnealingLR": "cosine",
        "CosineAnnealingWarmRestarts": "cosine_restarts",
        "CyclicLR": "cyclic",
        "ExponentialLR": "exponential",
        "LambdaLR": "expression",
        "LinearLR": "linear",
        "MultiStepLR": "multistep",
        "MultiplicativeLR": "multiplicative",
        "OneCycleLR": "one_cycle",
        "PolynomialLR": "polynomial",
        "ReduceLROnPlateau": "plateau",
        "SWALR": "anneal",
        "SequentialLR": "sequence",
        "StepLR": "step",
    }
)


def shape_of(node: Any) -> Shape:
    """The entry of a node's shape."""
    return _BY_NODE[type(node)]


def shape_named(tag: str) -> Shape:
    """The entry with this tag ("cosine"); raises KeyError."""
    for shape in SHAPES:
        if shape.tag == tag:
            return shape
    raise KeyError(tag)


def default_node(shape: Shape) -> Any:
    """A node of this shape with its default fields; composites hold what people most often put into them."""
    warm_up = Segment(Linear(), Length(5, "percent"))
    match shape.tag:
        case "sequence":
            return Sequence(segments=(warm_up, Segment(Cosine())))
        case "product":
            return Product((Linear(length=Length(5, "percent")), Cosine()))
        case "repeat":
            return Repeat(Cosine())
        case "clamp":
            return Clamp(Cosine(), lowest=0.01)
    return shape.node()
