"""Steps of numbers as they stand in a text: nothing drifts, and back is where one came from."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lrdesigner.numbers import exact
from lrdesigner.stepping import Move, Rules, Standing, caret_in, stepped

LENGTH = Rules(whole_in=frozenset({"", "step", "steps"}), from_zero=0)
WHOLE = Rules(whole_in=frozenset({""}), from_zero=0)


def walk(text: str, caret: int | None, move: Move, up: bool, count: int, rules: Rules = Rules()) -> list[str]:  # noqa: B008
    standing, found = Standing(text, caret), []
    for _ in range(count):
        after = stepped(standing, move, up, rules)
        assert after is not None
        standing = after.standing
        found.append(standing.text)
    return found


@pytest.mark.parametrize(
    ("text", "caret", "move", "up", "expected"),
    [
        ("3.25e-4", 1, "digit", True, ["4.25e-4", "5.25e-4"]),
        ("3.25e-4", 3, "digit", False, ["3.15e-4", "3.05e-4", "2.95e-4"]),
        ("3.25e-4", 4, "ten digits", True, ["3.35e-4", "3.45e-4"]),
        ("3.25e-4", 7, "digit", True, ["3.25e-3", "3.25e-2"]),
        ("0.009", 5, "digit", True, ["0.010", "0.011"]),
        ("0.001", None, "digit", False, ["9e-4", "8e-4"]),
        ("0.001", None, "digit", True, ["0.002", "0.003"]),
        ("0.1", None, "double", True, ["0.2", "0.4"]),
        ("5e-4", None, "decade", False, ["5e-5", "5e-6"]),
        ("0", None, "digit", True, ["0.01", "0.02"]),
        ("1e-5 absolute", 1, "digit", True, ["2e-5 absolute"]),
    ],
)
def test_a_step_changes_the_digit_left_of_the_caret(
    text: str, caret: int | None, move: Move, up: bool, expected: list[str]
) -> None:
    assert walk(text, caret, move, up, len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "caret", "move", "up", "expected"),
    [
        ("45 steps", 2, "digit", True, ["46 steps", "47 steps"]),
        ("45 steps", 1, "digit", False, ["35 steps", "25 steps", "15 steps", "5 steps", "4 steps"]),
        ("45 steps", None, "double", False, ["22 steps", "11 steps"]),
        ("20%", None, "digit", True, ["30%", "40%"]),
        ("1 epochs", None, "double", False, ["0.5 epochs"]),
        ("30%, 60%", 7, "digit", True, ["30%, 61%"]),
        ("30%, 60%", None, "digit", True, ["40%, 60%"]),
    ],
)
def test_units_stay_and_whole_steps_stay_whole(
    text: str, caret: int | None, move: Move, up: bool, expected: list[str]
) -> None:
    assert walk(text, caret, move, up, len(expected), LENGTH) == expected


def test_what_stays_below_1_comes_nearer_in_smaller_digits() -> None:
    assert walk("0.8", None, "digit", True, 4, Rules(below=1)) == ["0.9", "0.91", "0.92", "0.93"]
    assert walk("0.999", None, "digit", True, 2, Rules(below=1)) == ["0.9991", "0.9992"]
    assert walk("0.999", 3, "digit", True, 1, Rules(below=1)) == ["0.9991"]


def test_a_formula_has_no_digit_to_step() -> None:
    assert stepped(Standing("3e-4*2", 1), "digit", True, Rules()) is None


NUMBERS = st.floats(1e-9, 1e9).map(lambda value: exact(float(f"{value:.6g}")))


@given(NUMBERS, st.integers(1, 12), st.integers(1, 5))
def test_up_and_as_often_down_is_where_it_began(text: str, caret: int, times: int) -> None:
    standing = Standing(text, min(caret, len(text)))
    for up in [True] * times + [False] * times:
        after = stepped(standing, "digit", up, Rules())
        assert after is not None
        standing = after.standing
    assert Decimal(standing.text) == Decimal(text)


@given(NUMBERS, st.integers(1, 12))
def test_the_caret_stays_behind_its_digit(text: str, caret: int) -> None:
    before = Standing(text, min(caret, len(text)))
    after = stepped(before, "digit", True, Rules())
    assert after is not None
    assume(after.standing.place is not None)
    assert after.standing.caret == caret_in(after.standing.text, 0, after.standing.place)
    again = stepped(Standing(after.standing.text, after.standing.caret), "digit", True, Rules())
    assert again is not None
    change = Decimal(after.standing.text) - Decimal(text)
    assert Decimal(again.standing.text) - Decimal(after.standing.text) == change  # the same digit, told by the caret


@given(NUMBERS, st.sampled_from(["digit", "ten digits", "tenth"]), st.integers(1, 40))
def test_what_must_be_above_0_never_leaves_it_by_its_first_digit(text: str, move: Move, times: int) -> None:
    for shown in walk(text, None, move, False, times, Rules(zero=False)):
        assert Decimal(shown) > 0


@given(st.integers(1, 10**9), st.sampled_from(["digit", "ten digits", "tenth", "double", "decade"]), st.booleans())
def test_whole_numbers_stay_whole(number: int, move: Move, up: bool) -> None:
    for shown in walk(str(number), None, move, up, 5, WHOLE):
        assert shown.lstrip("-").isdigit()
