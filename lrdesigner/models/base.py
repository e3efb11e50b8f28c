"""What every kind of model source can tell."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from lrdesigner.errors import UserError
from lrdesigner.plain_files import open_plain


class ModelSource(Struct, frozen=True):
    """A model's place, as a person typed it in `text`, checked without running any of its code.

    `name` is the class, factory, architecture or part; `file` is absolute and exists, or None where the source names
    no file.
    """

    text: str
    name: str
    file: Path | None = None

    @property
    def child_source(self) -> str:
        """The source with its file absolute: what requests to a child and open designs have."""
        return self.text

    @property
    def stored(self) -> str:
        """The source as a design holds it."""
        return self.child_source

    @property
    def is_demo(self) -> bool:
        """Whether the model comes with the program."""
        return False

    @property
    def is_read(self) -> bool:
        """Whether only names and shapes are read, by our own code in our own interpreter."""
        return False

    @property
    def runs(self) -> str:
        """The code that a person must trust before the model can be built; "" where there is no such code.

        A library that is installed was trusted when it was installed.
        """
        return ""

    @property
    def code_file(self) -> Path | None:
        """The file of that code, if it is known without running anything."""
        return None

    @property
    def watched(self) -> tuple[Path, ...]:
        """Files whose change may mean another model."""
        return () if self.file is None else (self.file,)

    @property
    def what_happens(self) -> str:
        """What opening it does, in a few words without a full stop."""
        return f"Builds {self.text} without weights"


def absolute(text: str, folder: Path | None) -> Path:
    """A path as a person typed it; relative ones start at `folder`, or at the working folder."""
    return Path(os.path.abspath((folder or Path.cwd()) / at_home(text)))


def at_home(text: str) -> Path:
    """A path with `~` worked out; one that names no known person's home is taken as it is."""
    try:
        return Path(text).expanduser()
    except (RuntimeError, ValueError):
        return Path(text)


def is_unicode(text: str) -> bool:
    """Whether a text can be stored and sent: names of files can hold bytes that cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_readable(file: Path, folder_hint: str, pattern: str = "*") -> None:
    """Raise `UserError` unless `file` can be read; a missing one is answered with a similar name in its folder."""
    try:
        if file.is_dir():
            raise UserError(f"{file} is a folder: {folder_hint}.")
        open_plain(file).close()
    except FileNotFoundError:
        raise UserError(f"There is no file {file}{_similar(file, pattern)}; check the path.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(f"{file} cannot be read: {reason}; check the path and its permissions.") from None


def close_to(word: str, known: list[str]) -> str:
    """ " (did you mean X?)", or "" when nothing known is similar."""
    import difflib  # only when something is wrong

    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _similar(file: Path, pattern: str) -> str:
    try:
        return close_to(file.name, [other.name for other in file.parent.glob(pattern) if other.exists()])
    except (OSError, ValueError):
        return ""
