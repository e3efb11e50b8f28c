"""A factor that is multiplied by a formula at every step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from msgspec import Meta

from lrdesigner.errors import UserError
from lrdesigner.expressions import emit, evaluate, evaluate_trusted, parse
from lrdesigner.expressions.emit import number
from lrdesigner.schedules.breaks import NO_BREAKS, Breaks
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.expression import NAMES, evaluate_formula, formula_breaks, formula_text, formula_words
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.running_products import product_turns, running_products
from lrdesigner.schedules.shape import Factors, Node, Shape, Steps, TorchForm

MOST_WRITTEN = 3_000_000
"""Steps for which an exported file works out the products of a formula that varies."""


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
    """A power where the formula is a number; else products, in the same order in arrays and in Python."""

    def evaluate(self, node: Multiplicative, steps: Steps, span: Span) -> Factors:
        constant = _constant(node.formula)
        if constant is None:
            return running_products(node.formula, steps, span)
        return evaluate_trusted(_POWER, {"step": steps, "gamma": constant})

    def write(self, node: Multiplicative, span: Span, writer: CodeWriter) -> list[str]:
        constant = _constant(node.formula)
        if constant is not None:
            return [f"return {emit(_POWER, {'gamma': constant})}"]
        last = max(span.run_steps if writer.last is None else writer.last, 0)
        if last > MOST_WRITTEN:
            raise UserError(
                f"Multiplied by {formula_words(node.formula)} at every step, the code would have to work out {last:,} "
                f"products, and at most {MOST_WRITTEN:,} are written; use an exponential instead."
            )
        formula = formula_text(node.formula, span)
        table = writer.table(
            "Factor at each step: the product over all steps so far.",
            "list[float]",
            (
                "list(",
                "    itertools.accumulate(",
                f"        ({formula} for step in range(1, {number(last + 1)})),",
                "        operator.mul,",
                "        initial=1.0,",
                "    )",
                ")",
            ),
        )
        return [f"return {table}[step]"]


_POWER = parse("gamma ** step", ("gamma", "step"), trusted=True)


def _constant(formula: str) -> float | None:
    """The value of a formula that does not vary; NaN where Python would raise."""
    parsed = parse(formula, NAMES)
    return None if parsed.names else float(evaluate(parsed, {}))


@dataclass(frozen=True)
class FormulaOfStep:
    """A formula as torch's schedulers call it; equal formulas of equal runs are equal. For comparisons only."""

    formula: str
    span: Span

    def __call__(self, step: int) -> float:
        """Its value at a step; NaN where Python would raise."""
        return float(evaluate_formula(self.formula, np.asarray(step, dtype=np.int64), self.span))


def _breaks(node: Multiplicative, span: Span) -> Breaks:
    """Epochs where they count; everywhere, where the formula may do anything and the product goes up and down."""
    if _constant(node.formula) is not None:
        return NO_BREAKS
    found = formula_breaks(node.formula, span)
    return found if found.rough and product_turns(node.formula, span) else replace(found, rough=())


MULTIPLICATIVE = Shape(
    node=Multiplicative,
    title="Multiplied each step",
    family="free",
    behaviour=_MultiplicativeBehaviour(),
    breaks=_breaks,
    describe=lambda node, span: f"times {formula_words(node.formula)} at every step",
    torch_form=lambda node, span: TorchForm(
        name="MultiplicativeLR", arguments={"lr_lambda": FormulaOfStep(node.formula, span)}
    ),
)
