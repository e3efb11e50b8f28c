"""A factor that is multiplied by a formula at every step."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta

from lrdesigner.expressions import parse
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.expression import NAMES
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.shape import Factors, Node, Shape, Steps


class Multiplicative(Node, frozen=True, tag="multiplicative"):
    """Multiplied at every step by a formula in `step`, `epoch` and `progress`.

    factor(step) = product of formula(s) over s = 1 ... step. In torch: `MultiplicativeLR`.
    """

    formula: Annotated[
        str,
        Meta(max_length=2000, title="Multiplied by", description="In step, epoch and progress; for example 0.999."),
    ] = "0.999"

    def __post_init__(self) -> None:
        parse(self.formula, NAMES)


class _MultiplicativeBehaviour:
    def evaluate(self, node: Multiplicative, steps: Steps, span: Span) -> Factors:
        return np.ones(steps.shape)

    def write(self, node: Multiplicative, span: Span, writer: CodeWriter) -> list[str]:
        raise NotImplementedError


MULTIPLICATIVE = Shape(
    node=Multiplicative,
    title="Multiplied each step",
    family="free",
    behaviour=_MultiplicativeBehaviour(),
    describe=lambda node, span: f"times {node.formula} at every step",
)
