"""The handles that shapes have: an end that drives a length, a place on the curve that drives a level or a factor."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec.structs import replace

from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.length import Length, Span, length_like, resolve
from lrdesigner.schedules.level import factor_of, level_like
from lrdesigner.schedules.shape import ShapeHandle

At = Callable[[Any, Span], int | None]
ToStep = Callable[[Any, Span, int], dict[str, Any]]
ToValue = Callable[[Any, Span, int, float], dict[str, Any]]

_CORRECTIONS = 3
_LEAST_SLOPE = 1e-9


def always(*handles: ShapeHandle) -> Callable[[Any], tuple[ShapeHandle, ...]]:
    """These handles, whatever the node."""
    return lambda node: handles


def factor_at(node: Any, span: Span, step: int) -> float:
    """Factor of a node at one of its own steps."""
    from lrdesigner.schedules.registry import shape_of

    return float(shape_of(node).behaviour.evaluate(node, np.array([step], dtype=np.int64), span)[0])


def first_step(node: Any, span: Span) -> int:
    """Where levels hold that a shape starts from."""
    return 0


def middle(node: Any, span: Span) -> int:
    """Half-way."""
    return span.steps // 2


def end_of(field: str, before: int = 0) -> At:
    """The step at which a length that is counted from the start has passed, or some steps `before`."""
    return lambda node, span: steps_of(node, field, span) - before


def length(field: str, title: str, *, at: At | None = None, before: int = 0, least: int = 1) -> ShapeHandle:
    """A length from the start of the shape, taken hold of at its end (or `before`); it keeps its unit."""

    def place(node: Any, span: Span) -> int:
        return max(resolve(getattr(node, field), span), least) - before

    return ShapeHandle(name=field, title=title, at=at or place, step=to_length(field, before=before, least=least))


def to_length(field: str, *, start: Callable[[Any, Span], int] = first_step, before: int = 0, least: int = 1) -> ToStep:
    """Drives a length that begins at `start`, by the step at which it has passed."""

    def fields(node: Any, span: Span, step: int) -> dict[str, Any]:
        steps = max(step - start(node, span) + before, least)
        return {field: length_like(getattr(node, field), steps, span)}

    return fields


def level(field: str, title: str, *, at: At = first_step) -> ShapeHandle:
    """A level, taken hold of where it holds, or nearly does."""
    return ShapeHandle(name=field, title=title, at=at, value=to_level(field))


def to_level(field: str) -> ToValue:
    """Drives a field of which the factor is a linear function at the step: levels, heights."""

    def fields(node: Any, span: Span, step: int, factor: float) -> dict[str, Any]:
        def through(amount: float) -> Any:
            return level_like(getattr(node, field), amount, span)

        def reached(amount: float) -> float:
            return factor_at(replace(node, **{field: through(amount)}), span, step)

        low, high = 0.0, 1.0
        for _ in range(_CORRECTIONS):
            bottom, top = reached(low), reached(high)
            slope = (top - bottom) / (high - low)
            if not abs(slope) > _LEAST_SLOPE or not math.isfinite(slope):
                return {}
            amount = low + (factor - bottom) / slope
            if amount < 0 or abs(reached(amount) - factor) <= 1e-9 * abs(factor):
                break  # of a field that may not be negative, the nearest is the lowest
            low, high = amount, amount + max(abs(amount), 1e-3) * 1e-3
        return {field: through(amount)}

    return fields


def to_number(field: str, solved: Callable[[Any, Span, int, float], float | None]) -> ToValue:
    """Drives a field by a formula for it: of the node, its span, a step and the factor wanted there."""

    def fields(node: Any, span: Span, step: int, factor: float) -> dict[str, Any]:
        try:
            amount = solved(node, span, step, factor)
        except (ArithmeticError, ValueError):
            return {}
        usable = amount is not None and not isinstance(amount, complex) and math.isfinite(amount)
        return {field: amount} if usable else {}

    return fields


def to_share(field: str, solved: Callable[[Any, Span, int], float], at: At, highest: float = 1.0) -> ToStep:
    """Drives a number by a step: with as few digits as still put the handle there."""

    def fields(node: Any, span: Span, step: int) -> dict[str, Any]:
        amount = min(solved(node, span, step), highest)
        if not (math.isfinite(amount) and amount > 0):
            return {}
        for digits in range(2, 17):
            short = min(float(f"{amount:.{digits - 1}e}"), highest)
            if at(replace(node, **{field: short}), span) == step:
                return {field: short}
        return {field: amount}

    return fields


def lengths(node: Any, field: str, title: str) -> tuple[ShapeHandle, ...]:
    """One handle for each length of a tuple of them; they need not be in order."""
    return tuple(_one_of(field, index, title) for index in range(len(getattr(node, field))))


def _one_of(field: str, index: int, title: str) -> ShapeHandle:
    def place(node: Any, span: Span) -> int | None:
        found: tuple[Length, ...] = getattr(node, field)
        return resolve(found[index], span) if index < len(found) else None

    def fields(node: Any, span: Span, step: int) -> dict[str, Any]:
        found: tuple[Length, ...] = getattr(node, field)
        new = length_like(found[index], max(step, 1), span)
        return {field: (*found[:index], new, *found[index + 1 :])}

    return ShapeHandle(name=f"{field} {index}", title=f"{title} {index + 1}", at=place, step=fields)


def falls_to(start: Any, span: Span, factor: float) -> float:
    """How high the factor lies between the level `start` and 1, as a share of the way."""
    low = factor_of(start, span)
    return (factor - low) / (1 - low)
