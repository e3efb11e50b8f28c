"""Exported files that are kept: whoever changes what is written sees it, and writes them anew on purpose."""

from __future__ import annotations

import pytest
from golden_cases import FOLDER, GOLDEN, code_of, place_of


@pytest.mark.parametrize("name", GOLDEN)
def test_the_code_of_a_design_is_the_one_that_is_kept(name: str) -> None:
    kept = place_of(name).read_text(encoding="utf-8")
    assert code_of(GOLDEN[name]) == kept, "If that is meant: python tests/golden_cases.py, and review the difference."


def test_no_file_is_kept_of_a_design_that_is_gone() -> None:
    assert sorted(file.name for file in FOLDER.iterdir()) == sorted(place_of(name).name for name in GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_no_sentence_of_the_docstring_is_said_twice(name: str) -> None:
    docstring = place_of(name).read_text(encoding="utf-8").split('"""')[1]
    paragraphs = [paragraph for paragraph in docstring.split("\n\n") if not paragraph.startswith(" ")]
    assert len(set(paragraphs)) == len(paragraphs)
