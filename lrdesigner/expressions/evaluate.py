"""A formula over whole arrays of steps at once."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdesigner.expressions.functions import BISECT, CONSTANTS, FUNCTIONS
from lrdesigner.expressions.parse import Formula

_OPERATORS = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder,
    ast.Pow: np.float_power,
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

    `bindings` gives each variable a number, an array (all of one shape) or, for the shapes' own boundary lists, a
    tuple. Where Python would raise (a division by zero, the logarithm of a negative number, an overflow) the value
    is NaN or infinite; whoever draws or exports it must look.
    """
    arrays = {
        name: value if isinstance(value, tuple) else np.asarray(value, np.float64) for name, value in bindings.items()
    }
    with np.errstate(all="ignore"):
        return np.asarray(_value(formula.body, arrays), dtype=np.float64)


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return np.float64(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return names[name] if name in names else np.float64(CONSTANTS[name][0])
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_number(left, names), _number(right, names))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _value(operand, names) == 0
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, names)
        case ast.UnaryOp(operand=operand):
            return _number(operand, names)
        case ast.BoolOp(op=op, values=values):
            return _either(isinstance(op, ast.Or), [_number(value, names) for value in values])
        case ast.Compare(left=left, ops=ops, comparators=rights):
            operands = [_number(part, names) for part in (left, *rights)]
            pairs = zip(ops, operands, operands[1:], strict=False)
            return np.logical_and.reduce(np.broadcast_arrays(*(_COMPARISONS[type(op)](a, b) for op, a, b in pairs)))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return np.where(_number(test, names) != 0, _number(body, names), _number(orelse, names))
        case ast.Call(func=func, args=args):
            return _call(func, args, names)
    raise AssertionError(f"parse let {type(node).__name__} through")


def _call(func: ast.expr, args: list[ast.expr], names: Mapping[str, Any]) -> Any:
    name = func.attr if isinstance(func, ast.Attribute) else func.id  # type: ignore[attr-defined]
    function = BISECT if name == "bisect" else FUNCTIONS[name]
    return function.vectorised(*(_value(arg, names) if name == "bisect" else _number(arg, names) for arg in args))


def _number(node: ast.expr, names: Mapping[str, Any]) -> Any:
    value = _value(node, names)
    return value.astype(np.float64) if value.dtype == np.bool_ else value


def _either(is_or: bool, operands: list[Any]) -> Any:
    """Python's `or` and `and`, which give one of their operands, not a truth value."""
    result = operands[-1]
    for operand in reversed(operands[:-1]):
        result = np.where(operand != 0, operand, result) if is_or else np.where(operand != 0, result, operand)
    return result
