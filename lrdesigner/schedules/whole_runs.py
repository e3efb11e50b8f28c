"""Shapes that plan a whole run in one: warm-up, plateau and cool-down together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from lrdesigner.schedules.breaks import Breaks
from lrdesigner.schedules.formulas import Bindings, steps_of
from lrdesigner.schedules.handle_kinds import At, always, length, level, to_length, to_number
from lrdesigner.schedules.length import REST, Length, Span, length_like, resolve
from lrdesigner.schedules.level import Level, level_words
from lrdesigner.schedules.piecewise import Piece, PiecewiseBehaviour
from lrdesigner.schedules.ramps import Floor, Over
from lrdesigner.schedules.shape import Node, Shape, ShapeHandle

Curve = Literal["linear", "cosine", "1-sqrt"]


class FlatCosine(Node, frozen=True, tag="flat_cosine"):
    """Flat, then half a cosine down.

    1 for the flat part, then floor + (1 - floor) * (1 + cos(pi * z)) / 2 over the rest of the length: fastai's
    `fit_flat_cos`.
    """

    flat: Annotated[Length, Meta(title="Flat for", description="How long it stays at the base value.")] = Length(
        75, "percent"
    )
    floor: Floor = 1e-5
    length: Over = REST


class SlantedTriangular(Node, frozen=True, tag="slanted_triangular"):
    """A short climb and a long line down.

    factor(step) = (1 + (ratio - 1) * p) / ratio, p from 0 to 1 over the cut and back to 0 over the rest. After Howard
    and Ruder, ULMFiT, arXiv 1801.06146.
    """

    cut: Annotated[Length, Meta(title="Climb", description="How long it goes up.")] = Length(10, "percent")
    ratio: Annotated[
        float, Meta(ge=1, le=1e6, title="Ratio", description="How much lower it is at both ends than at the peak.")
    ] = 32.0
    length: Over = REST


class WarmupStableDecay(Node, frozen=True, tag="wsd"):
    """Warm-up, a long stay at the base value, and a cool-down: the trapezoid.

    start to 1 over the warm-up, 1, then 1 to the floor over the cool-down, each along a line, a cosine or 1 - sqrt.
    After MiniCPM, arXiv 2404.06395, and Hägele and others, arXiv 2405.18392; transformers' `warmup_stable_decay` with
    start and floor at its `min_lr_ratio`.
    """

    warmup: Annotated[Length, Meta(title="Warm-up", description="How long it goes up.")] = Length(5, "percent")
    start: Annotated[Level, Meta(title="Starts at", description="Where the warm-up begins.")] = 0.0
    warmup_curve: Annotated[Curve, Meta(title="Up along", description="The curve of the warm-up.")] = "linear"
    decay: Annotated[Length, Meta(title="Cool-down", description="How long it goes down at the end.")] = Length(
        20, "percent"
    )
    decay_curve: Annotated[Curve, Meta(title="Down along", description="The curve of the cool-down.")] = "1-sqrt"
    floor: Floor = 0.0
    length: Over = REST


_UP = {
    "linear": "step / warmup",
    "cosine": "(1 - cos(pi * (step / warmup))) / 2",
    "1-sqrt": "(1 - sqrt(1 - step / warmup))",
}
_U = "min((step - decay_start) / decay, 1.0)"
_DOWN = {"linear": f"(1 - {_U})", "cosine": f"(1 + cos(pi * {_U})) / 2", "1-sqrt": f"(1 - sqrt({_U}))"}


def _wsd_steps(node: WarmupStableDecay, span: Span) -> Bindings:
    """The warm-up may last no step at all; the cool-down begins no earlier than it ends."""
    warmup, length = resolve(node.warmup, span), steps_of(node, "length", span)
    decay = steps_of(node, "decay", span)
    return {"warmup_end": warmup, "decay_start": max(length - decay, warmup)}


def _wsd_pieces(node: WarmupStableDecay) -> tuple[Piece, ...]:
    return (
        ("step < warmup_end", f"start + (1 - start) * {_UP[node.warmup_curve]}"),
        ("step < decay_start", "1.0"),
    )


def _wsd_breaks(node: WarmupStableDecay, span: Span) -> Breaks:
    found = _wsd_steps(node, span)
    end = found["decay_start"] + steps_of(node, "decay", span)
    return Breaks(points=tuple(sorted({found["warmup_end"], found["decay_start"], end})))


def _flat_steps(node: FlatCosine, span: Span) -> Bindings:
    flat = resolve(node.flat, span)
    return {"flat": flat, "fall": max(steps_of(node, "length", span) - flat, 1)}


def _slanted_steps(node: SlantedTriangular, span: Span) -> Bindings:
    cut = steps_of(node, "cut", span)
    return {"fall": max(steps_of(node, "length", span) - cut, 1)}


def _wsd_words(node: WarmupStableDecay, span: Span) -> str:
    found, decay = _wsd_steps(node, span), steps_of(node, "decay", span)
    return (
        f"{node.warmup_curve} warm-up from {level_words(node.start)} over {found['warmup_end']:,} steps, constant "
        f"up to step {found['decay_start']:,}, {node.decay_curve} cool-down to "
        f"{level_words(node.floor)} over {decay:,} steps"
    )


def _flat_end(node: FlatCosine, span: Span) -> int:
    return int(sum(_flat_steps(node, span).values()))


def _slanted_end(node: SlantedTriangular, span: Span) -> int:
    return steps_of(node, "cut", span) + int(_slanted_steps(node, span)["fall"])


def _wsd_end(node: WarmupStableDecay, span: Span) -> int:
    return int(_wsd_steps(node, span)["decay_start"]) + steps_of(node, "decay", span)


def _length_at(end: At) -> ShapeHandle:
    return ShapeHandle(name="length", title="end", at=end, step=to_length("length"))


def _cool_down_from(node: WarmupStableDecay, span: Span, step: int) -> dict[str, Any]:
    steps = max(steps_of(node, "length", span) - step, 1)
    return {"decay": length_like(node.decay, steps, span)}


_COOL_DOWN = ShapeHandle(
    name="decay",
    title="cool-down starts",
    at=lambda node, span: int(_wsd_steps(node, span)["decay_start"]),
    step=_cool_down_from,
)
_RATIO = ShapeHandle(
    name="ratio",
    title="start",
    at=lambda node, span: 0,
    # Below 0, where a floor around it is dragged under, it is as low as can be.
    value=to_number("ratio", lambda node, span, step, factor: 1 / max(factor, 1e-6)),
)

WHOLE_RUNS = (
    Shape(
        node=FlatCosine,
        title="Flat, then cosine",
        family="ramp",
        behaviour=PiecewiseBehaviour(
            pieces=lambda node: (("step < flat", "1.0"),),
            otherwise=lambda node: "floor + (1 - floor) / 2 * (1 + cos(pi * min((step - flat) / fall, 1.0)))",
            more=_flat_steps,
        ),
        breaks=lambda node, span: Breaks(
            points=(_flat_steps(node, span)["flat"], sum(_flat_steps(node, span).values()))
        ),
        describe=lambda node, span: (
            f"flat for {_flat_steps(node, span)['flat']:,} steps, then cosine to {level_words(node.floor)} over "
            f"{_flat_steps(node, span)['fall']:,}"
        ),
        handles=always(
            length("flat", "fall starts", least=0), level("floor", "floor", at=_flat_end), _length_at(_flat_end)
        ),
    ),
    Shape(
        node=SlantedTriangular,
        title="Slanted triangular",
        family="ramp",
        behaviour=PiecewiseBehaviour(
            pieces=lambda node: (("step < cut", "(1 + (ratio - 1) * (step / cut)) / ratio"),),
            otherwise=lambda node: "(1 + (ratio - 1) * (1 - min((step - cut) / fall, 1.0))) / ratio",
            more=_slanted_steps,
        ),
        breaks=lambda node, span: Breaks(
            points=(steps_of(node, "cut", span), steps_of(node, "cut", span) + _slanted_steps(node, span)["fall"])
        ),
        describe=lambda node, span: (
            f"line up over {steps_of(node, 'cut', span):,} steps and down over {_slanted_steps(node, span)['fall']:,}"
        ),
        handles=always(length("cut", "climb ends"), _RATIO, _length_at(_slanted_end)),
    ),
    Shape(
        node=WarmupStableDecay,
        title="Warm-up, stable, decay",
        family="ramp",
        behaviour=PiecewiseBehaviour(
            pieces=_wsd_pieces,
            otherwise=lambda node: f"floor + (1 - floor) * {_DOWN[node.decay_curve]}",
            more=_wsd_steps,
        ),
        breaks=_wsd_breaks,
        describe=_wsd_words,
        handles=always(
            level("start", "start"),
            length("warmup", "warm-up ends", least=0),
            _COOL_DOWN,
            level("floor", "floor", at=_wsd_end),
            _length_at(_wsd_end),
        ),
    ),
)
