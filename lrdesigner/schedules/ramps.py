"""Shapes that go from one factor to another over a length, and stay there."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from lrdesigner.numbers import exact
from lrdesigner.schedules.length import REST, Length, Span, resolve
from lrdesigner.schedules.shape import FormulaBehaviour, Node, Shape, TorchForm

Factor = Annotated[float, Meta(ge=0, le=1e6)]


class Linear(Node, frozen=True, tag="linear"):
    """A straight line between two factors: a warm-up from a small start to 1, a cool-down the other way round.

    factor(step) = start + (end - start) * min(step / length, 1). In torch: `LinearLR`.
    """

    start: Annotated[Factor, Meta(title="Starts at", description="Multiple of the base lr at the first step.")] = 0.1
    end: Annotated[
        Factor, Meta(title="Ends at", description="Multiple of the base lr after the length, and from then on.")
    ] = 1.0
    length: Annotated[Length, Meta(title="Over", description="How long the line takes; rest: the whole segment.")] = (
        REST
    )


class Cosine(Node, frozen=True, tag="cosine"):
    """Half a cosine from the base lr down to a floor.

    factor(step) = floor + (1 - floor) * (1 + cos(pi * min(step / length, 1))) / 2. In torch: `CosineAnnealingLR` up to
    T_max; there it climbs back, here the floor holds. After Loshchilov and Hutter, arXiv 1608.03983.
    """

    floor: Annotated[
        Factor, Meta(title="Floor", description="Multiple of the base lr at the end, and from then on.")
    ] = 0.0
    length: Annotated[
        Length, Meta(title="Over", description="How long the descent takes; rest: the whole segment.")
    ] = REST


def _length(node: Linear | Cosine, span: Span) -> int:
    return max(resolve(node.length, span), 1)


def _ends(node: Any, span: Span) -> tuple[int]:
    return (_length(node, span),)


def _linear_words(node: Linear, span: Span) -> str:
    return f"linear from {exact(node.start)} to {exact(node.end)} over {_length(node, span):,} steps"


RAMPS = (
    Shape(
        node=Linear,
        title="Linear",
        doc=Linear.__doc__ or "",
        behaviour=FormulaBehaviour(lambda node: "start + (end - start) * min(step / length, 1.0)"),
        breakpoints=_ends,
        describe=_linear_words,
        torch_form=lambda node, span, base_lr: (
            TorchForm(
                name="LinearLR",
                arguments={"start_factor": node.start, "end_factor": node.end, "total_iters": _length(node, span)},
            )
            if 0 < node.start <= 1 and node.end <= 1
            else None
        ),
    ),
    Shape(
        node=Cosine,
        title="Cosine",
        doc=Cosine.__doc__ or "",
        behaviour=FormulaBehaviour(lambda node: "floor + (1 - floor) * (1 + cos(pi * min(step / length, 1.0))) / 2"),
        breakpoints=_ends,
        describe=lambda node, span: f"cosine from 1 to {exact(node.floor)} over {_length(node, span):,} steps",
        torch_form=lambda node, span, base_lr: TorchForm(
            name="CosineAnnealingLR",
            arguments={"T_max": _length(node, span), "eta_min": node.floor * base_lr},
            until=_length(node, span),
        ),
    ),
)
