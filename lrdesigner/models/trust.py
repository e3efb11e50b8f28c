"""What a person must trust before code runs, and the remembered answers, per path, content and interpreter."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from lrdesigner.design_file import write_atomically
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.models.base import ModelSource
from lrdesigner.models.source import parse_source
from lrdesigner.optimizers.custom import CustomOptions
from lrdesigner.plain_files import open_plain

MOST_CONTENTS = 20
"""Answers kept per thing: one for each content that it had, the latest last."""
UNKNOWN_CONTENT = "installed"
"""Stands for the content of code of which no file is known."""


class Thing(Struct, frozen=True):
    """Code that would run: a file, or the import path of a class or factory; `file` is None where it is not known."""

    name: str
    file: Path | None = None

    @property
    def content(self) -> str | None:
        """The hash of its content now; None if its file cannot be read."""
        return UNKNOWN_CONTENT if self.file is None else content_hash(self.file)


class Question(Struct, frozen=True):
    """Everything that would run, and with which interpreter ("" is ours). Without things there is nothing to ask."""

    things: tuple[Thing, ...] = ()
    python: str = ""

    @property
    def needed(self) -> bool:
        """Whether a person has to be asked."""
        return bool(self.things)

    @property
    def interpreter(self) -> str:
        """The path of the interpreter."""
        return self.python or sys.executable

    @property
    def names(self) -> str:
        """What would run, for a sentence."""
        return " and ".join(thing.name for thing in self.things)

    def without(self, name: str) -> Question:
        """The question where somebody has just named this thing themselves."""
        return Question(tuple(thing for thing in self.things if thing.name != name), self.python)


def question_for_source(source: ModelSource, python: str = "") -> Question:
    """What opening this source would run."""
    if source.is_read:
        return Question()
    things = [Thing(source.runs, source.code_file)] if source.runs else []
    if python:
        things.append(Thing(python, Path(python)))
    return Question(tuple(things), python)


def question_for(design: Design) -> Question:
    """What verifying or trying a design would run: its model, its interpreter, and optimizers by their import path.

    Raises `UserError` when the design has no model, or one that is no longer there.
    """
    if not design.model.source:
        raise UserError("The design has no model.")
    found = question_for_source(parse_source(design.model.source), design.model.python)
    paths = [group.options.path for group in design.groups if isinstance(group.options, CustomOptions)]
    return Question((*found.things, *(Thing(path) for path in dict.fromkeys(paths))), found.python)


def config_folder() -> Path:
    """Where this program keeps its settings; the variable LRDESIGNER_CONFIG_DIR names another place."""
    chosen = os.environ.get("LRDESIGNER_CONFIG_DIR")
    import platformdirs  # not needed to open the window

    return Path(chosen) if chosen else platformdirs.user_config_path("lrdesigner", appauthor=False)


def content_hash(file: Path) -> str | None:
    """SHA-256 of a file's bytes in hexadecimal; None if it cannot be read."""
    import hashlib  # not needed to open the window

    try:
        with open_plain(file) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


class _Store(Struct, frozen=True, forbid_unknown_fields=True):
    version: int = 1
    answers: dict[str, dict[str, bool]] = {}


class TrustStore:
    """The answers on disk, read anew at each question, so that several windows share them.

    A missing, unreadable or corrupt store holds no answers. An answer covers the named things only, not what they
    import, and only together with the interpreter for which it was given.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or config_folder() / "trusted_models.json"

    def answer(self, question: Question) -> bool | None:
        """What the person said about all of it as it is now: True, False (to any of it), or None if not asked of all.

        Where there is nothing to ask the answer is True.
        """
        known = self._read().answers
        found = [_answer(known, _key(thing, question.python), thing.content) for thing in question.things]
        return False if False in found else None if None in found else True

    def changed(self, question: Question) -> bool:
        """Whether something of it was trusted, but has changed since."""
        known = self._read().answers
        return any(
            True in known.get(_key(thing, question.python), {}).values()
            and _answer(known, _key(thing, question.python), thing.content) is None
            for thing in question.things
        )

    def remember(self, question: Question, allowed: bool) -> bool:
        """Keep the answer for everything as it is now; returns whether it could be saved."""
        if not question.needed:
            return True
        answers = dict(self._read().answers)
        for thing in question.things:
            key, content = _key(thing, question.python), thing.content
            if content is None:
                return False
            contents = {k: v for k, v in answers.get(key, {}).items() if k != content} | {content: allowed}
            answers[key] = dict(list(contents.items())[-MOST_CONTENTS:])
        return self._write(_Store(answers=answers))

    def forget(self, question: Question) -> bool:
        """Drop every answer about these things; returns whether that could be saved."""
        gone = {_key(thing, question.python) for thing in question.things}
        answers = {key: contents for key, contents in self._read().answers.items() if key not in gone}
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


def _answer(known: dict[str, dict[str, bool]], key: str, content: str | None) -> bool | None:
    return None if content is None else known.get(key, {}).get(content)


def _key(thing: Thing, python: str) -> str:
    """A file by its real path; an import by its name and the folder in which it would be looked for first."""
    if thing.name.endswith(".py") and thing.file is not None:
        place = os.path.realpath(thing.file)
    elif thing.file is not None and str(thing.file) == thing.name:
        place = thing.name  # an interpreter: an environment's python is a link, and means its environment
    else:
        place = f"{thing.name} in {os.getcwd()}"
    return f"{place} with {python}" if python else place
