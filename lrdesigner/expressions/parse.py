"""From text to a checked formula: Python's own parser, then a whitelist of nodes. Nothing is ever `eval`ed."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lrdesigner.errors import InvalidValueError
from lrdesigner.expressions.functions import BISECT, CONSTANTS, FUNCTIONS, Function

MAX_LENGTH = 2000
MAX_DEPTH = 60
MAX_INTEGER = 2**53

ALLOWED_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
ALLOWED_UNARY = (ast.UAdd, ast.USub, ast.Not)
ALLOWED_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


class ExpressionError(InvalidValueError):
    """A formula that cannot be used. `offset` counts characters from 0 to where the fault is."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A checked formula. `names` are the variables it really uses, of those it was allowed."""

    source: str
    body: ast.expr
    names: frozenset[str]


def parse(source: str, names: Iterable[str] = ("step", "epoch", "progress"), *, trusted: bool = False) -> Formula:
    """Parse and check `source`, which may use the variables `names`, or raise `ExpressionError`.

    `trusted` also admits what only the program's own shapes use.
    """
    return _parse(source, tuple(names), trusted)


@lru_cache(maxsize=4096)
def _parse(source: str, names: tuple[str, ...], trusted: bool) -> Formula:
    if len(source) > MAX_LENGTH:
        raise ExpressionError(
            f"The formula has {len(source)} characters; at most {MAX_LENGTH} are allowed.", MAX_LENGTH
        )
    stripped = source.strip()
    if not stripped:
        raise ExpressionError("The formula is empty; write for example 0.95 ** epoch.", 0)
    body = _python_tree(source, stripped)
    checker = _Checker(source, stripped, names, trusted)
    checker.check(body, depth=0)
    return Formula(source=stripped, body=body, names=frozenset(checker.used))


def _python_tree(source: str, stripped: str) -> ast.expr:
    lead = len(source) - len(source.lstrip())
    try:
        return ast.parse(stripped, mode="eval").body
    except SyntaxError as error:
        offset = _character(stripped, error.lineno or 1, 0, already_characters=max((error.offset or 1) - 1, 0))
        reason = error.msg.rstrip(".")
        raise ExpressionError(f"Not a formula, at character {lead + offset + 1}: {reason}.", lead + offset) from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionError("The formula is nested too deeply or holds an impossible number.", lead) from None


def _character(text: str, line: int, byte_column: int, already_characters: int | None = None) -> int:
    """Characters before a position that Python gives as line and UTF-8 column."""
    lines = text.split("\n")
    before = sum(len(part) + 1 for part in lines[: line - 1])
    if already_characters is not None:
        return before + already_characters
    current = lines[line - 1] if line - 1 < len(lines) else ""
    return before + len(current.encode()[:byte_column].decode(errors="ignore"))


class _Checker:
    """Walks the tree once; remembers which variables are used."""

    def __init__(self, source: str, stripped: str, names: tuple[str, ...], trusted: bool) -> None:
        self._lead = len(source) - len(source.lstrip())
        self._stripped = stripped
        self._names = names
        self._trusted = trusted
        self.used: set[str] = set()

    def check(self, node: ast.expr, depth: int) -> None:
        """Raise `ExpressionError` at the first part that is not allowed."""
        if depth > MAX_DEPTH:
            raise self._fault(node, "the formula is nested too deeply")
        for child in self._children(node):
            self.check(child, depth + 1)

    def _children(self, node: ast.expr) -> list[ast.expr]:
        match node:
            case ast.Constant():
                self._check_number(node)
                return []
            case ast.Name():
                self._check_name(node)
                return []
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, ALLOWED_OPERATORS):
                return [left, right]
            case ast.UnaryOp(op=op, operand=operand) if isinstance(op, ALLOWED_UNARY):
                return [operand]
            case ast.BoolOp(values=values):
                return values
            case ast.Compare(left=left, ops=ops, comparators=rights):
                if not all(isinstance(op, ALLOWED_COMPARISONS) for op in ops):
                    raise self._fault(node, "only <, <=, >, >=, == and != compare numbers")
                return [left, *rights]
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return [test, body, orelse]
            case ast.Call():
                return self._call_arguments(node)
            case _:
                raise self._fault(
                    node,
                    f"{self._text(node)!r} is not allowed in a formula; use numbers, arithmetic, "
                    "comparisons, 'a if b else c' and functions such as sqrt, cos, min",
                )

    def _call_arguments(self, node: ast.Call) -> list[ast.expr]:
        function = self._function(node.func)
        if function is None:
            raise self._fault(
                node.func,
                f"there is no function {self._text(node.func)!r}" + self._suggest(self._text(node.func), FUNCTIONS),
            )
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            raise self._fault(node, "functions take plain arguments only")
        if not function.min_args <= len(node.args) <= function.max_args:
            wanted = "1 argument" if function.max_args == 1 else f"{function.min_args} or more arguments"
            raise self._fault(node, f"{self._text(node.func)} takes {wanted}, not {len(node.args)}")
        return node.args

    def _function(self, node: ast.expr) -> Function | None:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "math":
            found = FUNCTIONS.get(node.attr)  # people paste math.cos(...) from their training script
            return found if found is not None and found.python == f"math.{node.attr}" else None
        if not isinstance(node, ast.Name):
            return None
        if self._trusted and node.id == "bisect":
            return BISECT
        return FUNCTIONS.get(node.id)

    def _check_number(self, node: ast.Constant) -> None:
        value = node.value
        if not isinstance(value, (bool, int, float)):
            raise self._fault(node, f"{self._text(node)} is not a number")
        try:
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        if self._names and isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise self._fault(node, f"the whole number {self._text(node)[:20]} is too large; write it as a float")
        if not finite:
            raise self._fault(node, f"the number {self._text(node)[:20]} is too large")

    def _check_name(self, node: ast.Name) -> None:
        if node.id in self._names:
            self.used.add(node.id)
        elif node.id not in CONSTANTS:
            known = ", ".join((*self._names, *CONSTANTS))
            suggestion = self._suggest(node.id, (*self._names, *CONSTANTS, *FUNCTIONS))
            raise self._fault(node, f"{node.id!r} is unknown here{suggestion}; a formula knows {known}")

    def _suggest(self, word: str, known: Iterable[str]) -> str:
        import difflib  # only when something is wrong

        near = difflib.get_close_matches(word.removeprefix("math."), list(known), n=1)
        return f" (did you mean {near[0]!r}?)" if near else ""

    def _text(self, node: ast.expr) -> str:
        return ast.get_source_segment(self._stripped, node) or type(node).__name__

    def _fault(self, node: ast.expr, reason: str) -> ExpressionError:
        offset = self._lead + _character(self._stripped, node.lineno, node.col_offset)
        return ExpressionError(f"At character {offset + 1}: {reason}.", offset)
