"""Shapes that multiply by a constant: never, at intervals, at milestones, or all the time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from lrdesigner.numbers import exact
from lrdesigner.schedules.length import Length, Span, resolve
from lrdesigner.schedules.shape import FormulaBehaviour, Node, Shape, TorchForm

# A plot never needs more: beyond it, the jumps lie closer together than pixels.
MOST_BREAKPOINTS = 4000

Gamma = Annotated[
    float,
    Meta(gt=0, le=10, title="Gamma", description="What the rate is multiplied by each time; 0.1 divides it by ten."),
]


class Constant(Node, frozen=True, tag="constant"):
    """The same factor at every step.

    factor(step) = factor. In torch: `ConstantLR` within its `total_iters`.
    """

    factor: Annotated[float, Meta(ge=0, le=1e6, title="Factor", description="Multiple of the base lr.")] = 1.0


class StepDecay(Node, frozen=True, tag="step"):
    """Multiplied by gamma at regular intervals.

    factor(step) = gamma ** (step // every). In torch: `StepLR(step_size=every, gamma=gamma)`.
    """

    every: Annotated[Length, Meta(title="Every", description="Length of each stair.")] = Length(3, "epochs")
    gamma: Gamma = 0.5


class MultiStep(Node, frozen=True, tag="multistep"):
    """Multiplied by gamma at each milestone.

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


def _interval(node: StepDecay | Exponential, span: Span) -> int:
    return max(resolve(node.every, span), 1)


def _stairs(node: StepDecay | Exponential, span: Span) -> Sequence[int]:
    every = _interval(node, span)
    # To the end of the run, not of the segment: the last segment of a sequence goes on past its end.
    return range(every, min(span.run_steps, every * MOST_BREAKPOINTS) + 1, every)


def _milestones(node: MultiStep, span: Span) -> list[int]:
    return sorted(resolve(length, span) for length in node.milestones)


def _torch_exponential(node: Exponential, span: Span, base_lr: float) -> TorchForm:
    every = _interval(node, span)
    if node.stairs:
        return TorchForm(name="StepLR", arguments={"step_size": every, "gamma": node.gamma})
    return TorchForm(name="ExponentialLR", arguments={"gamma": node.gamma ** (1 / every)})


def _exponential_words(node: Exponential, span: Span) -> str:
    return (
        f"times {exact(node.gamma)} every {_interval(node, span):,} steps, {'in stairs' if node.stairs else 'smoothly'}"
    )


def _no_breakpoints(node: Any, span: Span) -> Sequence[int]:
    return ()


DECAYS = (
    Shape(
        node=Constant,
        title="Constant",
        doc=Constant.__doc__ or "",
        behaviour=FormulaBehaviour(lambda node: "factor"),
        breakpoints=_no_breakpoints,
        describe=lambda node, span: f"constant at {exact(node.factor)}",
        torch_form=lambda node, span, base_lr: (
            TorchForm(
                name="ConstantLR", arguments={"factor": node.factor, "total_iters": span.steps + 1}, until=span.steps
            )
            if 0 < node.factor <= 1
            else None
        ),
    ),
    Shape(
        node=StepDecay,
        title="Step decay",
        doc=StepDecay.__doc__ or "",
        behaviour=FormulaBehaviour(lambda node: "gamma ** (step // every)"),
        breakpoints=_stairs,
        describe=lambda node, span: f"times {exact(node.gamma)} every {_interval(node, span):,} steps",
        torch_form=lambda node, span, base_lr: TorchForm(
            name="StepLR", arguments={"step_size": _interval(node, span), "gamma": node.gamma}
        ),
    ),
    Shape(
        node=MultiStep,
        title="Milestones",
        doc=MultiStep.__doc__ or "",
        behaviour=FormulaBehaviour(lambda node: "gamma ** bisect(milestones, step)"),
        breakpoints=_milestones,
        describe=lambda node, span: (
            f"times {exact(node.gamma)} at steps {', '.join(f'{m:,}' for m in _milestones(node, span))}"
        ),
        torch_form=lambda node, span, base_lr: (
            TorchForm(name="MultiStepLR", arguments={"milestones": _milestones(node, span), "gamma": node.gamma})
            if 0 not in _milestones(node, span)  # torch reaches a milestone only by stepping onto it
            else None
        ),
    ),
    Shape(
        node=Exponential,
        title="Exponential",
        doc=Exponential.__doc__ or "",
        behaviour=FormulaBehaviour(
            lambda node: "gamma ** (step // every)" if node.stairs else "gamma ** (step / every)"
        ),
        breakpoints=lambda node, span: _stairs(node, span) if node.stairs else (),
        describe=_exponential_words,
        torch_form=_torch_exponential,
    ),
)
