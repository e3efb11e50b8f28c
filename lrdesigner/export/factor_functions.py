"""The schedules of a design as plain Python functions of the step, proven against the curve before they are shown."""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from lrdesigner.curves import TOLERANCE, breakpoints, checked_steps, first_impossible, lane_factors
from lrdesigner.document import Plan
from lrdesigner.errors import UserError
from lrdesigner.export.freezing import frozen_words
from lrdesigner.export.python_text import LINE, docstring, identifier, prose, statement
from lrdesigner.expressions.emit import number
from lrdesigner.findings.rate_findings import impossible_words
from lrdesigner.param_groups import ParamGroup, steering
from lrdesigner.schedules import shape_of
from lrdesigner.schedules.breaks import FOR_EVER
from lrdesigner.schedules.code_writer import PART, TABLE, CodeWriter, Helper, Table
from lrdesigner.tracks import TRACK_KINDS, Lane, Slot, lane_of, moves, option_of, slots_of

CHECKED_CALLS = 400
# So that the line with `def` fits, with the longest ending that a name can get.
LONGEST_NAME = 28

# A comparison costs less than two calls, and a scheduler asks every function at every step.
_CLAMPED = ("if not 0 <= step <= TOTAL_STEPS:", "    step = min(max(step, 0), TOTAL_STEPS)")

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
    known: dict[_Written, FactorFunction] = {}
    names: Names = {}
    taken = {"step", "torch", "nn", *MODULES}
    for group in groups:
        for slot in slots_of(group.group):
            if not moves(group.group, slot) or (slot == "lr" and steering(group.group)):
                continue
            lane, what = lane_of(group.group, slot, plan), f"{_title(slot)} of {group.name!r}"
            refuse_impossible(what, lane, plan)
            written = _written(lane, plan)
            if written not in known:
                name = identifier(f"{group.group.name[:LONGEST_NAME]} {option_of(group.group, slot)} factor", taken)
                known[written] = FactorFunction(name, _source(name, written))
                _prove(known[written], what, lane, plan)
            names[group.name, slot] = known[written].name
    return list(known.values()), names


def _title(slot: Slot) -> str:
    return "lr" if slot == "lr" else TRACK_KINDS[slot].title.lower()


@dataclass(frozen=True, slots=True)
class _Written:
    """A function without its name: equal ones are one, whatever words describe them."""

    tables: tuple[Table, ...]
    helpers: tuple[Helper, ...]
    lines: tuple[str, ...]
    words: str = field(compare=False)


@lru_cache(maxsize=512)
def _written(lane: Lane, plan: Plan) -> _Written:
    schedule, span = lane.track.schedule, plan.span_for(lane.track.base)
    writer = CodeWriter(plan.total_steps)
    lines = (*_frozen_lines(lane), *writer.lines(schedule, span))
    words = shape_of(schedule).describe(schedule, span) + (f", {frozen_words(lane.frozen)}" if lane.frozen else "")
    return _Written(tuple(writer.tables), tuple(writer.helpers), lines, words)


def _frozen_lines(lane: Lane) -> list[str]:
    lines: list[str] = []
    for start, end in lane.frozen:
        test = f"step >= {number(start)}" if end == FOR_EVER else f"{number(start)} <= step < {number(end)}"
        lines += [f"if {f'step < {number(end)}' if start == 0 else test}:", "    return 0.0"]
    return lines


def _source(name: str, written: _Written) -> str:
    """Tables, helpers and the function, with their names and then laid out."""

    def named(text: str) -> str:
        return text.replace(PART, f"{name}_part").replace(TABLE, f"{name.upper()}_TABLE")

    tables = [_table_text(named(table.name), table, tuple(map(named, table.lines))) for table in written.tables]
    helpers = [_function_text(named(h.name), h.words, tuple(map(named, h.lines))) for h in written.helpers]
    lines = tuple(map(named, written.lines))
    if any("step" in line for line in lines):
        lines = (*_CLAMPED, *lines)
    return "\n\n\n".join([*tables, *helpers, _function_text(name, written.words, lines)])


def _table_text(name: str, table: Table, lines: tuple[str, ...]) -> str:
    """A name of the module with its value, which formatters leave whole where a line is too long."""
    text = "\n".join([f"{name}: {table.kind} = {lines[0]}", *lines[1:]])
    too_long = any(len(line) > LINE for line in text.splitlines())
    return f"# {table.words}\n{text}{'  # fmt: skip' if too_long else ''}"


def _function_text(name: str, words: str, lines: tuple[str, ...]) -> str:
    body = [statement(line.lstrip(" "), 4 + len(line) - len(line.lstrip(" "))) for line in lines]
    return "\n".join([f"def {name}(step: int) -> float:", docstring(_sentence(words), 4), *body])


def _sentence(words: str) -> str:
    text = prose(words)
    return text[:1].upper() + text[1:] + "."


def refuse_impossible(what: str, lane: Lane, plan: Plan) -> None:
    """Of each track, also where several share a function: a factor that a rate can have may be too much for a beta."""
    impossible = first_impossible(lane.track, plan, lane.below)
    if impossible is not None:
        raise UserError(f"The {what} is {impossible_words(*impossible)}; change its schedule.")


@lru_cache(maxsize=512)
def _prove(function: FactorFunction, what: str, lane: Lane, plan: Plan) -> None:
    """Hold the function against the curve; what passed once is not looked at again."""
    steps, corners = checked_steps(lane.track, plan), breakpoints(lane.track, plan)[:CHECKED_CALLS]
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
