"""Growing cycles of the cosine with restarts begin where whole numbers say, whatever floats would make of it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lrdesigner.schedules import CosineRestarts, Length, Span, factors, shape_of
from lrdesigner.schedules.code_writer import CodeWriter


def whole_restarts(first: int, growth: Fraction, count: int) -> list[tuple[int, int]]:
    """(cycle, step) of the restarts that fall on a step."""
    starts = [sum(first * growth**cycle for cycle in range(number)) for number in range(1, count + 1)]
    return [(cycle, int(start)) for cycle, start in enumerate(starts, 1) if Fraction(start).denominator == 1]


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 1000), st.integers(105, 400), st.sampled_from([1.0, 0.5]))
def test_a_restart_on_a_whole_step_is_at_its_peak_there(first: int, hundredths: int, decay: float) -> None:
    node = CosineRestarts(Length(float(first), "steps"), growth=hundredths / 100, decay=decay)
    found = whole_restarts(first, Fraction(hundredths, 100), 6)
    last = found[-1][1]
    steps, span = np.array([step for _, step in found]), Span(last, last, 10)
    peaks = np.array([decay**cycle for cycle, _ in found])
    assert np.allclose(factors(node, steps, span), peaks, rtol=1e-12)
    assert set(steps.tolist()) <= set(shape_of(node).breaks(node, span).listed(0, last, 100).tolist())


def test_the_written_python_knows_the_same_restarts() -> None:
    node, span = CosineRestarts(Length(43.0, "steps"), growth=1.1), Span(43, 43, 10)
    assert factors(node, np.array([43]), span).tolist() == [1.0]
    assert "bisect.bisect_right((43,), step)" in " ".join(shape_of(node).behaviour.write(node, span, CodeWriter()))
