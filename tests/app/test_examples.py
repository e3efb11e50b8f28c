"""What the docstrings of the window show is what it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import check_examples, modules_with_examples

NAMES = modules_with_examples(Path(__file__).parents[2] / "app", "lrdesigner_app")


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_give_what_they_say(name: str) -> None:
    check_examples(name)
