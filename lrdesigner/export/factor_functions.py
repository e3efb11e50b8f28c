"""The schedules of a design as plain Python functions of the step, proven against the curve before they are shown."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lrdesigner.curves import TOLERANCE, ParamGroup, breakpoints, checked_steps, first_impossible, track_factors
from lrdesigner.document import Plan, Track
from lrdesigner.errors import UserError
from lrdesigner.export.python_text import docstring, identifier, prose, statement
from lrdesigner.findings.rate_findings import impossible_words
from lrdesigner.schedules import shape_of

CHECKED_CALLS = 400
# So that the line with `def` fits.
LONGEST_NAME = 45


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
            _prove(function, group.name, group.group.lr, plan)
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


@lru_cache(maxsize=512)
def _prove(function: FactorFunction, group: str, track: Track, plan: Plan) -> None:
    """Hold the function against the curve; what passed once is not looked at again."""
    impossible = first_impossible(track, plan)
    if impossible is not None:
        raise UserError(f"The lr of {group!r} is {impossible_words(*impossible)}; change its schedule.")
    steps, corners = checked_steps(track, plan), breakpoints(track, plan)[:CHECKED_CALLS]
    some = steps[np.linspace(0, len(steps) - 1, CHECKED_CALLS).astype(np.int64)]
    looked_at = np.unique(np.concatenate([some, corners, np.maximum(corners - 1, 0)]))
    _compare_calls(
        function, group, looked_at.tolist(), track_factors(track, plan, looked_at).tolist(), plan.total_steps
    )


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
            raise UserError(
                f"The lr of {group!r} would be {factor!r} in the plot and {written!r} in the code at step {step:,}: "
                "its formula needs whole numbers beyond 2**53; write it with smaller ones."
            )
