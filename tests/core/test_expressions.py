"""Formulas: only the whitelist passes, NumPy and the written Python agree, faults are told by character."""

from __future__ import annotations

import bisect
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrdesigner.expressions import ExpressionError, emit, evaluate, parse

NAMES = ("step", "epoch", "progress")


@pytest.mark.parametrize(
    "source",
    [
        "__import__('os').system('true')",
        "().__class__",
        "step.real",
        "[step for step in (1,)]",
        "lambda: step",
        "step if",
        "'text'",
        "f'{step}'",
        "1j",
        "1e999",
        "eval(step)",
        "min(step)",
        "min(*step)",
        "round(step, ndigits=2)",
        "math.system(step)",
        "step is 1",
        "(step := 2)",
        "step & 1",
        "bisect((1, 2), step)",
        "print(step)",
        "",
        "-" * 300 + "step",
        "step" + " + step" * 1000,
    ],
)
def test_what_is_not_arithmetic_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError):
        parse(source, NAMES)


@pytest.mark.parametrize(
    ("source", "offset"),
    [("step + stp", 7), ("  2 * (step", 6), ("cos(step) + sni(step)", 12), ("step + 'x'", 7), ("é + 1", 0)],
)
def test_a_fault_is_told_by_the_character_where_it_is(source: str, offset: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source, NAMES)
    assert caught.value.offset == offset
    assert f"character {offset + 1}" in str(caught.value)


def test_a_misspelt_name_gets_a_suggestion() -> None:
    with pytest.raises(ExpressionError, match="did you mean 'progress'"):
        parse("1 - progres", NAMES)


def test_what_python_would_raise_on_is_not_finite_in_arrays() -> None:
    values = evaluate(parse("1 / step + log(step - 1)", NAMES), {"step": np.arange(3)})
    assert not np.isfinite(values[:2]).any()
    assert np.isfinite(values[2])


def test_huge_powers_take_no_time_to_write() -> None:
    assert emit(parse("9 ** 9 ** 9 ** 9", NAMES), {}) == "9.0 ** 9.0**387420489.0"


def test_constants_are_worked_out_and_neutral_parts_left_out() -> None:
    formula = parse("start + (end - start) * min(step / length, 1.0)", ("step", "start", "end", "length"))
    assert emit(formula, {"start": 0.0, "end": 1.0, "length": 2500}) == "min(step / 2_500, 1.0)"


def test_substituted_operands_get_the_parentheses_they_need() -> None:
    formula = parse("2 ** epoch - 3 % epoch + -epoch", NAMES)
    text = emit(formula, {"epoch": "step // 45"})
    assert text == "2.0 ** (step // 45) - 3 % (step // 45) + -(step // 45)"


def _formulas() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["step", "epoch", "progress", "1", "0.5", "3", "pi", "0.25"])

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        binary = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner)
        return st.one_of(
            binary.map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
            st.tuples(inner, st.sampled_from(["2", "0.5", "3"])).map(lambda p: f"({p[0]}) ** {p[1]}"),
            inner.map(lambda p: f"-({p})"),
            st.tuples(st.sampled_from(["cos", "tanh", "abs", "sqrt", "floor"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
            st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
            st.tuples(inner, st.sampled_from(["<", "<=", "==", "!=", ">"]), inner, inner, inner).map(
                lambda p: f"({p[3]}) if ({p[0]}) {p[1]} ({p[2]}) else ({p[4]})"
            ),
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
            inner.map(lambda p: f"not ({p})"),
        )

    return st.recursive(leaves, grow, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(_formulas())
def test_the_written_python_computes_what_the_array_holds(source: str) -> None:
    formula = parse(source, NAMES)
    steps = np.array([0, 1, 7, 44, 45, 449])
    values = evaluate(formula, {"step": steps, "epoch": steps // 45, "progress": steps / 450})
    text = emit(formula, {"epoch": "step // 45", "progress": "step / 450"})
    for step, value in zip(steps.tolist(), np.broadcast_to(values, steps.shape).tolist(), strict=True):
        try:
            written = eval(text, {"math": math, "bisect": bisect}, {"step": step})
        except (ArithmeticError, ValueError):
            continue
        if isinstance(written, complex) or not math.isfinite(value):
            continue
        assert written == pytest.approx(value, rel=1e-12, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(_formulas(), min_size=20, max_size=20))
def test_the_written_python_is_laid_out_as_ruff_does(sources: list[str]) -> None:
    lines = [f"x = {emit(parse(s, NAMES), {'epoch': 'step // 45'})}" for s in sources]
    text = "".join(f"{line}\n" for line in lines if len(line) <= 88)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "-"]
    assert subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout == text


@pytest.mark.parametrize(
    "source",
    ["1 / (1 + exp(1000 * step))", "min(1, 1 / step)", "1 if exp(1000 * step) > 5 else 0.5", "not exp(1000 * step)"],
)
def test_an_error_of_python_cannot_hide_behind_later_arithmetic(source: str) -> None:
    """Python raises at step 1 (or 0); so the array must not hold a harmless number there."""
    values = evaluate(parse(source, NAMES), {"step": np.array([0, 1])})
    text = emit(parse(source, NAMES), {})
    with pytest.raises((ArithmeticError, ValueError)):
        [eval(text, {"math": math}, {"step": step}) for step in (0, 1)]
    assert np.isnan(values).any()


def test_whole_numbers_beyond_what_a_float_holds_are_refused() -> None:
    with pytest.raises(ExpressionError, match="too large"):
        parse("9007199254740993 * step % 2", NAMES)
