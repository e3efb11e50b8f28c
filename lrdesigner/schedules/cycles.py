"""Shapes that go up and down: triangles, cosines with restarts, one cycle."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from lrdesigner.errors import InvalidValueError
from lrdesigner.expressions.emit import number
from lrdesigner.numbers import exact
from lrdesigner.schedules.breaks import FOR_EVER, MOST_LISTED, Breaks, Pattern
from lrdesigner.schedules.code_writer import CodeWriter, literal
from lrdesigner.schedules.formulas import Bindings, FormulaBehaviour, steps_of
from lrdesigner.schedules.length import REST, Length, Span
from lrdesigner.schedules.level import Level, factor_of, level_words
from lrdesigner.schedules.piecewise import Piece, PiecewiseBehaviour
from lrdesigner.schedules.ramps import Floor, KDecay, Over
from lrdesigner.schedules.shape import Factors, Node, Shape, Steps, TorchForm

LEAST_GROWTH = 1.05
"""Slower growth than this, but for none, would fill the exported file with cycles."""

Anneal = Literal["cosine", "linear"]


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


class CosineRestarts(Node, frozen=True, tag="cosine_restarts"):
    """Half cosines one after the other; each may be longer and lower than the one before.

    factor(step) = floor + (decay ** cycle - floor) * (1 + cos(pi * u ** k)) / 2, u = progress within the cycle; cycle c
    lasts first * growth ** c. In torch: `CosineAnnealingWarmRestarts`; the rest are timm's `cycle_mul`, `cycle_decay`,
    `cycle_limit` and `k_decay`. After Loshchilov and Hutter, arXiv 1608.03983.
    """

    first: Annotated[Length, Meta(title="First cycle", description="How long the first cycle lasts.")] = Length(
        20, "percent"
    )
    growth: Annotated[
        float,
        Meta(ge=1, le=100, title="Growth", description="Length of each cycle over the one before; 1, or 1.05 on."),
    ] = 1.0
    decay: Annotated[float, Meta(gt=0, le=10, title="Decay", description="Peak of each cycle over the one before.")] = (
        1.0
    )
    cycles: Annotated[
        int, Meta(ge=0, le=1_000_000, title="Cycles", description="After so many the floor holds; 0: for ever.")
    ] = 0
    floor: Annotated[Level, Meta(title="Floor", description="Where every cycle leads.")] = 0.0
    k: KDecay = 1.0

    def __post_init__(self) -> None:
        check_growth(self.growth)


class HardRestarts(Node, frozen=True, tag="hard_restarts"):
    """A number of equal half cosines over a length, with peaks that may fall; then the floor.

    factor(step) = floor + (decay ** cycle - floor) * (1 + cos(pi * u)) / 2, u = progress within the cycle.
    transformers' `cosine_with_restarts`.
    """

    cycles: Annotated[int, Meta(ge=1, le=1_000_000, title="Cycles", description="Half cosines in all.")] = 3
    decay: Annotated[float, Meta(gt=0, le=10, title="Decay", description="Peak of each cycle over the one before.")] = (
        1.0
    )
    floor: Floor = 0.0
    length: Over = REST


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


def check_growth(growth: float) -> None:
    """Raise `InvalidValueError` for cycles that grow too slowly to be written down."""
    if 1 < growth < LEAST_GROWTH:
        raise InvalidValueError(f"Growth must be 1 or at least {LEAST_GROWTH}, not {exact(growth)}.")


# Cyclic.

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


# Cosine with warm restarts.


def _cycle_table(node: CosineRestarts, first: int, until: int) -> list[tuple[float, float]]:
    """(start, length) of each cycle that begins by step `until`; whole numbers as long as they are."""
    table: list[tuple[float, float]] = [(0, first)]
    growth: float = int(node.growth) if node.growth == int(node.growth) else node.growth
    most = node.cycles or FOR_EVER
    while len(table) < most:
        start, length = table[-1]
        if start + length > until:
            break
        # From the start, not from the cycle before: sums of fractions would drift.
        cycle = len(table)
        whole = isinstance(growth, int)
        begun = first * (growth**cycle - 1) // (growth - 1) if whole else first * (growth**cycle - 1) / (growth - 1)
        table.append((begun, first * growth**cycle))
    return table


class _RestartsBehaviour:
    """Cycles of one length by remainder, growing ones by a table."""

    def evaluate(self, node: CosineRestarts, steps: Steps, span: Span) -> Factors:
        first, floor = steps_of(node, "first", span), factor_of(node.floor, span)
        if node.growth == 1.0:
            cycle, local = np.divmod(steps, first)
            progress = local / first
        else:
            table = _cycle_table(node, first, max(int(steps.max(initial=0)), span.run_steps))
            starts, lengths = np.array(table, dtype=np.float64).T
            cycle = np.searchsorted(starts[1:], steps, side="right")
            progress = np.minimum((steps - starts[cycle]) / lengths[cycle], 1.0)
        wave = (1 + np.cos(math.pi * (progress if node.k == 1 else np.float_power(progress, node.k)))) / 2
        peak = 1.0 if node.decay == 1 else np.float_power(node.decay, cycle)
        factors = floor + (peak - floor) * wave
        if node.cycles:
            factors = np.where(steps >= _end(node, first), floor, factors)
        return np.where(np.isfinite(factors), factors, np.nan)

    def write(self, node: CosineRestarts, span: Span, writer: CodeWriter) -> list[str]:
        first, floor = steps_of(node, "first", span), factor_of(node.floor, span)
        lines: list[str] = []
        if node.cycles:
            lines += [f"if step >= {number(_end(node, first))}:", f"    return {number(floor)}"]
        if node.growth == 1.0:
            lines.append(
                f"step %= {number(first)}" if node.decay == 1 else f"cycle, step = divmod(step, {number(first)})"
            )
            progress = f"(step / {number(first)})"
        else:
            table = _cycle_table(node, first, span.run_steps)
            lines.append(f"cycle = bisect.bisect_right({_tuple([number(start) for start, _ in table[1:]])}, step)")
            rows = [f"({number(start)}, {number(length)})" for start, length in table]
            lines.append(f"start, length = {_tuple(rows)}[cycle]")
            progress = "min((step - start) / length, 1.0)"
        inner = progress if node.k == 1 else f"{progress} ** {number(node.k)}"
        wave = f"(1 + math.cos(math.pi * {inner})) / 2"
        if node.decay == 1:
            scaled = wave if floor == 0 else f"{literal(1.0 - floor)} * {wave}"
        else:
            peak = f"{number(node.decay)}**cycle"
            scaled = f"{peak} * {wave}" if floor == 0 else f"({peak} - {number(floor)}) * {wave}"
        return [*lines, f"return {scaled}" if floor == 0 else f"return {number(floor)} + {scaled}"]


def _tuple(parts: list[str]) -> str:
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def _end(node: CosineRestarts, first: int) -> float:
    """The step at which the floor takes over."""
    if node.growth == 1.0:
        return first * node.cycles
    cycles = min(node.cycles, math.ceil(math.log(FOR_EVER) / math.log(node.growth)))
    table = _cycle_table(node, first, FOR_EVER)
    start, length = table[min(cycles, len(table)) - 1]
    return start + length


def _restart_breaks(node: CosineRestarts, span: Span) -> Breaks:
    first = steps_of(node, "first", span)
    if node.growth == 1.0:
        end = first * node.cycles + 1 if node.cycles else FOR_EVER
        return Breaks(patterns=(Pattern(0, first, first=first, end=end),))
    table = _cycle_table(node, first, span.run_steps)
    return Breaks(points=tuple(math.ceil(start + length) for start, length in table))


def _torch_restarts(node: CosineRestarts, span: Span) -> TorchForm | None:
    if node.decay != 1 or node.cycles or node.k != 1 or node.growth != int(node.growth):
        return None
    return TorchForm(
        name="CosineAnnealingWarmRestarts",
        arguments={
            "T_0": steps_of(node, "first", span),
            "T_mult": int(node.growth),
            "eta_min": factor_of(node.floor, span) * span.base,
        },
    )


def _restart_words(node: CosineRestarts, span: Span) -> str:
    words = f"cosine cycles down to {level_words(node.floor)}, the first of {steps_of(node, 'first', span):,} steps"
    if node.growth != 1:
        words += f", each {exact(node.growth)} times as long"
    if node.decay != 1:
        words += f", each {exact(node.decay)} times as high"
    return words + (f", {node.cycles:,} in all" if node.cycles else "")


# A number of cycles over a length.


def _hard_pieces(node: HardRestarts) -> tuple[Piece, ...]:
    peak = "1" if node.decay == 1 else "decay ** (step * cycles // length)"
    return (("step < length", f"floor + ({peak} - floor) * (1 + cos(pi * (step * cycles % length / length))) / 2"),)


def _hard_breaks(node: HardRestarts, span: Span) -> Breaks:
    length = steps_of(node, "length", span)
    if node.cycles > MOST_LISTED:
        return Breaks(points=(length,), rough=((0, length),))
    return Breaks(points=tuple(-(-cycle * length // node.cycles) for cycle in range(1, node.cycles + 1)))


# One cycle.


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
        points=tuple(sorted({step for end in found for step in (math.floor(end), math.ceil(end)) if end > 0}))
    )


def _torch_one_cycle(node: OneCycle, span: Span) -> TorchForm | None:
    start, end = factor_of(node.start, span), factor_of(node.end, span)
    length = steps_of(node, "length", span)
    ends = _one_cycle_ends(node, span)
    narrow = node.pct_start * length <= 1 or (node.three_phase and ends["second_end"] > ends["last"])
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


def _one_cycle_differs(node: OneCycle, span: Span) -> tuple[str, ...]:
    length = steps_of(node, "length", span)
    if span.steps < length:
        return ()
    return (f"torch's OneCycleLR bounces at step {length:,} of its own and then raises; here the end holds.",)


def _one_cycle_words(node: OneCycle, span: Span) -> str:
    length, phases = steps_of(node, "length", span), "three phases" if node.three_phase else "two phases"
    return (
        f"one {node.anneal} cycle over {length:,} steps in {phases}: from {level_words(node.start)} to 1 over "
        f"{exact(100 * node.pct_start)}%, then to {level_words(node.end)}"
    )


CYCLES = (
    Shape(
        node=Cyclic,
        title="Cyclic",
        family="cycle",
        behaviour=FormulaBehaviour(_cyclic_formula, more=lambda node, span: {"period": _period(node, span)}),
        breaks=lambda node, span: Breaks(
            patterns=(Pattern(0, _period(node, span), offsets=(0, steps_of(node, "up", span))),)
        ),
        describe=_cyclic_words,
        torch_form=_torch_cyclic,
    ),
    Shape(
        node=CosineRestarts,
        title="Cosine, warm restarts",
        family="cycle",
        behaviour=_RestartsBehaviour(),
        breaks=_restart_breaks,
        describe=_restart_words,
        torch_form=_torch_restarts,
    ),
    Shape(
        node=HardRestarts,
        title="Cosine, equal restarts",
        family="cycle",
        behaviour=PiecewiseBehaviour(pieces=_hard_pieces, otherwise=lambda node: "floor"),
        breaks=_hard_breaks,
        describe=lambda node, span: (
            f"{node.cycles:,} cosine cycles over {steps_of(node, 'length', span):,} steps"
            + (f", each {exact(node.decay)} times as high" if node.decay != 1 else "")
        ),
    ),
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
    ),
)
