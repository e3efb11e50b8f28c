"""Which part of a range test's curves is shown, and what is read at a multiplier."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner.child.range_test_job import multiplier_of
from lrdesigner.jobs.protocol import RangePoint
from lrdesigner.trials.range_result import RangeCurves, range_curves, slope_text, suggestion
from lrdesigner.trials.range_view import losses_shown, reading


def falling(start: float, end: float, seeds: int = 3, count: int = 100) -> list[RangePoint]:
    """A loss that falls from `start` to `end` around × 1, steepest there; a hundredth apart from seed to seed."""
    found = []
    for seed in range(seeds):
        for update in range(count):
            multiplier = multiplier_of(update, count, 1e-3, 1e3)
            loss = end + (start - end) / (1 + multiplier**2)
            found.append(RangePoint(seed, update, multiplier, loss * (1 + seed / 100)))
    return found


def curves_of(points: list[RangePoint]) -> RangeCurves:
    curves = range_curves(points)
    assert curves is not None
    return curves


@settings(max_examples=40, deadline=None)
@given(
    loss=st.floats(5.0, 1e30) | st.just(math.inf) | st.just(math.nan),
    last=st.integers(85, 99),
    copies=st.sets(st.integers(0, 2), min_size=1),
)
def test_whatever_the_loss_explodes_to_the_same_losses_stay_in_sight(loss: float, last: int, copies: set[int]) -> None:
    plain = losses_shown(curves_of(falling(2.3, 0.3)))
    exploded = [
        replace(p, loss=loss) if p.seed in copies and p.update == last else p
        for p in falling(2.3, 0.3)
        if p.update <= last
    ]
    shown = losses_shown(curves_of(exploded))
    assert (shown.low, shown.high, shown.log) == pytest.approx((plain.low, plain.high, plain.log), rel=0.05)


def test_a_small_fall_of_a_high_loss_fills_the_view() -> None:
    shown = losses_shown(curves_of(falling(10.8, 9.2)))
    assert not shown.log
    assert 8.5 < shown.low < 9.2
    assert 10.9 < shown.high < 12.0


def test_a_loss_that_falls_through_decades_is_shown_on_a_logarithmic_axis() -> None:
    shown = losses_shown(curves_of(falling(2.3, 1e-3)))
    assert shown.log
    assert 1e-4 < shown.low < 1e-3
    assert 2.3 < shown.high < 20


def test_noise_that_never_falls_is_not_blown_up() -> None:
    shown = losses_shown(curves_of(falling(2.3, 2.2999, seeds=1)))
    assert shown.high - shown.low > 0.05 * 2.3


def test_a_loss_that_explodes_at_once_does_not_hide_its_neighbours() -> None:
    points = [p for p in falling(2.3, 0.3, seeds=1) if p.update <= 80]
    calm, spoilt = curves_of(points), curves_of([*points[:-1], replace(points[-1], loss=1e30)])
    assert spoilt.median[70] == pytest.approx(calm.median[70])
    assert spoilt.median[-1] < 4 * 2.4


def test_the_steepest_fall_is_told_with_its_slope() -> None:
    found = suggestion(curves_of(falling(2.0, 1.0, seeds=1)))
    assert found.steepest == pytest.approx(1.0, rel=0.2)
    assert found.slope == pytest.approx(-math.log(10) / 2, rel=0.1)  # of 1 / (1 + x ** 2) where it is 1 / 2
    assert f"({slope_text(found.slope or 0.0)})" in found.reason


def test_where_seeds_disagree_the_marked_place_is_one_where_the_median_falls() -> None:
    late = [replace(p, seed=1) for p in falling(2.0, 1.0, seeds=1)]
    shifted = [replace(p, loss=late[max(p.update - 30, 0)].loss) for p in late]
    curves = curves_of([*falling(2.0, 1.0, seeds=1), *shifted])
    found = suggestion(curves)
    assert found.slope is not None
    assert found.steepest is not None
    assert found.slope < 0
    assert found.slope == pytest.approx(reading(curves, found.steepest).slope)
    assert "that of the median at × " in found.reason


def test_a_reading_is_that_of_the_nearest_multiplier() -> None:
    curves = curves_of(falling(2.0, 1.0))
    found = reading(curves, 1.02)
    assert found.multiplier in curves.multipliers
    assert found.multiplier == pytest.approx(1.0, rel=0.08)
    assert found.low < found.median < found.high
    assert found.slope == pytest.approx(-math.log(10) / 2, rel=0.15)
    assert reading(curves, 1e-9).multiplier == pytest.approx(1e-3)
