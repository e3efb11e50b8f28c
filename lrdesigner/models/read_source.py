"""Checkpoints: files and folders of which names and shapes are read, and nothing is run."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lrdesigner.errors import UserError
from lrdesigner.models.base import ModelSource, absolute, check_readable


class ReadSource(ModelSource, frozen=True):
    """`FILE` or `FILE:PART`; `name` is the part, "" for the whole."""

    @property
    def child_source(self) -> str:
        return f"{self.file}:{self.name}" if self.name else str(self.file)

    @property
    def is_read(self) -> bool:
        return True

    @property
    def what_happens(self) -> str:
        return "Reads names and shapes; runs nothing"


def read_source(text: str, folder: Path | None) -> ModelSource | None:
    """The source, if the text names a checkpoint, perhaps with a part of it."""
    path_text, part = split_part(text, folder)
    place = absolute(path_text, folder)
    is_folder = _exists_as_folder(place)
    readable = _is_readable(place)
    if not readable and not is_checkpoint_name(path_text):
        return None
    if not is_folder:
        check_readable(place, "give a checkpoint", f"*{place.suffix}")
    elif not readable:
        raise UserError(f"{place} is a folder without a checkpoint in it: give the file, or another folder.")
    return ReadSource(text=text, file=place, name=part)


def split_part(text: str, folder: Path | None) -> tuple[str, str]:
    """(path, part): at a colon after the name of a checkpoint, or of an existing file or folder; else (text, "")."""
    path, colon, part = text.rpartition(":")
    if not colon or len(path) <= 1 or re.search(r"[\\/]", part) or os.path.exists(_plain(text, folder)):
        return text, ""
    there = is_checkpoint_name(path) or os.path.exists(_plain(path, folder))
    return (path, part.strip()) if there else (text, "")


def is_checkpoint_name(text: str) -> bool:
    """Whether a path ends as those of checkpoints do."""
    from lrdesigner.readers import SUFFIXES  # not needed to open the window

    return text.lower().endswith(SUFFIXES)


def _is_readable(place: Path) -> bool:
    from lrdesigner.readers import reads

    try:
        return reads(place)
    except (OSError, ValueError):
        return False


def _plain(text: str, folder: Path | None) -> str:
    return "" if "\0" in text else str(absolute(text, folder))


def _exists_as_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except (OSError, ValueError):
        return False
