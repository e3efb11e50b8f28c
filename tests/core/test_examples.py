"""What the docstrings of the core show is what it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import check_examples, modules_with_examples

NAMES = modules_with_examples(Path(__file__).parents[2], "lrdesigner")


def test_there_are_examples() -> None:
    assert len(NAMES) > 50


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_give_what_they_say(name: str) -> None:
    check_examples(name)
