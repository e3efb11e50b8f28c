"""A formula over whole arrays of steps at once."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdesigner.expressions.functions import CONSTANTS, FUNCTIONS
from lrdesigner.expressions.parse import Formula

_OPERATORS = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder,
    ast.Pow: np.power,  # of floats only, since `evaluate` makes floats of everything
}
_COMPARISONS = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


def evaluate(formula: Formula, bindings: Mapping[str, Any]) -> NDArray[np.float64]:
    """Value of `formula` for each step, as float64.

    `bindings` gives each variable a number or an array (all of one shape). Where Python would raise (a division by
    zero, the logarithm of a negative number, an overflow) the value is NaN, also where later arithmetic would hide it
    again, such as in 1 / (1 + exp(1000)); whoever draws or exports it must look.
    """
    arrays = {name: np.asarray(value, np.float64) for name, value in bindings.items()}
    with np.errstate(all="ignore"):
        return np.asarray(_finite(_Evaluator(arrays).value(formula.body)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Evaluator:
    """Walks the tree once and looks at the result of every operation."""

    names: Mapping[str, Any]

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return np.float64(value)  # type: ignore[arg-type]
            case ast.Name(id=name):
                return self.names[name] if name in self.names else np.float64(CONSTANTS[name][0])
            case ast.BinOp(left=left, op=op, right=right):
                return _finite(_OPERATORS[type(op)](self.value(left), self.value(right)))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                value = self.value(operand)
                return np.where(np.isnan(value), value, value == 0)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.value(operand)
            case ast.UnaryOp(operand=operand):
                return self.value(operand)
            case ast.BoolOp(op=op, values=values):
                return _either(isinstance(op, ast.Or), [self.value(value) for value in values])
            case ast.Compare(left=left, ops=ops, comparators=rights):
                return _compared(ops, [self.value(part) for part in (left, *rights)])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                truth = self.value(test)
                return np.where(np.isnan(truth), truth, np.where(truth != 0, self.value(body), self.value(orelse)))
            case ast.Call(func=func, args=args):
                return self._call(func, args)
        raise AssertionError(f"parse let {type(node).__name__} through")

    def _call(self, func: ast.expr, args: list[ast.expr]) -> Any:
        name = func.attr if isinstance(func, ast.Attribute) else func.id  # type: ignore[attr-defined]
        function = FUNCTIONS[name]
        return _finite(function.vectorised(*(self.value(arg) for arg in args)))


def _finite(value: Any) -> Any:
    """NaN instead of an infinity, so that it spreads as the error would that Python raises here."""
    return value if np.isfinite(value).all() else np.where(np.isfinite(value), value, np.nan)


def _compared(ops: list[ast.cmpop], operands: list[Any]) -> Any:
    """1.0 or 0.0, or NaN where an operand is; a chain holds if each of its links does."""
    truth: Any = np.float64(1.0)
    for op, (left, right) in zip(ops, itertools.pairwise(operands), strict=True):
        link = np.where(np.isnan(left) | np.isnan(right), np.nan, _COMPARISONS[type(op)](left, right))
        truth = truth * link
    return truth


def _either(is_or: bool, operands: list[Any]) -> Any:
    """Python's `or` and `and`, which give one of their operands, not a truth value."""
    result = operands[-1]
    for operand in reversed(operands[:-1]):
        chosen = np.where(operand != 0, operand, result) if is_or else np.where(operand != 0, result, operand)
        result = np.where(np.isnan(operand), operand, chosen)
    return result
