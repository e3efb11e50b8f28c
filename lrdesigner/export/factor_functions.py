"""The schedules of a design as plain Python functions of the step, proven against the curve before they are shown."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrdesigner.curves import ParamGroup, breakpoints, checked_steps, track_factors
from lrdesigner.document import Plan
from lrdesigner.errors import UserError
from lrdesigner.export.python_text import docstring, identifier, prose, statement
from lrdesigner.numbers import rate
from lrdesigner.schedules import shape_of

CHECKED_CALLS = 400
# So that the line with `def` fits.
LONGEST_NAME = 45
TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class FactorFunction:
    """One function of the exported file; `source` ends without a newline."""

    name: str
    source: str


def factor_functions(groups: Sequence[ParamGroup], plan: Plan) -> tuple[list[FactorFunction], dict[str, str]]:
    """The functions, one per distinct shape, and for each param group the name of its function.

    Raises `UserError` where a factor is not a finite number of at least 0, or Python cannot compute it.
    """
    by_body: dict[str, FactorFunction] = {}
    names: dict[str, str] = {}
    taken = {"step", "math", "bisect", "torch", "nn"}
    for group in groups:
        schedule = group.group.lr.schedule
        lines = shape_of(schedule).behaviour.write(schedule, plan.span)
        body = "\n".join(_laid_out(line) for line in lines)
        if body not in by_body:
            name = identifier(f"{group.name[:LONGEST_NAME]} lr factor", taken)
            words = prose(shape_of(schedule).describe(schedule, plan.span))
            function = FactorFunction(name, _function(name, words, body))
            _prove(function, group, plan)
            by_body[body] = function
        names[group.name] = by_body[body].name
    return list(by_body.values()), names


def _laid_out(line: str) -> str:
    stripped = line.lstrip(" ")
    return statement(stripped, 4 + len(line) - len(stripped))


def _function(name: str, words: str, body: str) -> str:
    doc = docstring(words[:1].upper() + words[1:] + ".", 4)
    uses_step = "step" in body
    clamp = "    step = min(max(step, 0), TOTAL_STEPS)\n" if uses_step else ""
    return f"def {name}(step: int) -> float:\n{doc}\n{clamp}{body}"


def _prove(function: FactorFunction, group: ParamGroup, plan: Plan) -> None:
    track = group.group.lr
    last = plan.total_steps
    steps, corners = checked_steps(track, plan), breakpoints(track, plan)
    factors = track_factors(track, plan, steps)
    wrong = ~np.isfinite(factors) | (factors < 0)
    if wrong.any():
        step, value = int(steps[wrong][0]), float(factors[wrong][0])
        kind = "negative" if value < 0 else "not a finite number"
        raise UserError(
            f"The lr of {group.name!r} is {kind} at step {step:,} (factor {rate(value)}); change its schedule."
        )
    few = np.unique(np.linspace(0, len(steps) - 1, CHECKED_CALLS).astype(np.int64))
    few = np.unique(np.concatenate([few, np.searchsorted(steps, corners[:CHECKED_CALLS])]))
    _compare_calls(function, group.name, steps[few].tolist(), factors[few].tolist(), last)


def _compare_calls(function: FactorFunction, group: str, steps: list[int], factors: list[float], last: int) -> None:
    """Run the written function itself. It holds arithmetic of whitelisted nodes only, so it may run here."""
    scope: dict[str, Any] = {"math": math, "bisect": bisect, "TOTAL_STEPS": last}
    exec(compile(function.source, f"<{function.name}>", "exec"), scope)
    for step, factor in zip(steps, factors, strict=True):
        try:
            written = float(scope[function.name](step))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise UserError(f"The lr of {group!r} cannot be computed at step {step:,}: {error.args[-1]}.") from None
        if not abs(written - factor) <= TOLERANCE * max(1.0, abs(factor)):
            raise AssertionError(f"{function.name}({step}) gives {written!r}, the curve has {factor!r}")
