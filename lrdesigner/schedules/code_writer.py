"""Writing a tree of schedules as Python functions: one for the tree, helpers for parts that are used in arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lrdesigner.expressions.emit import number
from lrdesigner.schedules.length import Span

PART = "FACTOR_PART"
"""Stands for the start of the helpers' names until the function itself has its name."""

TABLE = "FACTOR_TABLE"
"""The same for the tables' names."""


@dataclass(frozen=True, slots=True)
class Helper:
    """A function of one argument, `step`, that the written function calls."""

    name: str
    words: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers that the written function looks up: a name of the module. `lines` are its value."""

    name: str
    words: str
    kind: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class CodeWriter:
    """Collects the helpers and tables of one exported function.

    `last` is the largest value that `step` will have in what is being written; None: that of the node's run.
    """

    last: int | None = None
    helpers: list[Helper] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def lines(self, node: Any, span: Span, last: int | None = None) -> list[str]:
        """Statements that return the factor of `node` at the variable `step`, and may change `step`.

        `last` is given where `step` counts from another origin there.
        """
        from lrdesigner.schedules.registry import shape_of

        outer = self.last
        self.last = outer if last is None else last
        lines = shape_of(node).behaviour.write(node, span, self)
        self.last = outer
        return lines

    def table(self, words: str, kind: str, lines: tuple[str, ...]) -> str:
        """The name of a table with this value, of the type `kind`; equal ones are one."""
        known = next((table for table in self.tables if table.lines == lines), None)
        if known is None:
            known = Table(f"{TABLE}_{len(self.tables) + 1}", words, kind, lines)
            self.tables.append(known)
        return known.name

    def call(self, node: Any, span: Span, argument: str = "step", last: int | None = None) -> str:
        """An expression for the factor of `node` at `argument`; equal parts share one helper."""
        from lrdesigner.schedules.registry import shape_of

        shape = shape_of(node)
        lines = tuple(self.lines(node, span, last))
        known = next((helper for helper in self.helpers if helper.lines == lines), None)
        if known is None:
            known = Helper(f"{PART}_{len(self.helpers) + 1}", shape.describe(node, span), lines)
            self.helpers.append(known)
        return f"{known.name}({argument})"


def literal(value: float | int) -> str:
    """A number as an operand: in parentheses where it is negative."""
    text = number(value)
    return f"({text})" if text.startswith("-") else text
