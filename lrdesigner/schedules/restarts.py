"""Half cosines one after the other, from a growing first cycle or as a number over a length."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Annotated

import numpy as np
from msgspec import Meta

from lrdesigner.errors import InvalidValueError
from lrdesigner.expressions.emit import number
from lrdesigner.numbers import exact
from lrdesigner.schedules.breaks import FOR_EVER, Breaks, Pattern
from lrdesigner.schedules.code_writer import CodeWriter, literal
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.handle_kinds import (
    end_of,
    length,
    level,
    to_share,
)
from lrdesigner.schedules.length import REST, Length, Span
from lrdesigner.schedules.level import Level, factor_of, level_words
from lrdesigner.schedules.piecewise import Piece, PiecewiseBehaviour
from lrdesigner.schedules.ramps import Floor, KDecay, Over
from lrdesigner.schedules.shape import Factors, Node, Shape, ShapeHandle, Steps, TorchForm

LEAST_GROWTH = 1.05
"""Slower growth than this, but for none, would fill the exported file with cycles."""


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


def check_growth(growth: float) -> None:
    """Raise `InvalidValueError` for cycles that grow too slowly to be written down."""
    if 1 < growth < LEAST_GROWTH:
        raise InvalidValueError(f"Growth must be 1 or at least {LEAST_GROWTH}, not {exact(growth)}.")


@lru_cache(maxsize=256)
def _cycle_table(node: CosineRestarts, first: int, until: int) -> tuple[tuple[float, float], ...]:
    """(start, length) of each cycle that begins by step `until`; whole numbers as long as they are.

    In exact arithmetic on the growth as it is written: a cycle that begins at a step by the tiniest fraction too late
    would show the end of the one before there.
    """
    table: list[tuple[float, float]] = [(0, first)]
    over, under = Fraction(repr(node.growth)).as_integer_ratio()
    most = node.cycles or FOR_EVER
    powers = over, under
    while len(table) < most:
        start, length = table[-1]
        if start + length > until:
            break
        high, low = powers
        begun = _quotient(first * (high - low) * under, (over - under) * low)
        table.append((begun, _quotient(first * high, low)))
        powers = high * over, low * under
    return tuple(table)


def _quotient(over: int, under: int) -> float:
    """A whole number where it is one, the nearest float otherwise."""
    whole, left = divmod(over, under)
    return over / under if left else whole


class _RestartsBehaviour:
    """Cycles of one length by remainder, growing ones by a table."""

    def evaluate(self, node: CosineRestarts, steps: Steps, span: Span) -> Factors:
        first, floor = steps_of(node, "first", span), factor_of(node.floor, span)
        if node.growth == 1.0:
            cycle, local = np.divmod(steps, first)
            progress = local / first
        else:
            table = _cycle_table(node, first, max(int(steps.max(initial=0)), span.horizon))
            starts, lengths = np.array(table, dtype=np.float64).T
            cycle = np.searchsorted(starts[1:], steps, side="right")
            progress = np.minimum((steps - starts[cycle]) / lengths[cycle], 1.0)
        wave = (1 + np.cos(math.pi * (progress if node.k == 1 else np.float_power(progress, node.k)))) / 2
        with np.errstate(all="ignore"):  # peaks that rise for ever are no numbers in the end
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
            table = _cycle_table(node, first, span.horizon)
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
    table = _cycle_table(node, first, span.horizon)
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


def _hard_pieces(node: HardRestarts) -> tuple[Piece, ...]:
    peak = "1" if node.decay == 1 else "decay ** (step * cycles // length)"
    return (("step < length", f"floor + ({peak} - floor) * (1 + cos(pi * (step * cycles % length / length))) / 2"),)


def _hard_breaks(node: HardRestarts, span: Span) -> Breaks:
    length = steps_of(node, "length", span)
    return Breaks(patterns=(Pattern(0, length, first=1, end=length + 1, parts=node.cycles),))


def _second_cycle_end(node: CosineRestarts, span: Span) -> int:
    return math.ceil(steps_of(node, "first", span) * (1 + node.growth))


def _growth_to(node: CosineRestarts, span: Span, step: int) -> float:
    growth = step / steps_of(node, "first", span) - 1
    return min(growth, 100.0) if growth >= LEAST_GROWTH else 1.0


def _restart_handles(node: CosineRestarts) -> tuple[ShapeHandle, ...]:
    floor = level("floor", "floor", at=end_of("first", before=1))
    if node.cycles == 1:
        return length("first", "cycle ends"), floor
    growth = to_share("growth", _growth_to, _second_cycle_end, 100.0)
    second = ShapeHandle(name="growth", title="second cycle ends", at=_second_cycle_end, step=growth)
    return length("first", "cycle ends"), second, level("decay", "second peak", at=end_of("first")), floor


def _first_restart(node: HardRestarts, span: Span) -> int:
    return -(-steps_of(node, "length", span) // node.cycles)


def _second_peak(node: HardRestarts, span: Span) -> int | None:
    """Where the second cycle begins; nowhere if several begin within that step."""
    at = _first_restart(node, span)
    return at if at * node.cycles // steps_of(node, "length", span) == 1 else None


def _hard_handles(node: HardRestarts) -> tuple[ShapeHandle, ...]:
    end = length("length", "end")
    floor = level("floor", "floor", at=lambda node, span: max(_first_restart(node, span) - 1, 0))
    return (level("decay", "second peak", at=_second_peak), floor, end) if node.cycles > 1 else (floor, end)


RESTARTS = (
    Shape(
        node=CosineRestarts,
        title="Cosine, warm restarts",
        family="cycle",
        behaviour=_RestartsBehaviour(),
        breaks=_restart_breaks,
        describe=_restart_words,
        torch_form=_torch_restarts,
        handles=_restart_handles,
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
        handles=_hard_handles,
    ),
)
