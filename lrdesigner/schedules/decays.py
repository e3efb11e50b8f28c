"""Shapes that fall without an end of their own: never, at intervals, at milestones, or all the time."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Annotated, Any

from msgspec import Meta

from lrdesigner.numbers import exact
from lrdesigner.schedules.breaks import Breaks, Pattern
from lrdesigner.schedules.formulas import FormulaBehaviour, steps_of
from lrdesigner.schedules.handle_kinds import always, end_of, length, lengths, middle, to_length, to_level, to_number
from lrdesigner.schedules.length import Length, Span, resolve
from lrdesigner.schedules.shape import Node, Shape, ShapeHandle, TorchForm

Gamma = Annotated[
    float,
    Meta(gt=0, le=10, title="Gamma", description="What the rate is multiplied by each time; 0.1 divides it by ten."),
]


class Constant(Node, frozen=True, tag="constant"):
    """The same factor at every step: a hold.

    factor(step) = factor. In torch: `ConstantLR` within its `total_iters`.
    """

    factor: Annotated[
        float, Meta(ge=0, le=1e6, title="Factor", description="Multiple of the base value.", extra={"unit": "× base"})
    ] = 1.0


class StepDecay(Node, frozen=True, tag="step"):
    """Multiplied by gamma at regular intervals.

    factor(step) = gamma ** (step // every). In torch: `StepLR(step_size=every, gamma=gamma)`.
    """

    every: Annotated[Length, Meta(title="Every", description="Length of each stair.")] = Length(3, "epochs")
    gamma: Gamma = 0.5


class MultiStep(Node, frozen=True, tag="multistep"):
    """Multiplied by gamma at each milestone; a milestone given twice counts twice.

    factor(step) = gamma ** (number of milestones <= step). In torch: `MultiStepLR(milestones, gamma)`.
    """

    milestones: Annotated[
        tuple[Length, ...],
        Meta(
            min_length=1,
            max_length=1000,
            title="Milestones",
            description="Where it drops, from the start of this schedule.",
        ),
    ] = (Length(50, "percent"), Length(75, "percent"))
    gamma: Gamma = 0.1


class Exponential(Node, frozen=True, tag="exponential"):
    """Multiplied by gamma once per interval, smoothly or in stairs.

    factor(step) = gamma ** (step / every), or gamma ** (step // every) in stairs. In torch: `ExponentialLR`, stepped
    once per update when `every` is 1 step.
    """

    gamma: Gamma = 0.9
    every: Annotated[
        Length, Meta(title="Every", description="Interval over which the rate is multiplied by gamma once.")
    ] = Length(1, "epochs")
    stairs: Annotated[bool, Meta(title="In stairs", description="Change only at the end of each interval.")] = False


class InverseTime(Node, frozen=True, tag="inverse_time"):
    """Divided by a number that grows evenly with time, or by a power of it.

    factor(step) = 1 / (1 + rate * step / every) ** power, or with step // every in stairs. Keras' `InverseTimeDecay`
    has power 1; Caffe's "inv" any; also timm's "power" stable phase, after arXiv 2408.13359.
    """

    rate: Annotated[float, Meta(gt=0, le=1e6, title="Rate", description="What is added to the divisor each time.")] = (
        1.0
    )
    every: Annotated[Length, Meta(title="Every", description="Interval over which `rate` is added once.")] = Length(
        1, "epochs"
    )
    stairs: Annotated[bool, Meta(title="In stairs", description="Change only at the end of each interval.")] = False
    power: Annotated[
        float, Meta(gt=0, le=10, title="Power", description="Of the divisor; 1: as it is, 0.5: its square root.")
    ] = 1.0


class InverseSqrt(Node, frozen=True, tag="inverse_sqrt"):
    """Falls with the square root of time, and never ends.

    factor(step) = 1 / sqrt(1 + step / timescale). After a warm-up as long as the timescale this is fairseq's and
    transformers' inverse square root.
    """

    timescale: Annotated[
        Length, Meta(title="Timescale", description="After three times this long the rate is halved.")
    ] = Length(5, "percent")


class Noam(Node, frozen=True, tag="noam"):
    """The Transformer's own: up in a line, then down with the square root of time.

    factor(step) = min((step + 1) / warmup, sqrt(warmup / (step + 1))). With a base lr of (d_model * warmup) ** -0.5
    this is the formula of Vaswani and others, arXiv 1706.03762.
    """

    warmup: Annotated[Length, Meta(title="Warm-up", description="How long it climbs to the base value.")] = Length(
        10, "percent"
    )


def _stairs(node: StepDecay | Exponential | InverseTime, span: Span) -> Breaks:
    every = steps_of(node, "every", span)
    return Breaks(patterns=(Pattern(0, every, first=every),))


def _milestones(node: MultiStep, span: Span) -> list[int]:
    return sorted(resolve(length, span) for length in node.milestones)


def _torch_constant(node: Constant, span: Span) -> TorchForm | None:
    if not 0 < node.factor <= 1:
        return None
    return TorchForm(
        name="ConstantLR", arguments={"factor": node.factor, "total_iters": span.steps + 1}, until=span.steps
    )


def _constant_differs(node: Constant, span: Span) -> tuple[str, ...]:
    if node.factor == 1:
        return ()
    if not 0 < node.factor <= 1:
        return ("torch's ConstantLR fails on a factor of 0 and refuses one above 1; the export is a function.",)
    return ("torch's ConstantLR jumps back to the base value after its total_iters; here the factor holds.",)


def _torch_exponential(node: Exponential, span: Span) -> TorchForm:
    every = steps_of(node, "every", span)
    if node.stairs:
        return TorchForm(name="StepLR", arguments={"step_size": every, "gamma": node.gamma})
    return TorchForm(name="ExponentialLR", arguments={"gamma": node.gamma ** (1 / every)})


def _torch_milestones(node: MultiStep, span: Span) -> TorchForm:
    return TorchForm(name="MultiStepLR", arguments={"milestones": _milestones(node, span), "gamma": node.gamma})


def _first_drop(node: MultiStep, span: Span) -> int:
    return _milestones(node, span)[0]


def _gamma_at_milestone(node: MultiStep, span: Span, step: int, factor: float) -> float | None:
    passed = bisect_right(_milestones(node, span), step)
    return math.pow(factor, 1 / passed) if passed else None


def _gamma_of_far_end(node: Exponential, span: Span, step: int, factor: float) -> float | None:
    every = steps_of(node, "every", span)
    times = step // every if node.stairs else step / every
    return math.pow(factor, 1 / times) if times else None


def _rate_of_first_division(node: InverseTime, span: Span, step: int, factor: float) -> float | None:
    try:
        return math.pow(factor, -1 / node.power) - 1
    except OverflowError:  # a small power of the divisor falls too slowly to be there after one interval
        return None


def _inverse_time(node: InverseTime, span: Span) -> str:
    divisor = "(1 + rate * (step // every))" if node.stairs else "(1 + rate * (step / every))"
    return f"1 / {divisor}" if node.power == 1 else f"1 / {divisor} ** power"


def _inverse_time_words(node: InverseTime, span: Span) -> str:
    power = "" if node.power == 1 else f", to the power {exact(node.power)}"
    return f"over 1 plus {exact(node.rate)} more {_every(node, span)}, {_how(node.stairs)}{power}"


_CONSTANT_LEVEL = ShapeHandle(name="factor", title="level", at=middle, value=to_level("factor"))
_FIRST_STAIR = ShapeHandle(
    name="stair",
    title="first interval ends",
    at=end_of("every"),
    step=to_length("every"),
    value=to_number("gamma", lambda node, span, step, factor: factor),
)
_FIRST_DROP = ShapeHandle(
    name="gamma", title="first drop", at=_first_drop, value=to_number("gamma", _gamma_at_milestone)
)
_FAR_END = ShapeHandle(
    name="end",
    title="end of the decay",
    at=lambda node, span: span.steps,
    value=to_number("gamma", _gamma_of_far_end),
)
_FIRST_DIVISION = ShapeHandle(
    name="division",
    title="first interval ends",
    at=end_of("every"),
    step=to_length("every"),
    value=to_number("rate", _rate_of_first_division),
)


def _how(stairs: bool) -> str:
    return "in stairs" if stairs else "smoothly"


def _every(node: Any, span: Span) -> str:
    every = steps_of(node, "every", span)
    return f"every {every:,} steps" if every > 1 else "every step"


DECAYS = (
    Shape(
        node=Constant,
        title="Constant",
        family="constant",
        behaviour=FormulaBehaviour(lambda node, span: "factor"),
        describe=lambda node, span: f"constant at {exact(node.factor)}",
        torch_form=_torch_constant,
        differs=_constant_differs,
        handles=always(_CONSTANT_LEVEL),
    ),
    Shape(
        node=StepDecay,
        title="Step decay",
        family="decay",
        behaviour=FormulaBehaviour(lambda node, span: "gamma ** (step // every)"),
        breaks=_stairs,
        describe=lambda node, span: f"times {exact(node.gamma)} {_every(node, span)}",
        torch_form=lambda node, span: TorchForm(
            name="StepLR", arguments={"step_size": steps_of(node, "every", span), "gamma": node.gamma}
        ),
        handles=always(_FIRST_STAIR),
    ),
    Shape(
        node=MultiStep,
        title="Milestones",
        family="decay",
        behaviour=FormulaBehaviour(lambda node, span: "gamma ** bisect(milestones, step)"),
        breaks=lambda node, span: Breaks(points=tuple(_milestones(node, span))),
        describe=lambda node, span: (
            f"times {exact(node.gamma)} at steps {', '.join(f'{m:,}' for m in _milestones(node, span))}"
        ),
        torch_form=_torch_milestones,
        handles=lambda node: (*lengths(node, "milestones", "milestone"), _FIRST_DROP),
    ),
    Shape(
        node=Exponential,
        title="Exponential",
        family="decay",
        behaviour=FormulaBehaviour(
            lambda node, span: "gamma ** (step // every)" if node.stairs else "gamma ** (step / every)"
        ),
        breaks=lambda node, span: _stairs(node, span) if node.stairs else Breaks(),
        describe=lambda node, span: f"times {exact(node.gamma)} {_every(node, span)}, {_how(node.stairs)}",
        torch_form=_torch_exponential,
        handles=always(_FIRST_STAIR, _FAR_END),
    ),
    Shape(
        node=InverseTime,
        title="Inverse time",
        family="decay",
        behaviour=FormulaBehaviour(_inverse_time),
        # A high rate falls so far at the first step that a line to the next column would be another curve.
        breaks=lambda node, span: _stairs(node, span) if node.stairs else Breaks(points=(1,)),
        describe=_inverse_time_words,
        handles=always(_FIRST_DIVISION),
    ),
    Shape(
        node=InverseSqrt,
        title="Inverse square root",
        family="decay",
        behaviour=FormulaBehaviour(lambda node, span: "1 / sqrt(1 + step / timescale)"),
        describe=lambda node, span: f"inverse square root with timescale {steps_of(node, 'timescale', span):,} steps",
        handles=always(length("timescale", "timescale")),
    ),
    Shape(
        node=Noam,
        title="Noam",
        family="decay",
        behaviour=FormulaBehaviour(lambda node, span: "min((step + 1) / warmup, sqrt(warmup / (step + 1)))"),
        breaks=lambda node, span: Breaks(points=(steps_of(node, "warmup", span) - 1,)),
        describe=lambda node, span: (
            f"up over {steps_of(node, 'warmup', span):,} steps, then down with the square root of time"
        ),
        handles=always(length("warmup", "warm-up ends", before=1)),
    ),
)
