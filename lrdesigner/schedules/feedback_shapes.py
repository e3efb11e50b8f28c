"""The entries of the schedules that follow a metric: piecewise constant, as their trace makes them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lrdesigner.errors import UserError
from lrdesigner.numbers import exact, rate
from lrdesigner.schedules.breaks import Breaks, Points
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.feedback import Greedy, Plateau
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.handle_kinds import always, to_number
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.level import factor_of, level_like
from lrdesigner.schedules.metric_runs import bounds_of, simulate
from lrdesigner.schedules.shape import Factors, Shape, ShapeHandle, Steps, TorchForm
from lrdesigner.schedules.traces import AssumedTrace


@lru_cache(maxsize=256)
def _stairs(node: Plateau | Greedy, span: Span) -> tuple[Points, Factors]:
    """The steps at which the factor changes, and the factors before the first of them and from each on."""
    events = simulate(node, span)
    steps = np.array([step for step, _ in events], dtype=np.int64)
    return steps, np.array([1.0, *(factor for _, factor in events)])


class _FeedbackBehaviour:
    """Looks up the stair of each step. There is no function of the step to write: training decides."""

    def evaluate(self, node: Plateau | Greedy, steps: Steps, span: Span) -> Factors:
        changes, factors = _stairs(node, span)
        found: Factors = factors[np.searchsorted(changes, steps, side="right")]
        return found

    def write(self, node: Plateau | Greedy, span: Span, writer: CodeWriter) -> list[str]:
        raise UserError(f"{_name(node)} follows a metric, so it cannot be written as a function of the step.")


def _name(node: Plateau | Greedy) -> str:
    return "Greedy" if isinstance(node, Greedy) else "Reduce on plateau"


def _breaks(node: Plateau | Greedy, span: Span) -> Breaks:
    return Breaks(points=tuple(step for step, _ in simulate(node, span)))


def _torch_plateau(node: Plateau, span: Span) -> TorchForm:
    return TorchForm(
        name="ReduceLROnPlateau",
        arguments={
            "mode": node.mode,
            "factor": node.factor,
            "patience": node.patience,
            "threshold": node.threshold,
            "threshold_mode": node.threshold_mode,
            "cooldown": node.cooldown,
            "min_lr": bounds_of(node, span).lowest,
            "eps": node.eps,
        },
    )


def _when(node: Plateau | Greedy, span: Span) -> str:
    every = steps_of(node, "every", span)
    rhythm = f"every {every:,} steps" if every > 1 else "every step"
    return f"evaluated {rhythm}; drawn for {_trace_words(node)}"


def _trace_words(node: Plateau | Greedy) -> str:
    trace = node.metric
    if isinstance(trace, AssumedTrace):
        return f"an assumed metric from {rate(trace.start)} to {rate(trace.end)}"
    return "a recorded metric" + (f" ({trace.source})" if trace.source else "")


def _plateau_words(node: Plateau, span: Span) -> str:
    worse = f"after more than {node.patience:,} evaluations in a row" if node.patience else "after each evaluation"
    return f"times {exact(node.factor)} {worse} without a better metric, {_when(node, span)}"


def _greedy_words(node: Greedy, span: Span) -> str:
    row = f"more than {node.patience:,} evaluations in a row" if node.patience else "each evaluation"
    factor = exact(node.factor)
    return f"over {factor} after {row} with a better metric, times {factor} after as many without, {_when(node, span)}"


def _first_change(node: Plateau | Greedy, span: Span) -> int | None:
    return next((step for step, _ in simulate(node, span)), None)


def _first_at_floor(node: Plateau | Greedy, span: Span) -> int | None:
    lowest = factor_of(node.floor, span)
    return next((step for step, factor in simulate(node, span) if 0 < factor <= lowest), None)


_FIRST_CHANGE = ShapeHandle(
    name="factor",
    title="first change",
    at=_first_change,
    value=to_number("factor", lambda node, span, step, factor: factor if factor < 1 else 1 / factor),
)
_FLOOR = ShapeHandle(
    name="floor",
    title="floor",
    at=_first_at_floor,
    value=lambda node, span, step, factor: {"floor": level_like(node.floor, factor, span)},
)

FEEDBACK = (
    Shape(
        node=Plateau,
        title="Reduce on plateau",
        family="feedback",
        behaviour=_FeedbackBehaviour(),
        breaks=_breaks,
        handles=always(_FIRST_CHANGE, _FLOOR),
        describe=_plateau_words,
        torch_form=_torch_plateau,
    ),
    Shape(
        node=Greedy,
        title="Greedy",
        family="feedback",
        behaviour=_FeedbackBehaviour(),
        breaks=_breaks,
        handles=always(_FIRST_CHANGE, _FLOOR),
        describe=_greedy_words,
    ),
)
