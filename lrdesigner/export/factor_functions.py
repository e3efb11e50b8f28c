"""The schedules of a design as plain Python functions of the step, proven against the curve before they are shown."""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lrdesigner.curves import (
    TOLERANCE,
    ParamGroup,
    breakpoints,
    checked_steps,
    first_impossible,
    lane_factors,
    steering,
)
from lrdesigner.document import Plan
from lrdesigner.errors import UserError
from lrdesigner.export.freezing import frozen_words
from lrdesigner.export.python_text import LINE, docstring, identifier, prose, statement
from lrdesigner.expressions.emit import number
from lrdesigner.findings.rate_findings import impossible_words
from lrdesigner.schedules import shape_of
from lrdesigner.schedules.breaks import FOR_EVER
from lrdesigner.schedules.code_writer import PART, TABLE, CodeWriter, Table
from lrdesigner.tracks import TRACK_KINDS, Lane, Slot, lane_of, moves, option_of, slots_of

CHECKED_CALLS = 400
# So that the line with `def` fits, with the longest ending that a name can get.
LONGEST_NAME = 28

MODULES = ("bisect", "itertools", "math", "operator")
"""What the functions may use of the standard library."""


@dataclass(frozen=True, slots=True)
class FactorFunction:
    """One function of the exported file, behind the helpers that it calls; `source` ends without a newline."""

    name: str
    source: str


Names = dict[tuple[str, Slot], str]
"""(param group, track) -> the name of its function."""


def factor_functions(groups: Sequence[ParamGroup], plan: Plan) -> tuple[list[FactorFunction], Names]:
    """The functions, one per distinct shape of a track that moves, and which track uses which; none for a metric's.

    Raises `UserError` where a value cannot be (negative, no number, a beta of 1), or Python cannot compute it.
    """
    by_body: dict[str, FactorFunction] = {}
    names: Names = {}
    taken = {"step", "torch", "nn", *MODULES}
    for group in groups:
        for slot in slots_of(group.group):
            if not moves(group.group, slot) or (slot == "lr" and steering(group.group)):
                continue
            lane = lane_of(group.group, slot, plan)
            body, words = _body(lane, plan)
            if body not in by_body:
                name = identifier(f"{group.name[:LONGEST_NAME]} {option_of(group.group, slot)} factor", taken)
                function = FactorFunction(name, _source(name, words, body))
                _prove(function, f"{_title(slot)} of {group.name!r}", lane, plan)
                by_body[body] = function
            names[group.name, slot] = by_body[body].name
    return list(by_body.values()), names


def _title(slot: Slot) -> str:
    return "lr" if slot == "lr" else TRACK_KINDS[slot].title.lower()


def _body(lane: Lane, plan: Plan) -> tuple[str, str]:
    """Helpers and statements, with places left for the names, and what they do in words."""
    schedule, span = lane.track.schedule, plan.span_for(lane.track.base)
    writer = CodeWriter(plan.total_steps)
    lines = [*_frozen_lines(lane), *writer.lines(schedule, span)]
    helpers = "".join(
        f"def {helper.name}(step: int) -> float:\n{docstring(_sentence(helper.words), 4)}\n"
        + "\n".join(_laid_out(line) for line in helper.lines)
        + "\n\n\n"
        for helper in writer.helpers
    )
    words = shape_of(schedule).describe(schedule, span) + (f", {frozen_words(lane.frozen)}" if lane.frozen else "")
    tables = "".join(f"{_table_text(table)}\n\n\n" for table in writer.tables)
    return tables + helpers + _HERE + "\n".join(_laid_out(line) for line in lines), words


_HERE = "\0"
"""Where the head of the function goes: between its helpers and its statements."""


def _table_text(table: Table) -> str:
    """A name of the module with its value, which formatters leave whole where a line is too long."""
    text = "\n".join([f"{table.name}: {table.kind} = {table.lines[0]}", *table.lines[1:]])
    longest = max(len(line) for line in text.splitlines()) + LONGEST_NAME
    return f"# {table.words}\n{text}{'  # fmt: skip' if longest > LINE else ''}"


def _frozen_lines(lane: Lane) -> list[str]:
    lines: list[str] = []
    for start, end in lane.frozen:
        test = f"step >= {number(start)}" if end == FOR_EVER else f"{number(start)} <= step < {number(end)}"
        lines += [f"if {f'step < {number(end)}' if start == 0 else test}:", "    return 0.0"]
    return lines


def _laid_out(line: str) -> str:
    stripped = line.lstrip(" ")
    return statement(stripped, 4 + len(line) - len(stripped))


def _source(name: str, words: str, body: str) -> str:
    helpers, statements = body.replace(PART, f"{name}_part").replace(TABLE, f"{name.upper()}_TABLE").split(_HERE)
    clamp = "    step = min(max(step, 0), TOTAL_STEPS)\n" if "step" in statements else ""
    return f"{helpers}def {name}(step: int) -> float:\n{docstring(_sentence(words), 4)}\n{clamp}{statements}"


def _sentence(words: str) -> str:
    text = prose(words)
    return text[:1].upper() + text[1:] + "."


@lru_cache(maxsize=512)
def _prove(function: FactorFunction, what: str, lane: Lane, plan: Plan) -> None:
    """Hold the function against the curve; what passed once is not looked at again."""
    track = lane.track
    impossible = first_impossible(track, plan, lane.below)
    if impossible is not None:
        raise UserError(f"The {what} is {impossible_words(*impossible)}; change its schedule.")
    steps, corners = checked_steps(track, plan), breakpoints(track, plan)[:CHECKED_CALLS]
    some = steps[np.linspace(0, len(steps) - 1, CHECKED_CALLS).astype(np.int64)]
    looked_at = np.unique(np.concatenate([some, corners, np.maximum(corners - 1, 0)]))
    _compare_calls(function, what, looked_at.tolist(), lane_factors(lane, plan, looked_at).tolist(), plan.total_steps)


def _compare_calls(function: FactorFunction, what: str, steps: list[int], factors: list[float], last: int) -> None:
    """Run the written function itself. It holds arithmetic of whitelisted nodes only, so it may run here."""
    scope: dict[str, Any] = {"math": math, "bisect": bisect, "itertools": itertools, "operator": operator}
    scope["TOTAL_STEPS"] = last
    exec(compile(function.source, f"<{function.name}>", "exec"), scope)
    for step, factor in zip(steps, factors, strict=True):
        try:
            written = float(scope[function.name](step))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise UserError(f"The {what} cannot be computed at step {step:,}: {error.args[-1]}.") from None
        if not abs(written - factor) <= TOLERANCE * max(1.0, abs(factor)):
            raise UserError(
                f"The {what} would be {factor!r} in the plot and {written!r} in the code at step {step:,}: "
                "its formula needs whole numbers beyond 2**53; write it with smaller ones."
            )
