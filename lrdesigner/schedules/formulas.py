"""Shapes given by one formula: computed with NumPy for the plot, written out for the export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrdesigner.expressions import Formula, emit, evaluate_trusted, parse
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.length import Length, Span, resolve
from lrdesigner.schedules.level import Absolute, factor_of
from lrdesigner.schedules.shape import Factors, Steps

Bindings = dict[str, Any]

PROGRESS = "min(step / length, 1.0)"
"""The part of the field `length` that is over, in formulas."""


@dataclass(frozen=True, slots=True)
class FormulaBehaviour:
    """A shape given by one formula in `step` and the node's fields.

    In the formula a length is a number of whole steps (at least 1), a level a factor, a tuple of lengths their sorted
    steps. `more` adds names worked out from the node. The formula must not hide an overflow: exported Python raises
    where NumPy would only give infinity. `PROGRESS` is written without its limit where no step lies beyond it.
    """

    formula: Callable[[Any, Span], str]
    more: Callable[[Any, Span], Bindings] = lambda node, span: {}

    def evaluate(self, node: Any, steps: Steps, span: Span) -> Factors:
        """Factor at each local step."""
        bindings = self._bindings(node, span)
        values = evaluate_trusted(_parsed(self.formula(node, span), bindings), {"step": steps, **bindings})
        return values if values.shape == steps.shape else np.full(steps.shape, values)

    def write(self, node: Any, span: Span, writer: CodeWriter) -> list[str]:
        """One return statement."""
        bindings = self._bindings(node, span)
        formula = self.formula(node, span)
        if writer.last is not None and writer.last <= bindings.get("length", -1):
            formula = formula.replace(PROGRESS, "(step / length)")
        return [f"return {emit(_parsed(formula, bindings), bindings)}"]

    def _bindings(self, node: Any, span: Span) -> Bindings:
        return bindings_of(node, span) | self.more(node, span)


def _parsed(formula: str, bindings: Bindings) -> Formula:
    return parse(formula, ("step", *bindings), trusted=True)


def bindings_of(node: Any, span: Span) -> Bindings:
    """The node's fields as numbers for its formula; switches, choices and children are not among them."""
    bindings: Bindings = {}
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if isinstance(value, Length):
            bindings[name] = max(resolve(value, span), 1)
        elif isinstance(value, Absolute):
            bindings[name] = factor_of(value, span)
        elif isinstance(value, tuple) and all(isinstance(part, Length) for part in value):
            bindings[name] = tuple(sorted(resolve(length, span) for length in value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            bindings[name] = value
    return bindings


def steps_of(node: Any, name: str, span: Span) -> int:
    """The length in field `name` in whole steps, at least 1, as formulas see it."""
    return max(resolve(getattr(node, name), span), 1)
