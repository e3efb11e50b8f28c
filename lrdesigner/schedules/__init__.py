"""Schedules: trees of shapes, each a pure function from the step to a factor of the base value.

>>> import numpy as np
>>> from lrdesigner.schedules import Cosine, Span, factors
>>> factors(Cosine(), np.array([0, 50, 100]), Span(100, 100, 10)).round(12).tolist()
[1.0, 0.5, 0.0]
"""

from typing import Any

from lrdesigner.schedules.breaks import Breaks as Breaks
from lrdesigner.schedules.composites import AnySchedule as AnySchedule
from lrdesigner.schedules.composites import Clamp as Clamp
from lrdesigner.schedules.composites import Product as Product
from lrdesigner.schedules.composites import Repeat as Repeat
from lrdesigner.schedules.composites import Segment as Segment
from lrdesigner.schedules.composites import Sequence as Sequence
from lrdesigner.schedules.composites import children_of as children_of
from lrdesigner.schedules.composites import contains as contains
from lrdesigner.schedules.curved_ramps import LogWarmup as LogWarmup
from lrdesigner.schedules.curved_ramps import Rex as Rex
from lrdesigner.schedules.curved_ramps import Sigmoid as Sigmoid
from lrdesigner.schedules.curved_ramps import Tanh as Tanh
from lrdesigner.schedules.cyclic import Cyclic as Cyclic
from lrdesigner.schedules.decays import Constant as Constant
from lrdesigner.schedules.decays import Exponential as Exponential
from lrdesigner.schedules.decays import InverseSqrt as InverseSqrt
from lrdesigner.schedules.decays import InverseTime as InverseTime
from lrdesigner.schedules.decays import MultiStep as MultiStep
from lrdesigner.schedules.decays import Noam as Noam
from lrdesigner.schedules.decays import StepDecay as StepDecay
from lrdesigner.schedules.expression import Expression as Expression
from lrdesigner.schedules.feedback import FEEDBACK_NODES as FEEDBACK_NODES
from lrdesigner.schedules.feedback import Greedy as Greedy
from lrdesigner.schedules.feedback import Plateau as Plateau
from lrdesigner.schedules.fields import Field as Field
from lrdesigner.schedules.fields import fields_of as fields_of
from lrdesigner.schedules.keyframes import Keyframe as Keyframe
from lrdesigner.schedules.keyframes import Keyframes as Keyframes
from lrdesigner.schedules.length import REST as REST
from lrdesigner.schedules.length import Length as Length
from lrdesigner.schedules.length import Span as Span
from lrdesigner.schedules.length import in_unit as in_unit
from lrdesigner.schedules.length import length_like as length_like
from lrdesigner.schedules.length import parse_length as parse_length
from lrdesigner.schedules.length import resolve as resolve
from lrdesigner.schedules.level import Absolute as Absolute
from lrdesigner.schedules.level import Level as Level
from lrdesigner.schedules.level import factor_of as factor_of
from lrdesigner.schedules.level import level_text as level_text
from lrdesigner.schedules.level import parse_level as parse_level
from lrdesigner.schedules.multiplicative import Multiplicative as Multiplicative
from lrdesigner.schedules.one_cycle import OneCycle as OneCycle
from lrdesigner.schedules.one_cycle import OneCycleMomentum as OneCycleMomentum
from lrdesigner.schedules.ramps import Anneal as Anneal
from lrdesigner.schedules.ramps import Cosine as Cosine
from lrdesigner.schedules.ramps import CosineWaves as CosineWaves
from lrdesigner.schedules.ramps import Linear as Linear
from lrdesigner.schedules.ramps import OneMinusSqrt as OneMinusSqrt
from lrdesigner.schedules.ramps import Polynomial as Polynomial
from lrdesigner.schedules.registry import SHAPES as SHAPES
from lrdesigner.schedules.registry import default_node as default_node
from lrdesigner.schedules.registry import shape_named as shape_named
from lrdesigner.schedules.registry import shape_of as shape_of
from lrdesigner.schedules.restarts import CosineRestarts as CosineRestarts
from lrdesigner.schedules.restarts import HardRestarts as HardRestarts
from lrdesigner.schedules.sequence import segment_starts as segment_starts
from lrdesigner.schedules.shape import Factors as Factors
from lrdesigner.schedules.shape import Shape as Shape
from lrdesigner.schedules.shape import Steps as Steps
from lrdesigner.schedules.shape import TorchForm as TorchForm
from lrdesigner.schedules.traces import AssumedTrace as AssumedTrace
from lrdesigner.schedules.traces import RecordedTrace as RecordedTrace
from lrdesigner.schedules.traces import losses_per_evaluation as losses_per_evaluation
from lrdesigner.schedules.whole_runs import FlatCosine as FlatCosine
from lrdesigner.schedules.whole_runs import SlantedTriangular as SlantedTriangular
from lrdesigner.schedules.whole_runs import WarmupStableDecay as WarmupStableDecay


def has_formula(node: Any) -> bool:
    """Whether a person's own formula is in it, at any depth."""
    return contains(node, Expression, Multiplicative)


def depends_on_base(node: Any) -> bool:
    """Whether its factors are others for another base value of the track."""
    if isinstance(node, Plateau | Greedy):
        return True
    own = any(isinstance(getattr(node, name), Absolute) for name in node.__struct_fields__)
    return own or any(depends_on_base(child) for child in children_of(node))


def factors(node: Any, steps: Any, span: Span) -> Factors:
    """Factor of `node` at each of `steps` (local, from 0; any integers), as float64 of the same shape."""
    import numpy as np

    at = np.asarray(steps, dtype=np.int64)
    # Powers of a single number come from another library than those of a row, and may differ in their last bit.
    return shape_of(node).behaviour.evaluate(node, np.atleast_1d(at), span).reshape(at.shape)
