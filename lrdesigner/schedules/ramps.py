"""Shapes that go from one factor to another over a length, and stay there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta

from lrdesigner.numbers import exact
from lrdesigner.schedules.breaks import Breaks, Pattern
from lrdesigner.schedules.formulas import PROGRESS, FormulaBehaviour, steps_of
from lrdesigner.schedules.handle_kinds import always, end_of, length, level, to_level, to_share
from lrdesigner.schedules.length import REST, Length, Span
from lrdesigner.schedules.level import Level, factor_of, level_words
from lrdesigner.schedules.shape import Node, Shape, ShapeHandle, TorchForm

Start = Annotated[Level, Meta(title="Starts at", description="Where it begins, at the first step.")]
End = Annotated[Level, Meta(title="Ends at", description="Where it arrives, and stays.")]
Floor = Annotated[Level, Meta(title="Floor", description="Where it arrives, and stays.")]
Over = Annotated[Length, Meta(title="Over", description="How long it takes; rest: the whole segment.")]
KDecay = Annotated[
    float,
    Meta(gt=0, le=100, title="k", description="Above 1 it stays high for longer and falls faster late (k-decay)."),
]


class Linear(Node, frozen=True, tag="linear"):
    """A straight line between two factors: a warm-up from a small start to 1, a cool-down the other way round.

    factor(step) = start + (end - start) * min(step / length, 1). In torch: `LinearLR`.
    """

    start: Start = 0.1
    end: End = 1.0
    length: Over = REST


class Polynomial(Node, frozen=True, tag="polynomial"):
    """Down to a floor along a power of the time that is left.

    factor(step) = floor + (1 - floor) * (1 - z ** k) ** power, z = min(step / length, 1). In torch: `PolynomialLR`,
    which has no floor. With k: k-decay, Zhang and Li, arXiv 2004.05909.
    """

    power: Annotated[
        float, Meta(gt=0, le=100, title="Power", description="1: a line; 2: falls faster early; 0.5: late.")
    ] = 1.0
    floor: Floor = 0.0
    length: Over = REST
    k: KDecay = 1.0


class Cosine(Node, frozen=True, tag="cosine"):
    """Half a cosine from the base value down to a floor.

    factor(step) = floor + (1 - floor) * (1 + cos(pi * z ** k)) / 2, z = min(step / length, 1). In torch:
    `CosineAnnealingLR` up to T_max; there it climbs back, here the floor holds. After Loshchilov and Hutter,
    arXiv 1608.03983; with k: k-decay, arXiv 2004.05909.
    """

    floor: Floor = 0.0
    length: Over = REST
    k: KDecay = 1.0


class CosineWaves(Node, frozen=True, tag="cosine_waves"):
    """Any number of cosine waves between the base value and a floor; half a wave is the usual decay.

    factor(step) = floor + (1 - floor) * (1 + cos(2 * pi * waves * z)) / 2, z = min(step / length, 1): transformers'
    `num_cycles`.
    """

    waves: Annotated[float, Meta(gt=0, le=1e5, title="Waves", description="0.5: down; 1: down and up again.")] = 1.5
    floor: Floor = 0.0
    length: Over = REST


class OneMinusSqrt(Node, frozen=True, tag="one_minus_sqrt"):
    """The cool-down that falls fast and lands softly.

    factor(step) = floor + (1 - floor) * (1 - sqrt(z)), z = min(step / length, 1). After Hägele and others,
    arXiv 2405.18392.
    """

    floor: Floor = 0.0
    length: Over = REST


class Anneal(Node, frozen=True, tag="anneal"):
    """From one factor to another along a cosine, a line or a square root, up or down.

    factor(step) = start + (end - start) * g(z), z = min(step / length, 1); g is (1 - cos(pi z)) / 2, or z, or, for
    1-sqrt, sqrt(z) downwards and 1 - sqrt(1 - z) upwards. In torch: `SWALR` from the rate that it finds.
    """

    start: Start = 1.0
    end: End = 0.05
    curve: Annotated[
        Literal["cosine", "linear", "1-sqrt"], Meta(title="Along", description="The curve between the two.")
    ] = "cosine"
    length: Over = REST


_ANNEAL = {
    "cosine": f"end + (start - end) / 2 * (1 + cos(pi * {PROGRESS}))",
    "linear": f"start + (end - start) * {PROGRESS}",
    "down": f"start + (end - start) * sqrt({PROGRESS})",
    "up": f"start + (end - start) * (1 - sqrt(1 - {PROGRESS}))",
}


def _z_to_k(node: Polynomial | Cosine) -> str:
    return PROGRESS if node.k == 1 else f"{PROGRESS} ** k"


def _anneal_formula(node: Anneal, span: Span) -> str:
    if node.curve != "1-sqrt":
        return _ANNEAL[node.curve]
    return _ANNEAL["up" if factor_of(node.end, span) > factor_of(node.start, span) else "down"]


def length_of(node: Any, span: Span) -> int:
    """The field `length` in whole steps."""
    return steps_of(node, "length", span)


def ends_at_length(node: Any, span: Span) -> Breaks:
    """One corner, where the length is over."""
    return Breaks(points=(length_of(node, span),))


def _steep_ends(node: Polynomial | Cosine, span: Span) -> Breaks:
    """High powers and small k fall so far at the first step that a line to the next column would be another curve."""
    return Breaks(points=(1, length_of(node, span)))


def _wave_breaks(node: CosineWaves, span: Span) -> Breaks:
    length = length_of(node, span)
    return Breaks(points=(length,), patterns=(Pattern(0, length, first=1, end=length + 1, parts=2 * node.waves),))


def down_words(name: str) -> Callable[[Any, Span], str]:
    """Describes a fall from 1 to the floor along the curve of this name."""
    return lambda node, span: f"{name} from 1 to {level_words(node.floor)} over {length_of(node, span):,} steps"


def _torch_linear(node: Linear, span: Span) -> TorchForm | None:
    start, end = factor_of(node.start, span), factor_of(node.end, span)
    if not (0 < start <= 1 and end <= 1):
        return None
    return TorchForm(
        name="LinearLR", arguments={"start_factor": start, "end_factor": end, "total_iters": length_of(node, span)}
    )


def _torch_polynomial(node: Polynomial, span: Span) -> TorchForm | None:
    if factor_of(node.floor, span) != 0 or node.k != 1:
        return None
    return TorchForm(name="PolynomialLR", arguments={"total_iters": length_of(node, span), "power": node.power})


def _torch_cosine(node: Cosine, span: Span) -> TorchForm | None:
    if node.k != 1:
        return None
    length = length_of(node, span)
    eta_min = factor_of(node.floor, span) * span.base
    return TorchForm(name="CosineAnnealingLR", arguments={"T_max": length, "eta_min": eta_min}, until=length)


def _torch_swa(node: Anneal, span: Span) -> TorchForm | None:
    if factor_of(node.start, span) != 1 or node.curve == "1-sqrt":
        return None
    return TorchForm(
        name="SWALR",
        module="torch.optim.swa_utils",
        arguments={
            "swa_lr": factor_of(node.end, span) * span.base,
            "anneal_epochs": length_of(node, span),
            "anneal_strategy": {"cosine": "cos", "linear": "linear"}[node.curve],
        },
    )


def _linear_differs(node: Linear, span: Span) -> tuple[str, ...]:
    start, end = factor_of(node.start, span), factor_of(node.end, span)
    if start == 0:
        return ("torch's LinearLR refuses to start at 0; the export is a function that does.",)
    if start > 1 or end > 1:
        return ("torch's LinearLR refuses factors above 1; the export is a function that has them.",)
    return ()


def _cosine_differs(node: Cosine, span: Span) -> tuple[str, ...]:
    length = length_of(node, span)
    if node.k != 1 or span.steps <= length:
        return ()
    return (f"torch's CosineAnnealingLR climbs back after step {length:,} of its own; here the floor holds.",)


START_HANDLE = level("start", "start")
_END = level("end", "end", at=end_of("length"))
_FLOOR = level("floor", "floor", at=end_of("length"))
_LENGTH = length("length", "end", at=end_of("length"))
FALLS = always(_FLOOR, _LENGTH)


def _first_trough(node: CosineWaves, span: Span) -> int | None:
    return round(length_of(node, span) / (2 * node.waves)) if node.waves >= 0.5 else None


_TROUGH = ShapeHandle(
    name="trough",
    title="first trough",
    at=_first_trough,
    step=to_share("waves", lambda node, span, step: length_of(node, span) / (2 * max(step, 1)), _first_trough, 1e5),
    value=to_level("floor"),
)


RAMPS = (
    Shape(
        node=Linear,
        title="Linear",
        family="ramp",
        behaviour=FormulaBehaviour(lambda node, span: f"start + (end - start) * {PROGRESS}"),
        breaks=ends_at_length,
        describe=lambda node, span: (
            f"linear from {level_words(node.start)} to {level_words(node.end)} over {length_of(node, span):,} steps"
        ),
        torch_form=_torch_linear,
        differs=_linear_differs,
        handles=always(START_HANDLE, _END, _LENGTH),
    ),
    Shape(
        node=Polynomial,
        title="Polynomial",
        family="ramp",
        behaviour=FormulaBehaviour(lambda node, span: f"floor + (1 - floor) * (1 - {_z_to_k(node)}) ** power"),
        breaks=_steep_ends,
        describe=lambda node, span: f"{down_words('polynomial')(node, span)}, power {exact(node.power)}",
        torch_form=_torch_polynomial,
        handles=FALLS,
    ),
    Shape(
        node=Cosine,
        title="Cosine",
        family="ramp",
        behaviour=FormulaBehaviour(lambda node, span: f"floor + (1 - floor) / 2 * (1 + cos(pi * {_z_to_k(node)}))"),
        breaks=_steep_ends,
        describe=down_words("cosine"),
        torch_form=_torch_cosine,
        differs=_cosine_differs,
        handles=FALLS,
    ),
    Shape(
        node=CosineWaves,
        title="Cosine waves",
        family="cycle",
        behaviour=FormulaBehaviour(
            lambda node, span: f"floor + (1 - floor) / 2 * (1 + cos(2 * pi * waves * {PROGRESS}))"
        ),
        breaks=_wave_breaks,
        describe=lambda node, span: (
            f"{exact(node.waves)} cosine waves down to {level_words(node.floor)} and up again "
            f"over {length_of(node, span):,} steps"
        ),
        handles=always(_TROUGH, _LENGTH),
    ),
    Shape(
        node=OneMinusSqrt,
        title="1 − square root",
        family="ramp",
        behaviour=FormulaBehaviour(lambda node, span: f"floor + (1 - floor) * (1 - sqrt({PROGRESS}))"),
        breaks=ends_at_length,
        describe=down_words("1 - sqrt"),
        handles=FALLS,
    ),
    Shape(
        node=Anneal,
        title="Anneal",
        family="ramp",
        behaviour=FormulaBehaviour(_anneal_formula),
        breaks=ends_at_length,
        describe=lambda node, span: (
            f"{node.curve} from {level_words(node.start)} to {level_words(node.end)} over "
            f"{length_of(node, span):,} steps"
        ),
        torch_form=_torch_swa,
        handles=always(START_HANDLE, _END, _LENGTH),
    ),
)
