"""The functions and constants a formula may name, each with its NumPy and its Python form."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Function:
    """One callable name: `vectorised` takes float64 arrays, `python` is what exported code calls."""

    vectorised: Callable[..., Any]
    scalar: Callable[..., Any]
    python: str
    min_args: int = 1
    max_args: int = 1


def _count_passed(boundaries: tuple[float, ...], step: Any) -> Any:
    return np.searchsorted(np.asarray(boundaries, dtype=np.float64), step, side="right").astype(np.float64)


def _minimum(*args: Any) -> Any:
    return reduce(np.minimum, args)


def _maximum(*args: Any) -> Any:
    return reduce(np.maximum, args)


FUNCTIONS = MappingProxyType(
    {
        "abs": Function(np.abs, abs, "abs"),
        "ceil": Function(np.ceil, math.ceil, "math.ceil"),
        "cos": Function(np.cos, math.cos, "math.cos"),
        "exp": Function(np.exp, math.exp, "math.exp"),
        "floor": Function(np.floor, math.floor, "math.floor"),
        "int": Function(np.trunc, int, "int"),
        "log": Function(np.log, math.log, "math.log"),
        "log10": Function(np.log10, math.log10, "math.log10"),
        "log2": Function(np.log2, math.log2, "math.log2"),
        "max": Function(_maximum, max, "max", 2, 16),
        "min": Function(_minimum, min, "min", 2, 16),
        "round": Function(np.round, round, "round"),
        "sin": Function(np.sin, math.sin, "math.sin"),
        "sqrt": Function(np.sqrt, math.sqrt, "math.sqrt"),
        "tan": Function(np.tan, math.tan, "math.tan"),
        "tanh": Function(np.tanh, math.tanh, "math.tanh"),
    }
)

# Only the shapes' own formulas may use this one: its first argument is a tuple, which no user's formula can hold.
BISECT = Function(_count_passed, bisect_right, "bisect.bisect_right", 2, 2)

CONSTANTS = MappingProxyType({"pi": (math.pi, "math.pi"), "e": (math.e, "math.e")})
