"""Numbers as people write them: short, exact where it matters, and read back as the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdesigner.errors import UserError
from lrdesigner.numbers import count, exact, parse_number, rate

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite)
def test_an_exact_number_reads_back_as_the_same(value: float) -> None:
    assert parse_number(exact(value)) == value


@given(st.floats(-1e300, 1e300))
def test_a_rate_is_near_its_number_and_short(value: float) -> None:
    text = rate(value)
    # Four digits; the smallest floats of all have fewer themselves.
    assert float(text) == pytest.approx(value, rel=5.1e-4, abs=1e-320)
    assert len(text) <= 11
    assert "+" not in text
    assert "e-0" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-4, "5e-4"),
        (0.001, "0.001"),
        (0.05, "0.05"),
        (1.25e-5, "1.25e-5"),
        (-3e-4, "-3e-4"),
        (9999.4, "9999"),
        (9999.6, "1e4"),
        (1e-10, "1e-10"),
        (2e22, "2e22"),
        (math.inf, "inf"),
    ],
)
def test_rates_look_as_in_papers(value: float, text: str) -> None:
    assert rate(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0005, "5e-4"), (1 / 3, "0.3333333333333333"), (12345, "12345"), (1.2345678e17, "1.2345678e17")],
)
def test_exact_numbers_keep_the_notation_of_the_field(value: float, text: str) -> None:
    assert exact(value) == text


def test_a_number_out_of_an_array_is_written_like_any_other() -> None:
    assert exact(np.float64(1) / 3) == "0.3333333333333333"
    assert rate(np.float64(0.0005)) == "5e-4"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 K"),
        (9_994, "9.99 K"),
        (9_995, "10.0 K"),
        (62_006, "62.0 K"),
        (999_499, "999 K"),
        (999_500, "1.00 M"),
        (7_090_000, "7.09 M"),
        (70_600_000_000, "70.6 B"),
        (1_600_000_000_000, "1600 B"),
    ],
)
def test_counts_have_three_digits_and_a_unit(value: int, text: str) -> None:
    assert count(value) == text


@given(st.integers(1, 10**14), st.integers(1, 10**14))
def test_a_larger_count_never_reads_smaller(one: int, other: int) -> None:
    units = {"K": 1e3, "M": 1e6, "B": 1e9}

    def read(text: str) -> float:
        amount, _, unit = text.partition(" ")
        return float(amount) * units.get(unit, 1.0)

    small, large = sorted((one, other))
    assert read(count(small)) <= read(count(large))
    assert read(count(one)) == pytest.approx(one, rel=0.006)


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 1e-3), (" 3e-4*2 ", 6e-4), ("1/1024", 1 / 1024), ("-2 ** 3", -8.0), ("sqrt(4)", 2.0)]
)
def test_small_sums_may_be_typed(text: str, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "abc", "1,5", "1 2", "step", "1/0", "1e400", "sqrt(-1)", "9**9**9", "'1'", "0x"])
def test_what_is_no_finite_number_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_number(text)
    assert repr(text.strip()) in str(caught.value)
