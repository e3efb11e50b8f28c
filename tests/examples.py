"""Running the examples of docstrings."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path


def modules_with_examples(root: Path, package: str) -> list[str]:
    """The names of the modules of a package that show what they do."""
    files = sorted(file for file in (root / package).rglob("*.py") if ">>>" in file.read_text(encoding="utf-8"))
    names = [".".join(file.relative_to(root).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


def check_examples(name: str) -> None:
    """Fails with what the examples of a module gave in place of what they say."""
    told: list[str] = []
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder().find(importlib.import_module(name)):
        runner.run(test, out=told.append)
    assert runner.failures == 0, "".join(told)
