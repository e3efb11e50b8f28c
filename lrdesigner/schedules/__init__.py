"""Schedules: trees of shapes, each a pure function from the step to a factor of the base value.

>>> import numpy as np
>>> from lrdesigner.schedules import Cosine, Span, factors
>>> factors(Cosine(), np.array([0, 50, 100]), Span(100, 100, 10)).round(12).tolist()
[1.0, 0.5, 0.0]
"""

from typing import Any

from lrdesigner.schedules.decays import Constant as Constant
from lrdesigner.schedules.decays import Exponential as Exponential
from lrdesigner.schedules.decays import MultiStep as MultiStep
from lrdesigner.schedules.decays import StepDecay as StepDecay
from lrdesigner.schedules.expression import Expression as Expression
from lrdesigner.schedules.length import REST as REST
from lrdesigner.schedules.length import Length as Length
from lrdesigner.schedules.length import Span as Span
from lrdesigner.schedules.length import parse_length as parse_length
from lrdesigner.schedules.length import resolve as resolve
from lrdesigner.schedules.ramps import Cosine as Cosine
from lrdesigner.schedules.ramps import Linear as Linear
from lrdesigner.schedules.registry import SHAPES as SHAPES
from lrdesigner.schedules.registry import default_node as default_node
from lrdesigner.schedules.registry import shape_named as shape_named
from lrdesigner.schedules.registry import shape_of as shape_of
from lrdesigner.schedules.sequence import AnySchedule as AnySchedule
from lrdesigner.schedules.sequence import Segment as Segment
from lrdesigner.schedules.sequence import Sequence as Sequence
from lrdesigner.schedules.sequence import segment_starts as segment_starts
from lrdesigner.schedules.shape import Factors as Factors
from lrdesigner.schedules.shape import Field as Field
from lrdesigner.schedules.shape import Shape as Shape
from lrdesigner.schedules.shape import Steps as Steps
from lrdesigner.schedules.shape import TorchForm as TorchForm
from lrdesigner.schedules.shape import fields_of as fields_of


def has_formula(node: AnySchedule) -> bool:
    """Whether a person's own formula is in it, at any depth."""
    if isinstance(node, Sequence):
        return any(has_formula(segment.schedule) for segment in node.segments)
    return isinstance(node, Expression)


def factors(node: AnySchedule, steps: Any, span: Span) -> Factors:
    """Factor of `node` at each of `steps` (local, from 0; any integers), as float64 of the same shape."""
    import numpy as np

    return shape_of(node).behaviour.evaluate(node, np.asarray(steps, dtype=np.int64), span)
