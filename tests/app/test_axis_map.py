"""From data to view and back, where the ticks are, and what is framed."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdesigner_app.charts.axis_map import AxisMap
from lrdesigner_app.charts.framing import fits, limits, time_range, value_range
from lrdesigner_app.charts.ticks import linear_ticks, log_ticks, rate_text, time_text

MAPS = [AxisMap(log, epochs, 45) for log in (False, True) for epochs in (False, True)]
rates = st.floats(1e-12, 1e6)


@pytest.mark.parametrize("axis_map", MAPS, ids=str)
@given(step=st.integers(0, 10**9), value=rates)
def test_a_point_comes_back_from_the_view_as_it_was(axis_map: AxisMap, step: int, value: float) -> None:
    assert axis_map.step(axis_map.x(step)) == pytest.approx(step)
    assert axis_map.value(axis_map.y(value)) == pytest.approx(value, rel=1e-9)


def test_epochs_count_the_steps_of_one_epoch() -> None:
    assert AxisMap(epochs=True, steps_per_epoch=45).xs([0, 45, 90]).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, -math.inf])
def test_what_a_log_axis_cannot_show_is_a_gap_without_a_warning(value: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(AxisMap(log=True).y(value))


def test_a_linear_axis_shows_every_finite_value() -> None:
    shown = AxisMap().ys([0.0, -1.0, math.nan, math.inf])
    assert shown[:2].tolist() == [0.0, -1.0]
    assert np.isnan(shown[2:]).all()


def test_a_view_coordinate_far_away_does_not_overflow() -> None:
    assert math.isfinite(AxisMap(log=True).value(1e9))
    assert AxisMap(log=True).value(-1e9) > 0


def test_a_log_axis_has_its_ticks_at_decades() -> None:
    assert log_ticks(-6.2, -2.9, 8) == [1e-6, 1e-5, 1e-4, 1e-3]


def test_a_narrow_log_axis_has_round_ticks_within_the_decade() -> None:
    ticks = log_ticks(math.log10(2e-4), math.log10(6e-4), 6)
    assert len(ticks) >= 3
    assert all(2e-4 <= tick <= 6.01e-4 for tick in ticks)


@given(low=st.floats(-12, 5), height=st.floats(0.01, 15), count=st.floats(2, 20))
def test_a_log_axis_always_has_a_few_ticks_and_not_too_many(low: float, height: float, count: float) -> None:
    ticks = log_ticks(low, low + height, count)
    assert len(ticks) <= 3 * count + 3
    assert ticks == sorted(set(ticks))
    assert len(ticks) >= 1 or height > 0.7


@given(low=st.floats(-1e6, 1e6), height=st.floats(1e-9, 1e6), count=st.floats(2, 20))
def test_linear_ticks_lie_within_the_range(low: float, height: float, count: float) -> None:
    ticks = linear_ticks(low, low + height, count)
    assert len(ticks) <= 2 * count + 2
    assert all(low - 1e-6 * abs(low) - height <= tick <= low + 2 * height + 1e-6 * abs(low) for tick in ticks)


def test_ticks_read_as_people_write_rates() -> None:
    ticks = [1e-5, 1e-4, 0.001, 0.01]
    assert [rate_text(tick, ticks) for tick in ticks] == ["1e-5", "1e-4", "0.001", "0.01"]


def test_neighbouring_ticks_never_read_the_same() -> None:
    ticks = [0.00100001, 0.00100002, 0.00100003]
    assert len({rate_text(tick, ticks) for tick in ticks}) == 3


def test_time_reads_with_separators_and_without_needless_digits() -> None:
    assert [time_text(value) for value in (22500.0, 2.5, 0.0)] == ["22,500", "2.5", "0"]


def test_the_whole_run_is_framed_with_room_on_both_sides() -> None:
    low, high = time_range(AxisMap(epochs=True, steps_per_epoch=45), 450)
    assert low < 0 < 10 < high < 11


def test_a_linear_frame_starts_just_below_zero_and_ends_above_the_peak() -> None:
    low, high = value_range(AxisMap(), [np.array([1e-3, 5e-4])])
    assert -1e-4 < low < 0
    assert 1e-3 < high < 1.2e-3


def test_a_log_frame_shows_the_peak_of_every_curve_but_not_the_abyss_below() -> None:
    low, high = value_range(AxisMap(log=True), [np.array([1e-3, 1e-12]), np.array([1e-5])])
    assert high > -3
    assert -8.5 < low < -5


@pytest.mark.parametrize("values", [[], [np.array([np.nan])], [np.array([0.0, -1.0])]])
@pytest.mark.parametrize("axis_map", [AxisMap(), AxisMap(log=True)])
def test_a_frame_of_nothing_is_still_a_frame(axis_map: AxisMap, values: list[np.ndarray]) -> None:
    low, high = value_range(axis_map, values)
    assert math.isfinite(low)
    assert low < high


def test_a_view_that_still_shows_the_curves_well_fits() -> None:
    assert fits((0.0, 10.0), (0.2, 9.0))
    assert not fits((0.0, 10.0), (0.0, 12.0))
    assert not fits((0.0, 10.0), (0.0, 1.0))


@pytest.mark.parametrize("axis_map", MAPS, ids=str)
def test_limits_leave_the_framed_view_reachable(axis_map: AxisMap) -> None:
    y = value_range(axis_map, [np.array([1e-3, 1e-5])])
    x, found = time_range(axis_map, 450), limits(axis_map, 450, y)
    assert found.x[0] < x[0] < x[1] < found.x[1]
    assert found.y[0] < y[0] < y[1] < found.y[1]
    assert found.least_width < x[1] - x[0]
    assert found.least_height < y[1] - y[0]
