"""Remembered answers to "may the code of this file run?", per file and content."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from lrdesigner.design_file import write_atomically
from lrdesigner.errors import UserError
from lrdesigner.models.source import ModelSource

MOST_CONTENTS = 20
"""Answers kept per file: one for each content that it had, the latest last."""


class _Store(Struct, frozen=True, forbid_unknown_fields=True):
    version: int = 1
    answers: dict[str, dict[str, bool]] = {}


def config_folder() -> Path:
    """Where this program keeps its settings; the variable LRDESIGNER_CONFIG_DIR names another place."""
    chosen = os.environ.get("LRDESIGNER_CONFIG_DIR")
    import platformdirs  # not needed to open the window

    return Path(chosen) if chosen else platformdirs.user_config_path("lrdesigner", appauthor=False)


def content_hash(file: Path) -> str | None:
    """SHA-256 of a file's bytes in hexadecimal; None if it cannot be read."""
    import hashlib  # not needed to open the window

    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


class TrustStore:
    """The answers on disk, read anew at each question, so that several windows share them.

    A missing, unreadable or corrupt store holds no answers. An answer covers the named file only, not what it imports.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or config_folder() / "trusted_models.json"

    def answer(self, source: ModelSource) -> bool | None:
        """What the person said about this file as it is now: True, False, or None if never asked.

        The program's own demos are always trusted.
        """
        if source.is_demo:
            return True
        digest = content_hash(source.file)
        return None if digest is None else self._read().answers.get(_key(source), {}).get(digest)

    def remember(self, source: ModelSource, allowed: bool) -> bool:
        """Keep the answer for this file as it is now; returns whether it could be saved."""
        digest = content_hash(source.file)
        if source.is_demo or digest is None:
            return source.is_demo
        answers = dict(self._read().answers)
        contents = {k: v for k, v in answers.get(_key(source), {}).items() if k != digest} | {digest: allowed}
        answers[_key(source)] = dict(list(contents.items())[-MOST_CONTENTS:])
        return self._write(_Store(answers=answers))

    def forget(self, source: ModelSource) -> bool:
        """Drop every answer about this file; returns whether that could be saved."""
        answers = {file: contents for file, contents in self._read().answers.items() if file != _key(source)}
        return self._write(_Store(answers=answers))

    def _read(self) -> _Store:
        try:
            store = msgspec.json.decode(self._file.read_bytes(), type=_Store)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _Store()
        return store if store.version == 1 else _Store()

    def _write(self, store: _Store) -> bool:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, msgspec.json.format(msgspec.json.encode(store), indent=1) + b"\n")
        except (OSError, UserError):
            return False
        return True


def _key(source: ModelSource) -> str:
    return os.path.realpath(source.file)
