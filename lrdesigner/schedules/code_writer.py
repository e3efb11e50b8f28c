"""Writing a tree of schedules as Python functions: one for the tree, helpers for parts that are used in arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lrdesigner.expressions.emit import number
from lrdesigner.schedules.length import Span

PART = "FACTOR_PART"
"""Stands for the start of the helpers' names until the function itself has its name."""


@dataclass(frozen=True, slots=True)
class Helper:
    """A function of one argument, `step`, that the written function calls."""

    name: str
    words: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class CodeWriter:
    """Collects the helpers of one exported function."""

    helpers: list[Helper] = field(default_factory=list)

    def lines(self, node: Any, span: Span) -> list[str]:
        """Statements that return the factor of `node` at the variable `step`, and may change `step`."""
        from lrdesigner.schedules.registry import shape_of

        return shape_of(node).behaviour.write(node, span, self)

    def call(self, node: Any, span: Span, argument: str = "step") -> str:
        """An expression for the factor of `node` at `argument`; equal parts share one helper."""
        from lrdesigner.schedules.registry import shape_of

        shape = shape_of(node)
        lines = tuple(shape.behaviour.write(node, span, self))
        known = next((helper for helper in self.helpers if helper.lines == lines), None)
        if known is None:
            known = Helper(f"{PART}_{len(self.helpers) + 1}", shape.describe(node, span), lines)
            self.helpers.append(known)
        return f"{known.name}({argument})"


def literal(value: float | int) -> str:
    """A number as an operand: in parentheses where it is negative."""
    text = number(value)
    return f"({text})" if text.startswith("-") else text
