"""A formula as Python source, with its parameters filled in and everything constant worked out."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from lrdesigner.expressions.functions import BISECT, CONSTANTS, FUNCTIONS, Function
from lrdesigner.expressions.parse import Formula

Substitution = Mapping[str, "float | int | tuple[int, ...] | str"]

_UNARY_LEVEL = 80
_POWER_LEVEL = 90
_BINARY: dict[type[ast.operator], tuple[str, int, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", 60, operator.add),
    ast.Sub: ("-", 60, operator.sub),
    ast.Mult: ("*", 70, operator.mul),
    ast.Div: ("/", 70, operator.truediv),
    ast.FloorDiv: ("//", 70, operator.floordiv),
    ast.Mod: ("%", 70, operator.mod),
    ast.Pow: ("**", _POWER_LEVEL, operator.pow),
}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_COMPARE_LEVEL, _NOT_LEVEL, _AND_LEVEL, _OR_LEVEL, _IF_LEVEL = 50, 40, 30, 20, 10
_ATOM = 100
# Larger powers are left to run time as floats: 9 ** 9 ** 9 must not be worked out here or there as an integer.
_LARGEST_FOLDED = 1e15
_LARGEST_INTEGER_EXPONENT = 100
_SIMPLE = re.compile(r"-?(\d[\d_]*(\.\d*)?(e[+-]?\d+)?|[A-Za-z_][\w.]*)")


def emit(formula: Formula, substitution: Substitution) -> str:
    """Python text of `formula`, laid out as `ruff format` would on one line.

    Each variable in `substitution` becomes that number or, if a string, that Python text taken as a single operand
    of the multiplication level (`"step / 450"`). Variables not named there stay.
    """
    return _Emitter(substitution).text(formula.body)


def number(value: float | int) -> str:
    """A number as people write it in Python: `2_500`, `0.1`, `5e-05`."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:_}" if abs(value) >= 1000 else str(value)
    return repr(value).replace("e+", "e")


class _Emitter:
    """Gives each node as (text, binding strength, constant value or None)."""

    def __init__(self, substitution: Substitution) -> None:
        self._substitution = substitution

    def text(self, node: ast.expr) -> str:
        return self._part(node)[0]

    def _part(self, node: ast.expr) -> tuple[str, int, Any]:
        match node:
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.BinOp(left=left, op=ast.Add(), right=ast.BinOp(left=first, op=ast.Mult() as times, right=second)):
                factor, rest = self._part(first), self._part(second)
                if factor[2] is not None and factor[2] < 0:  # a + -b * c reads better, and is the same, as a - b * c
                    product = self._binary(self._constant(-factor[2]), times, rest)
                    return self._binary(self._part(left), ast.Sub(), product)
                return self._binary(self._part(left), ast.Add(), self._binary(factor, times, rest))
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(self._part(left), op, self._part(right))
            case ast.UnaryOp(op=op, operand=operand):
                return self._unary(op, self._part(operand))
            case ast.BoolOp(op=op, values=values):
                level, word = (_OR_LEVEL, " or ") if isinstance(op, ast.Or) else (_AND_LEVEL, " and ")
                return word.join(_wrap(self._part(value), level + 1) for value in values), level, None
            case ast.Compare(left=left, ops=ops, comparators=rights):
                text = _wrap(self._part(left), _COMPARE_LEVEL + 1)
                for comparison, right in zip(ops, rights, strict=True):
                    text += f" {_COMPARE[type(comparison)]} {_wrap(self._part(right), _COMPARE_LEVEL + 1)}"
                return text, _COMPARE_LEVEL, None
            case ast.IfExp(test=test, body=body, orelse=orelse):
                condition, value = (_wrap(self._part(part), _IF_LEVEL + 1) for part in (test, body))
                return f"{value} if {condition} else {_wrap(self._part(orelse), _IF_LEVEL)}", _IF_LEVEL, None
            case ast.Call(func=func, args=args):
                return self._call(func, [self._part(arg) for arg in args])
        raise AssertionError(f"parse let {type(node).__name__} through")

    def _constant(self, value: Any) -> tuple[str, int, Any]:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
            return number(value), _UNARY_LEVEL, value
        return number(value), _ATOM, None if isinstance(value, bool) else value

    def _name(self, name: str) -> tuple[str, int, Any]:
        if name not in self._substitution:
            return (CONSTANTS[name][1] if name in CONSTANTS else name), _ATOM, None
        value = self._substitution[name]
        if isinstance(value, str):
            return value, (_ATOM if value.isidentifier() else 70), None
        if isinstance(value, tuple):
            inner = ", ".join(number(part) for part in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})", _ATOM, None
        return self._constant(value)

    def _binary(
        self, left: tuple[str, int, Any], op: ast.operator, right: tuple[str, int, Any]
    ) -> tuple[str, int, Any]:
        symbol, level, compute = _BINARY[type(op)]
        if left[2] is not None and right[2] is not None:
            folded = _fold(compute, left[2], right[2])
            if folded is not None:
                return self._constant(folded)
        neutral = _drop_neutral(left, symbol, right)
        if neutral is not None:
            return neutral
        if symbol == "**":
            return _power(left, right)
        return f"{_wrap(left, level)} {symbol} {_wrap(right, level + 1)}", level, None

    def _unary(self, op: ast.unaryop, operand: tuple[str, int, Any]) -> tuple[str, int, Any]:
        if operand[1] == _POWER_LEVEL:  # ruff parenthesises a power under a sign or a `not`
            operand = (f"({operand[0]})", _ATOM, None)
        if isinstance(op, ast.Not):
            return f"not {_wrap(operand, _NOT_LEVEL)}", _NOT_LEVEL, None
        if isinstance(op, ast.UAdd):
            return operand
        if operand[2] is not None:
            return self._constant(-operand[2])
        return f"-{_wrap(operand, _UNARY_LEVEL)}", _UNARY_LEVEL, None

    def _call(self, func: ast.expr, args: list[tuple[str, int, Any]]) -> tuple[str, int, Any]:
        name = func.attr if isinstance(func, ast.Attribute) else func.id  # type: ignore[attr-defined]
        function: Function = BISECT if name == "bisect" else FUNCTIONS[name]
        values = [arg[2] for arg in args]
        if values and all(value is not None for value in values):
            folded = _fold(function.scalar, *values)
            if folded is not None:
                return self._constant(folded)
        return f"{function.python}({', '.join(arg[0] for arg in args)})", _ATOM, None


def _wrap(part: tuple[str, int, Any], level: int) -> str:
    return part[0] if part[1] >= level else f"({part[0]})"


def _power(left: tuple[str, int, Any], right: tuple[str, int, Any]) -> tuple[str, int, Any]:
    base = _wrap(left, _ATOM)
    if isinstance(left[2], int):
        base = number(float(left[2])) if left[2] >= 0 else f"({float(left[2])!r})"
    elif left[2] is None and (_is_large(right) or "**" in left[0]):
        base = f"float({left[0]})"  # step ** step ** step must not be worked out as an integer at run time either
    exponent = _wrap(right, _UNARY_LEVEL)
    # ruff hugs ** between plain names and numbers, and spaces it otherwise.
    hugged = _SIMPLE.fullmatch(base) and _SIMPLE.fullmatch(exponent)
    return (f"{base}**{exponent}" if hugged else f"{base} ** {exponent}"), _POWER_LEVEL, None


def _is_large(exponent: tuple[str, int, Any]) -> bool:
    value = exponent[2]
    return value is None or (isinstance(value, int) and abs(value) > _LARGEST_INTEGER_EXPONENT)


def _fold(compute: Callable[..., Any], *values: Any) -> Any:
    if compute is operator.pow:
        values = tuple(float(value) for value in values)
    try:
        result = compute(*values)
        usable = not isinstance(result, complex) and math.isfinite(result) and abs(result) < _LARGEST_FOLDED
    except (ArithmeticError, ValueError):
        return None
    return result if usable else None


def _drop_neutral(left: tuple[str, int, Any], symbol: str, right: tuple[str, int, Any]) -> tuple[str, int, Any] | None:
    """x + 0, 0 + x, x - 0, x * 1, 1 * x, x / 1 and x ** 1 are x, exactly, in floating point too."""
    if left[2] is not None and ((symbol == "+" and left[2] == 0) or (symbol == "*" and left[2] == 1)):
        return right
    if right[2] is not None:
        if symbol in "+-" and right[2] == 0:
            return left
        if symbol in ("*", "/", "**") and right[2] == 1:
            return left
    return None
