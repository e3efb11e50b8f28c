"""Exported files of every kind are laid out and typed as people want them."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_cases import exportable_designs
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import designs, ruled_designs
from text_checks import unlike_ruff, untyped
from text_corpora import CORPORA, texts

from lrdesigner.design_file import decode, encode
from lrdesigner.document import Design
from lrdesigner.export import ExportOptions, export


@pytest.mark.parametrize("name", CORPORA)
def test_files_are_laid_out_and_typed_as_ruff_and_mypy_want_them(
    name: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    found = texts(name)
    for case, text in found.items():
        (tmp_path / f"{case}.py").write_text(text, encoding="utf-8")
    assert len(found) > 10
    assert unlike_ruff(tmp_path) == ""
    assert untyped(tmp_path, pytestconfig) == ""


@settings(max_examples=40, deadline=None)
@given(st.one_of(designs(), exportable_designs(), ruled_designs()))
def test_any_design_is_laid_out_as_ruff_does(tmp_path_factory: pytest.TempPathFactory, design: Design) -> None:
    text = export(design)
    assert export(decode(encode(design), "file")) == text
    folder = tmp_path_factory.mktemp("random")
    (folder / "random.py").write_text(text, encoding="utf-8")
    (folder / "accelerated.py").write_text(export(design, ExportOptions("accelerate")), encoding="utf-8")
    assert unlike_ruff(folder) == ""
