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


@dataclass(frozen=True, slots=True)
class FormulaBehaviour:
    """A shape given by one formula in `step` and the node's fields.

    In the formula a length is a number of whole steps (at least 1), a level a factor, a tuple of lengths their sorted
    steps. `more` adds names worked out from the node. The formula must not hide an overflow: exported Python raises
    where NumPy would only give infinity.
    """

    formula: Callable[[Any, Span], str]
    more: Callable[[Any, Span], Bindings] = lambda node, span: {}

    def evaluate(self, node: Any, steps: Steps, span: Span) -> Factors:
        """Factor at each local step."""
        bindings = self._bindings(node, span)
        values = evaluate_trusted(self._parsed(node, span, bindings), {"step": steps, **bindings})
        return values if values.shape == steps.shape else np.full(steps.shape, values)

    def write(self, node: Any, span: Span, writer: CodeWriter) -> list[str]:
        """One return statement."""
        bindings = self._bindings(node, span)
        return [f"return {emit(self._parsed(node, span, bindings), bindings)}"]

    def _parsed(self, node: Any, span: Span, bindings: Bindings) -> Formula:
        return parse(self.formula(node, span), ("step", *bindings), trusted=True)

    def _bindings(self, node: Any, span: Span) -> Bindings:
        return bindings_of(node, span) | self.more(node, span)


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
