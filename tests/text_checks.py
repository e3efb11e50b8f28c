"""What exported files are held against: ruff as it comes, and mypy --strict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def unlike_ruff(folder: Path) -> str:
    """What `ruff check` and `ruff format` say of the files in a folder; "" for nothing."""
    return _said("ruff", "check", "--isolated", ".", cwd=folder) + _said(
        "ruff", "format", "--isolated", "--diff", ".", cwd=folder
    )


def untyped(folder: Path, config: pytest.Config) -> str:
    """What mypy says of the files in a folder, with torch's stubs read once; "" for nothing."""
    assert config.cache is not None
    cache = config.cache.mkdir("mypy-of-exports")
    return _said("mypy", "--strict", "--config-file=", f"--cache-dir={cache}", ".", cwd=folder)


def _said(*command: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False, cwd=cwd)
    return "" if done.returncode == 0 else done.stdout + done.stderr
