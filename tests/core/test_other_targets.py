"""A design as numbers and as Python values."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from export_cases import CASES, exportable_designs
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import NASTY_NAMES, ruled_designs

from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import decode, encode, save
from lrdesigner.document import Design, Plan
from lrdesigner.edits import rename_group, set_plan
from lrdesigner.errors import UserError
from lrdesigner.export.other_targets import OTHER_TARGETS, design_literal

Captured = pytest.CaptureFixture[str]


def design_of_literal(text: str, name: str) -> Design:
    """The design that such a module makes, without running it."""
    tree = ast.parse(text)
    values = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.AnnAssign) and node.value)
    return decode(msgspec.json.encode(values), name)


@settings(max_examples=30, deadline=None)
@given(st.one_of(exportable_designs(), ruled_designs()))
def test_the_python_values_are_the_design(design: Design) -> None:
    text = design_literal(design)
    assert design_of_literal(text, "design.py") == decode(encode(design), "design")
    assert design_literal(decode(encode(design), "design")) == text


def test_the_module_rebuilds_the_design_and_is_laid_out_and_typed(tmp_path: Path) -> None:
    for number, design in enumerate([demo_design(), *CASES.values()]):
        (tmp_path / f"design_{number}.py").write_text(design_literal(design))
    for command in (["ruff", "check", "--isolated"], ["ruff", "format", "--isolated", "--diff"]):
        done = subprocess.run([sys.executable, "-m", *command, "."], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    scope = {"__name__": "design", "__file__": "design.py"}
    exec(compile((tmp_path / "design_0.py").read_text(), "design.py", "exec"), scope)
    assert scope["DESIGN"] == demo_design()


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_no_name_changes_the_module(name: str) -> None:
    design = rename_group(demo_design(), 2, name)
    assert design_of_literal(design_literal(design), "design.py") == design


def test_curves_are_those_of_the_command_curves(tmp_path: Path, capsys: Captured) -> None:
    save(demo_design(), tmp_path / "net.lrd.json")
    design, output = str(tmp_path / "net.lrd.json"), tmp_path / "curves.csv"
    assert run(["export", design, "-o", str(output), "--target", "curves", "--every", "9"]) == 0
    capsys.readouterr()
    assert run(["curves", design, "--every", "9", "--format", "csv"]) == 0
    assert output.read_text() == capsys.readouterr().out
    assert run(["export", design, "-o", str(output), "--target", "curves"]) == 0
    assert len(output.read_text().splitlines()) == 451


def test_curves_of_a_very_long_run_want_a_distance_between_steps(tmp_path: Path) -> None:
    curves, long = OTHER_TARGETS["curves"], set_plan(demo_design(), Plan(10_000_000, 7))
    with pytest.raises(UserError, match="70,000,000 lines; with --every 70 there"):
        curves.write(long, 1)
    assert len(curves.write(long, 70_000).splitlines()) == 1001


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target", "curves", "--form", "snippet"], "writes no code"),
        (["--target", "design", "--tensor-lr"], "writes no code"),
        (["--target", "torch", "--every", "2"], "--every is for --target curves"),
    ],
)
def test_options_that_do_not_apply_are_refused(
    options: list[str], words: str, tmp_path: Path, capsys: Captured
) -> None:
    save(demo_design(), tmp_path / "net.lrd.json")
    assert run(["export", str(tmp_path / "net.lrd.json"), "-o", str(tmp_path / "x"), *options]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_every_other_target_says_what_it_is() -> None:
    for target in OTHER_TARGETS.values():
        assert target.write(demo_design(), 1)
        assert target.title
        assert target.summary.endswith(".")
