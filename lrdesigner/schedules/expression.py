"""A schedule written as a formula by the person."""

from __future__ import annotations

import ast
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from lrdesigner.expressions import emit, evaluate, parse
from lrdesigner.expressions.emit import number
from lrdesigner.schedules.breaks import FOR_EVER, Breaks, Pattern
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.shape import Factors, Node, Shape, Steps

NAMES = ("step", "epoch", "progress")


class Expression(Node, frozen=True, tag="expression"):
    """Any formula in `step`, `epoch` and `progress`, in Python's notation.

    `step` counts updates from 0, `epoch` counts finished epochs (a whole number), `progress` goes from 0 to 1 over
    the schedule's length. In torch: `LambdaLR`. Example: `0.95 ** epoch`.
    """

    formula: Annotated[
        str,
        Meta(max_length=2000, title="Factor", description="In step, epoch and progress; for example 0.95 ** epoch."),
    ] = "0.95 ** epoch"

    def __post_init__(self) -> None:
        # Checked here, so that no design can hold a formula that cannot be drawn: form, file and code all pass by.
        parse(self.formula, NAMES)


class _ExpressionBehaviour:
    """Computes and writes the person's formula."""

    def evaluate(self, node: Expression, steps: Steps, span: Span) -> Factors:
        values = evaluate_formula(node.formula, steps, span)
        return values if values.shape == steps.shape else np.full(steps.shape, values)

    def write(self, node: Expression, span: Span, writer: CodeWriter) -> list[str]:
        return [f"return {formula_text(node.formula, span)}"]


def evaluate_formula(text: str, steps: Steps, span: Span) -> Factors:
    """Value of a person's formula at local steps; a formula without variables gives a single number."""
    formula = parse(text, NAMES)
    local = steps.astype("float64")
    bindings: dict[str, Any] = {"step": local}
    if "epoch" in formula.names:
        bindings["epoch"] = local // span.steps_per_epoch
    if "progress" in formula.names:
        bindings["progress"] = local / max(span.steps, 1)
    return evaluate(formula, bindings)


def formula_text(text: str, span: Span) -> str:
    """The formula as Python in the variable `step`."""
    substitution = {
        "epoch": f"step // {number(span.steps_per_epoch)}" if span.steps_per_epoch > 1 else "step",
        "progress": f"step / {number(max(span.steps, 1))}",
    }
    return emit(parse(text, NAMES), substitution)


def formula_words(text: str) -> str:
    """Written anew from the tree: a person's comments or line breaks must not reach the exported file."""
    return emit(parse(text, NAMES), {})


def formula_breaks(text: str, span: Span) -> Breaks:
    """Epochs where they count; everywhere, where the formula may jump or turn at any step."""
    formula = parse(text, NAMES)
    patterns = (Pattern(0, span.steps_per_epoch, first=span.steps_per_epoch),) if "epoch" in formula.names else ()
    return Breaks(patterns=patterns, rough=((0, FOR_EVER),) if _may_turn(formula.body) else ())


def _may_turn(body: ast.expr) -> bool:
    """Whether it can do more than rise or fall smoothly, so that a look between the columns is needed."""
    turning = (ast.Mod, ast.FloorDiv, ast.Compare, ast.IfExp, ast.BoolOp)
    called = {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}
    called |= {node.attr for node in ast.walk(body) if isinstance(node, ast.Attribute)}
    return bool(called & _TURNING) or any(isinstance(node, turning) for node in ast.walk(body))


_TURNING = {"sin", "cos", "tan", "floor", "ceil", "int", "round", "abs", "min", "max"}

EXPRESSION = Shape(
    node=Expression,
    title="Formula",
    family="free",
    behaviour=_ExpressionBehaviour(),
    breaks=lambda node, span: formula_breaks(node.formula, span),
    describe=lambda node, span: formula_words(node.formula),
)
