"""Shapes made of several formulas, each for a stretch of steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrdesigner.expressions import emit, evaluate_trusted, parse
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.formulas import Bindings, bindings_of
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.shape import Factors, Steps

Piece = tuple[str, str]
"""A condition in `step` and the fields, and the formula that holds where it is the first to be true."""


@dataclass(frozen=True, slots=True)
class PiecewiseBehaviour:
    """`pieces` in order, and the formula that holds where none of their conditions does."""

    pieces: Callable[[Any], tuple[Piece, ...]]
    otherwise: Callable[[Any], str]
    more: Callable[[Any, Span], Bindings] = lambda node, span: {}

    def evaluate(self, node: Any, steps: Steps, span: Span) -> Factors:
        """Factor at each local step; every step is computed by one formula only."""
        bindings = bindings_of(node, span) | self.more(node, span)
        names = ("step", *bindings)
        flat = steps.ravel()
        factors = np.empty(flat.shape, dtype=np.float64)
        left = np.arange(len(flat))
        for condition, formula in (*self.pieces(node), ("", self.otherwise(node))):
            here = left
            if condition:
                truth = evaluate_trusted(parse(condition, names, trusted=True), {"step": flat[left], **bindings})
                holds = np.broadcast_to(truth != 0, left.shape)
                here, left = left[holds], left[~holds]
            if len(here):
                parsed = parse(formula, names, trusted=True)
                factors[here] = evaluate_trusted(parsed, {"step": flat[here], **bindings})
        return factors.reshape(steps.shape)

    def write(self, node: Any, span: Span, writer: CodeWriter) -> list[str]:
        """One `if` per piece, then a return."""
        bindings = bindings_of(node, span) | self.more(node, span)
        names = ("step", *bindings)

        def text(formula: str) -> str:
            return emit(parse(formula, names, trusted=True), bindings)

        lines: list[str] = []
        for condition, formula in self.pieces(node):
            lines += [f"if {text(condition)}:", f"    return {text(formula)}"]
        return [*lines, f"return {text(self.otherwise(node))}"]
