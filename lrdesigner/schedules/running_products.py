"""Products of a formula over all steps so far, for any steps of a long run, without going through it each time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lrdesigner.expressions import parse
from lrdesigner.schedules.expression import NAMES, evaluate_formula
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.shape import Factors, Steps

MOST_MULTIPLIED = 25_000_000
"""Longest product that is worked out, some seconds of work; further on the factor is no number."""

_BLOCK = 16
_BLOCKS_AT_ONCE = 2**15
_STEPS_AT_ONCE = 2**15


def running_products(formula: str, steps: Steps, span: Span) -> Factors:
    """formula(1) * formula(2) * ... * formula(step) at each of `steps`, 1 at step 0.

    Multiplied from the first to the last, so that it is the same number however the steps are asked for. NaN where
    Python would raise on the way, and where the product is no finite number. The products at the start of every block
    of steps are kept, so a few steps of a long run cost no more than a few of a short one.
    """
    flat = np.minimum(steps.ravel(), MOST_MULTIPLIED + 1)
    starts = _run_of(formula, span, int(flat.max(initial=0))).starts
    span, parts = _what_counts(formula, span), range(0, len(flat), _STEPS_AT_ONCE)
    found = [_products(formula, flat[part : part + _STEPS_AT_ONCE], span, starts) for part in parts]
    factors = np.concatenate(found) if found else np.empty(0)
    factors[(flat > MOST_MULTIPLIED) | ~np.isfinite(factors)] = np.nan
    return factors.reshape(steps.shape)


def _products(formula: str, steps: Steps, span: Span, starts: Factors) -> Factors:
    blocks, place = np.unique(steps // _BLOCK, return_inverse=True)
    rows = np.empty((len(blocks), _BLOCK))
    rows[:, 0] = starts[blocks]
    rows[:, 1:] = evaluate_formula(formula, blocks[:, None] * _BLOCK + np.arange(1, _BLOCK), span)
    with np.errstate(all="ignore"):
        np.multiply.accumulate(rows, axis=1, out=rows)
    return np.asarray(rows[place, steps % _BLOCK], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """The product at the first step of each block, and whether it rises and falls anywhere."""

    starts: Factors
    rises: bool
    falls: bool


def product_turns(formula: str, span: Span) -> bool:
    """Whether the product rises at some steps of a schedule and falls at others."""
    run = _run_of(formula, span)
    return run.rises and run.falls


def _run_of(formula: str, span: Span, last: int = 0) -> _Run:
    """Up to the end of the schedule, or to a step further on."""
    longest = min(max(last, min(span.steps, span.horizon)), MOST_MULTIPLIED)
    return _work_out(formula, _what_counts(formula, span), _in_few_sizes(longest // _BLOCK + 1))


@lru_cache(maxsize=32)
def _work_out(formula: str, span: Span, blocks: int) -> _Run:
    starts, product, rises, falls = np.empty(blocks), 1.0, False, False
    for first in range(0, blocks, _BLOCKS_AT_ONCE):
        end = min(first + _BLOCKS_AT_ONCE, blocks)
        row = np.empty((end - first) * _BLOCK + 1)
        row[0] = product
        row[1:] = evaluate_formula(formula, np.arange(first * _BLOCK + 1, end * _BLOCK + 1), span)
        rises, falls = rises or bool((row[1:] > 1).any()), falls or bool((row[1:] < 1).any())
        with np.errstate(all="ignore"):
            np.multiply.accumulate(row, out=row)
        starts[first:end], product = row[:-1:_BLOCK], float(row[-1])
    starts.setflags(write=False)
    return _Run(starts, rises, falls)


def _what_counts(formula: str, span: Span) -> Span:
    """The span without what the formula does not look at, so that a change of it does not cost the products."""
    names = parse(formula, NAMES).names
    return Span(
        steps=span.steps if "progress" in names else 1,
        run_steps=1,
        steps_per_epoch=span.steps_per_epoch if "epoch" in names else 1,
    )


def _in_few_sizes(blocks: int) -> int:
    """Somewhat more, so that a segment whose end is dragged has the same size most of the time."""
    grain = 1 << max(blocks.bit_length() - 3, 0)
    return -(-blocks // grain) * grain
