"""One climb and one long way down, and the momentum beside it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Literal

from msgspec import Meta

from lrdesigner.numbers import exact
from lrdesigner.schedules.breaks import Breaks
from lrdesigner.schedules.formulas import Bindings, steps_of
from lrdesigner.schedules.handle_kinds import (
    always,
    length,
    level,
    to_level,
    to_share,
)
from lrdesigner.schedules.length import REST, Span
from lrdesigner.schedules.level import Level, factor_of, level_words
from lrdesigner.schedules.piecewise import Piece, PiecewiseBehaviour
from lrdesigner.schedules.ramps import Over
from lrdesigner.schedules.shape import Node, Shape, ShapeHandle, TorchForm

Anneal = Literal["cosine", "linear"]


class OneCycle(Node, frozen=True, tag="one_cycle"):
    """One climb to the base value and one long way down, below where it began.

    Two phases: start to 1, then to the end. Three: start to 1, back to start as fast, then to the end; each along a
    cosine or a line. In torch: `OneCycleLR`, start = 1 / div_factor, end = start / final_div_factor. After Smith and
    Topin, arXiv 1708.07120.
    """

    pct_start: Annotated[
        float, Meta(gt=0, le=1, title="Share of climbing", description="Part of the length that goes up.")
    ] = 0.3
    start: Annotated[Level, Meta(title="Starts at", description="torch's 1 / div_factor.")] = 0.04
    end: Annotated[Level, Meta(title="Ends at", description="torch's 1 / (div_factor * final_div_factor).")] = 4e-6
    anneal: Annotated[Anneal, Meta(title="Along", description="The curve of every phase.")] = "cosine"
    three_phase: Annotated[bool, Meta(title="Three phases", description="Down as it went up, then on to the end.")] = (
        False
    )
    length: Over = REST


class OneCycleMomentum(Node, frozen=True, tag="one_cycle_momentum"):
    """The momentum beside a one-cycle rate: down while the rate goes up, and up again.

    1 to the low level over the share of climbing, back to 1 over the rest (three phases: over as much time again, then
    1). In torch: `OneCycleLR` with base value max_momentum and low = base_momentum / max_momentum.
    """

    pct_start: Annotated[
        float, Meta(gt=0, le=1, title="Share of climbing", description="As in the rate beside it.")
    ] = 0.3
    low: Annotated[Level, Meta(title="Low", description="Multiple of the base value where the rate is highest.")] = (
        0.85 / 0.95
    )
    anneal: Annotated[Anneal, Meta(title="Along", description="The curve of every phase.")] = "cosine"
    three_phase: Annotated[bool, Meta(title="Three phases", description="As in the rate beside it.")] = False
    length: Over = REST


def _one_cycle_ends(node: OneCycle | OneCycleMomentum, span: Span) -> Bindings:
    """Ends of the phases as torch has them, as floats; `width` keeps a phase of no length from dividing by 0."""
    length = steps_of(node, "length", span)
    first = node.pct_start * length - 1
    second = 2 * node.pct_start * length - 2 if node.three_phase else float(length - 1)
    last = float(length - 1)
    return {
        "first_end": max(first, 0.0),
        "first_width": max(first, 1e-9),
        "second_start": first,
        "second_end": second,
        "second_width": max(second - first, 1e-9),
        "third_start": second,
        "third_width": max(last - second, 1e-9),
        "last": last,
    }


def _between(a: str, b: str, progress: str, anneal: Anneal) -> str:
    """From a to b, in torch's own order of operations."""
    if anneal == "cosine":
        return f"{b} + ({a} - {b}) / 2 * (1 + cos(pi * ({progress})))"
    return f"{a} + ({b} - {a}) * ({progress})"


def _one_cycle_pieces(levels: tuple[str, str, str, str], anneal: Anneal, three: bool) -> tuple[tuple[Piece, ...], str]:
    """The phases through these levels (the third only of three phases), and what holds at the end."""
    first, second, third, last = levels
    climb = ("step < first_end", _between(first, second, "step / first_width", anneal))
    if not three:
        return (climb,), _between(second, last, "min((step - second_start) / second_width, 1.0)", anneal)
    middle = ("step < second_end", _between(second, third, "(step - second_start) / second_width", anneal))
    return (climb, middle), _between(third, last, "min((step - third_start) / third_width, 1.0)", anneal)


def _rate_phases(node: OneCycle) -> tuple[tuple[Piece, ...], str]:
    return _one_cycle_pieces(("start", "1", "start", "end"), node.anneal, node.three_phase)


def _momentum_phases(node: OneCycleMomentum) -> tuple[tuple[Piece, ...], str]:
    return _one_cycle_pieces(("1", "low", "1", "1"), node.anneal, node.three_phase)


def _one_cycle_breaks(node: OneCycle | OneCycleMomentum, span: Span) -> Breaks:
    ends = _one_cycle_ends(node, span)
    found = [ends["first_end"], ends["last"]] + ([ends["second_end"]] if node.three_phase else [])
    return Breaks(
        points=tuple(sorted({step for end in found for step in (math.floor(end), math.floor(end) + 1) if end > 0}))
    )


def _torch_one_cycle(node: OneCycle, span: Span) -> TorchForm | None:
    start, end = factor_of(node.start, span), factor_of(node.end, span)
    length = steps_of(node, "length", span)
    ends = _one_cycle_ends(node, span)
    narrow = node.pct_start * length <= 1 or (node.three_phase and ends["second_end"] >= ends["last"])
    if start <= 0 or end <= 0 or narrow or length < 2 or node.pct_start == 1:
        return None
    return TorchForm(
        name="OneCycleLR",
        arguments={
            "max_lr": span.base,
            "total_steps": length,
            "pct_start": node.pct_start,
            "anneal_strategy": "cos" if node.anneal == "cosine" else "linear",
            "div_factor": 1 / start,
            "final_div_factor": start / end,
            "three_phase": node.three_phase,
            "cycle_momentum": False,
        },
        until=length - 1,
    )


def _overshoots(node: OneCycle, span: Span) -> bool:
    """Whether the last line of torch's, one step beyond its end, is below 0."""
    ends, start, end = _one_cycle_ends(node, span), factor_of(node.start, span), factor_of(node.end, span)
    begin, width = (start, ends["third_width"]) if node.three_phase else (1.0, ends["second_width"])
    return bool(end + (end - begin) / width < 0)


def _one_cycle_differs(node: OneCycle, span: Span) -> tuple[str, ...]:
    length = steps_of(node, "length", span)
    if span.steps < length:
        return ()
    over = "turns up again" if node.anneal == "cosine" else f"falls {'below 0' if _overshoots(node, span) else 'on'}"
    return (f"torch's OneCycleLR {over} at step {length:,} of its own and raises one step later; here the end holds.",)


def _one_cycle_words(node: OneCycle, span: Span) -> str:
    length, phases = steps_of(node, "length", span), "three phases" if node.three_phase else "two phases"
    return (
        f"one {node.anneal} cycle over {length:,} steps in {phases}: from {level_words(node.start)} to 1 over "
        f"{exact(100 * node.pct_start)}%, then to {level_words(node.end)}"
    )


# What can be dragged.


def _one_cycle_peak(node: OneCycle | OneCycleMomentum, span: Span) -> int:
    return round(float(_one_cycle_ends(node, span)["first_end"]))


def _one_cycle_last(node: OneCycle | OneCycleMomentum, span: Span) -> int:
    return steps_of(node, "length", span) - 1


_PEAK = ShapeHandle(
    name="peak",
    title="peak",
    at=_one_cycle_peak,
    step=to_share("pct_start", lambda node, span, step: (step + 1) / steps_of(node, "length", span), _one_cycle_peak),
)


ONE_CYCLES = (
    Shape(
        node=OneCycle,
        title="One cycle",
        family="cycle",
        behaviour=PiecewiseBehaviour(
            pieces=lambda node: _rate_phases(node)[0],
            otherwise=lambda node: _rate_phases(node)[1],
            more=_one_cycle_ends,
        ),
        breaks=_one_cycle_breaks,
        describe=_one_cycle_words,
        torch_form=_torch_one_cycle,
        differs=_one_cycle_differs,
        handles=always(
            level("start", "start"), _PEAK, level("end", "end", at=_one_cycle_last), length("length", "end", before=1)
        ),
    ),
    Shape(
        node=OneCycleMomentum,
        title="One cycle, momentum",
        family="cycle",
        behaviour=PiecewiseBehaviour(
            pieces=lambda node: _momentum_phases(node)[0],
            otherwise=lambda node: _momentum_phases(node)[1],
            more=_one_cycle_ends,
        ),
        breaks=_one_cycle_breaks,
        describe=lambda node, span: (
            f"down to {level_words(node.low)} and up again over {steps_of(node, 'length', span):,} steps"
        ),
        handles=always(replace(_PEAK, title="low", value=to_level("low")), length("length", "end", before=1)),
    ),
)
