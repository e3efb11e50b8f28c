"""A schedule written as a formula by the person."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from lrdesigner.expressions import emit, evaluate, parse
from lrdesigner.schedules.decays import MOST_BREAKPOINTS
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
        formula = parse(node.formula, NAMES)
        local = steps.astype("float64")
        bindings: dict[str, Any] = {"step": local}
        if "epoch" in formula.names:
            bindings["epoch"] = local // span.steps_per_epoch
        if "progress" in formula.names:
            bindings["progress"] = local / max(span.steps, 1)
        values = evaluate(formula, bindings)
        return np.broadcast_to(values, steps.shape).astype(np.float64)

    def write(self, node: Expression, span: Span) -> list[str]:
        formula = parse(node.formula, NAMES)
        substitution = {
            "epoch": f"step // {span.steps_per_epoch}" if span.steps_per_epoch > 1 else "step",
            "progress": f"step / {max(span.steps, 1)}",
        }
        return [f"return {emit(formula, substitution)}"]


def _epochs(node: Expression, span: Span) -> range:
    if "epoch" not in parse(node.formula, NAMES).names:
        return range(0)
    return range(
        span.steps_per_epoch, min(span.run_steps, span.steps_per_epoch * MOST_BREAKPOINTS) + 1, span.steps_per_epoch
    )


EXPRESSIONS = (
    Shape(
        node=Expression,
        title="Formula",
        doc=Expression.__doc__ or "",
        behaviour=_ExpressionBehaviour(),
        breakpoints=_epochs,
        # Written anew from the tree: a person's comments or line breaks must not reach the exported file.
        describe=lambda node, span: emit(parse(node.formula, NAMES), {}),
    ),
)
