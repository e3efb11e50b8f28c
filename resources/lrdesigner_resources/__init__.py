"""The files that LR Designer brings along: demo models and data, icons, style. Always unpacked on disk."""

from __future__ import annotations

from pathlib import Path


def path(name: str) -> Path:
    """Absolute path of the file or folder `name` of this package, written with slashes: `path("demo/lenet.py")`."""
    return Path(__file__).resolve().parent.joinpath(*name.split("/"))
