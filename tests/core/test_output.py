"""Tables and lines of the command line, whatever is in the names."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdesigner.cli import output
from lrdesigner.cli.commands import run
from lrdesigner.cli.model_commands import _inventory_rows
from lrdesigner.cli.output import printable, write_table
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo

Captured = pytest.CaptureFixture[str]


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left_in_a_name(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)


def test_a_table_has_one_line_for_each_row_and_columns_that_align(capsys: Captured) -> None:
    write_table(("name", "size"), [("日本", "7"), ("a\nb\x1b[1m", "1,000"), ("[red]", "12")], right=("size",))
    head, rule, *rows = capsys.readouterr().out.splitlines()
    assert head == "name           size"
    assert set(rule) == {"─"}
    assert rows == ["日本              7", "a\\nb\\x1b[1m   1,000", "[red]            12"]


def test_the_widest_column_of_text_is_folded_where_the_page_ends(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "WIDTH_OF_FILES", 40)
    write_table(("name", "size"), [("one two three four five six seven eight nine", "7"), ("x" * 50, "8")], ("size",))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) == 40
    assert [line for line in lines if line.endswith("7")] == ["one two three four five six seven      7"]
    assert lines[-1] == "x" * 17


def test_parameters_with_dots_in_their_own_names_are_listed() -> None:
    parameters = (ParameterInfo("a.b.c", (2,), "float32", 2, True), ParameterInfo("x.y", (1,), "float32", 1, True))
    rows = _inventory_rows(Inventory((ModuleInfo("", "Net"), ModuleInfo("a", "Linear")), parameters))
    assert [row[0] for row in rows] == ["(model)", "  x.y", "a", "  a.b.c"]


def test_a_terminal_that_cannot_show_a_name_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert run(["presets"]) == 0
    stream.seek(0)
    assert "\\u2500" in stream.read()
