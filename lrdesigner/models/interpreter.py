"""The Python in which a model's packages are installed, as a person names it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from lrdesigner.errors import UserError
from lrdesigner.models.base import absolute

_IN_FOLDER = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")


def parse_python(text: str, folder: Path | None = None) -> str:
    """The absolute path of an interpreter: a program, a name on the PATH, or the folder of an environment.

    "" and our own interpreter give "". Links are kept, because an environment's python is one. Whether it is a Python
    that has torch shows when it is started. Raises `UserError` when there is no such program.
    """
    text = text.strip()
    if not text:
        return ""
    if os.sep not in text and "/" not in text and not absolute(text, folder).exists():
        found = shutil.which(text)
        if found is None:
            raise UserError(f"There is no program {text!r} on the PATH; give the path of the Python to use.")
        text = found
    place = _in_environment(absolute(text, folder))
    if not place.is_file():
        raise UserError(f"There is no Python at {place}; give the path of an interpreter, or of its environment.")
    if not os.access(place, os.X_OK):
        raise UserError(f"{place} cannot be run; give the path of a Python, such as .venv/bin/python.")
    return "" if str(place) == os.path.abspath(sys.executable) else str(place)


def _in_environment(place: Path) -> Path:
    if not place.is_dir():
        return place
    found = [place / name for name in _IN_FOLDER if (place / name).is_file()]
    if not found:
        raise UserError(f"{place} is a folder without a Python in it; give the path of an interpreter.")
    return found[0]
