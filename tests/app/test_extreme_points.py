"""Thinning a line to its extremes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrdesigner_app.charts.simplify import extreme_points

lines = arrays(np.float64, st.integers(0, 300), elements=st.floats(-1e9, 1e9) | st.just(np.nan))


@given(lines, st.integers(4, 60))
def test_there_are_few_points_in_order_with_both_ends_and_the_extremes(ys: np.ndarray, most: int) -> None:
    places = extreme_points(ys, most)
    assert len(places) <= max(most, 4)
    assert np.all(np.diff(places) > 0)
    if len(ys):
        assert (places[0], places[-1]) == (0, len(ys) - 1)
    if np.isfinite(ys).any():
        assert np.nanmin(ys[places]) == np.nanmin(ys)
        assert np.nanmax(ys[places]) == np.nanmax(ys)
