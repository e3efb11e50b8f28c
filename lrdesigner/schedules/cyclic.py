"""Triangles between a low level and the base value."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from msgspec import Meta

from lrdesigner.schedules.breaks import Breaks, Pattern
from lrdesigner.schedules.formulas import FormulaBehaviour, steps_of
from lrdesigner.schedules.handle_kinds import (
    falls_to,
    first_step,
    length,
    level,
    to_length,
    to_number,
)
from lrdesigner.schedules.length import Length, Span
from lrdesigner.schedules.level import Level, factor_of, level_words
from lrdesigner.schedules.shape import Node, Shape, ShapeHandle, TorchForm


class Cyclic(Node, frozen=True, tag="cyclic"):
    """Triangles between a low level and the base value, for ever.

    factor(step) = low + (1 - low) * triangle(step) * height; height is 1, or halves with each cycle (triangular2), or
    is gamma ** step (exp_range). Inverted, as momentum goes: 1 - (1 - low) * triangle * height. In torch: `CyclicLR`.
    After Smith, arXiv 1506.01186.
    """

    low: Annotated[Level, Meta(title="Low", description="Where each cycle begins and ends.")] = 0.1
    up: Annotated[Length, Meta(title="Up", description="From low to high.")] = Length(10, "percent")
    down: Annotated[Length, Meta(title="Down", description="From high to low.")] = Length(10, "percent")
    mode: Annotated[
        Literal["triangular", "triangular2", "exp_range"],
        Meta(title="Mode", description="How the height changes: not, halved each cycle, or by gamma each step."),
    ] = "triangular"
    gamma: Annotated[
        float, Meta(gt=0, le=1, title="Gamma", description="For exp_range: the height is multiplied by it each step.")
    ] = 0.9999
    inverted: Annotated[
        bool, Meta(title="Inverted", description="Down first, as the momentum beside a cycling rate.")
    ] = False


_TRIANGLE = "min(step % period / up, (period - step % period) / down)"
_HEIGHTS = {"triangular": "", "triangular2": " * 0.5 ** (step // period)", "exp_range": " * gamma ** step"}


def _cyclic_formula(node: Cyclic, span: Span) -> str:
    wave = f"(1 - low) * {_TRIANGLE}{_HEIGHTS[node.mode]}"
    return f"1 - {wave}" if node.inverted else f"low + {wave}"


def _period(node: Cyclic, span: Span) -> int:
    return steps_of(node, "up", span) + steps_of(node, "down", span)


def _torch_cyclic(node: Cyclic, span: Span) -> TorchForm | None:
    if node.inverted:
        return None
    return TorchForm(
        name="CyclicLR",
        arguments={
            "base_lr": factor_of(node.low, span) * span.base,
            "max_lr": span.base,
            "step_size_up": steps_of(node, "up", span),
            "step_size_down": steps_of(node, "down", span),
            "mode": node.mode,
            "gamma": node.gamma,
            "cycle_momentum": False,
        },
    )


def _cyclic_words(node: Cyclic, span: Span) -> str:
    up, down = steps_of(node, "up", span), steps_of(node, "down", span)
    return f"{node.mode} cycles between {level_words(node.low)} and 1, {up:,} steps up and {down:,} down"


def _cyclic_handles(node: Cyclic) -> tuple[ShapeHandle, ...]:
    def up_end(node: Cyclic, span: Span) -> int:
        return steps_of(node, "up", span)

    period = ShapeHandle(name="down", title="cycle ends", at=_period, step=to_length("down", start=up_end))
    low = level("low", "low", at=up_end if node.inverted else first_step)
    found = length("up", "way up ends"), period, low
    return (*found, _SECOND_PEAK) if node.mode == "exp_range" and not node.inverted else found


def _gamma_of_peak(node: Cyclic, span: Span, step: int, factor: float) -> float:
    return math.pow(falls_to(node.low, span, factor), 1 / step)


_SECOND_PEAK = ShapeHandle(
    name="gamma",
    title="second peak",
    at=lambda node, span: _period(node, span) + steps_of(node, "up", span),
    value=to_number("gamma", _gamma_of_peak),
)


CYCLIC = Shape(
    node=Cyclic,
    title="Cyclic",
    family="cycle",
    behaviour=FormulaBehaviour(_cyclic_formula, more=lambda node, span: {"period": _period(node, span)}),
    breaks=lambda node, span: Breaks(
        patterns=(Pattern(0, _period(node, span), offsets=(0, steps_of(node, "up", span)), jumps=False),)
    ),
    describe=_cyclic_words,
    torch_form=_torch_cyclic,
    handles=_cyclic_handles,
)
