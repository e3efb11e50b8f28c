"""Model sources: what a person types to name a model, checked without running any of its code."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from lrdesigner.errors import UserError
from lrdesigner.models.base import ModelSource, at_home, close_to, is_unicode
from lrdesigner.models.library_source import LIBRARIES, config_source, named_source
from lrdesigner.models.python_source import (
    DEMOS,
    DemoSource,
    classes_and_functions,
    demo_source,
    import_source,
    python_file,
    python_source,
)
from lrdesigner.models.read_source import is_checkpoint_name, read_source, split_part

__all__ = [
    "DEMOS",
    "FORMS",
    "DemoSource",
    "ModelSource",
    "classes_and_functions",
    "parse_source",
    "source_file",
    "with_absolute_file",
    "with_relative_file",
    "without_folder",
]

FORMS = (
    "FILE.py:CLASS_OR_FACTORY, package.module:factory, a checkpoint such as NAME.safetensors or NAME.pt, timm:NAME, "
    "torchvision:NAME, transformers:CONFIG_FOLDER, or demo:NAME"
)

KINDS: tuple[Callable[[str, Path | None], ModelSource | None], ...] = (
    demo_source,
    named_source,
    config_source,
    python_source,
    read_source,
    import_source,
)
"""Asked in this order; each gives a source, None for a text that is not of its kind, or raises `UserError`."""


def parse_source(text: str, folder: Path | None = None) -> ModelSource:
    """Read what a person typed; relative files start at `folder`, or at the working folder.

    Raises `UserError` when it names no model that could be opened. Runs and imports nothing.
    """
    text = text.strip()
    if not text:
        raise UserError(f"No model is named: give {FORMS}.")
    for kind in KINDS:
        source = kind(text, folder)
        if source is not None:
            if not is_unicode(source.child_source):
                raise UserError(f"The name of {text} is not valid Unicode, as designs need it: rename file or folder.")
            return source
    raise _no_source(text, folder)


def source_file(text: str) -> Path | None:
    """The Python file that a source names, existing or not; None for any other source."""
    file = python_file(text)
    return Path(file) if file else None


def with_absolute_file(text: str, folder: Path) -> str:
    """A source out of a design file in `folder`, with the path in it made absolute."""
    before, path, after = _around_path(text)
    return f"{before}{os.path.normpath(folder / path)}{after}" if path else text


def with_relative_file(text: str, folder: Path) -> str:
    """A source as a design file in `folder` has it: the two move together, and nobody's folders stand in it."""
    before, path, after = _around_path(text)
    if not path:
        return text
    try:
        relative = Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return text
    # A bare word would be taken for a package that is to be imported.
    bare = not before and "/" not in relative and not python_file(text) and not is_checkpoint_name(relative)
    return f"{before}{'./' if bare else ''}{relative}{after}"


def without_folder(text: str) -> str:
    """A source with no more of a path than its last part, whatever system the path is of and whatever is there.

    >>> without_folder("/home/me/net.py:Net"), without_folder("package.nets:make")
    ('net.py:Net', 'package.nets:make')
    """
    prefix, colon, rest = text.partition(":")
    if prefix == "transformers":
        return f"{prefix}{colon}{_last_of(rest)}"
    if prefix in ("demo", *LIBRARIES) or not re.search(r"[\\/]", text):
        return text
    file = python_file(text)
    if file:
        return f"{_last_of(file)}{text[len(file) :]}"
    name = _last_of(text)
    is_checkpoint = is_checkpoint_name(name) or is_checkpoint_name(name.rpartition(":")[0])
    return name if is_checkpoint else f"./{name}"  # a bare word would be taken for a package


def _last_of(path: str) -> str:
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]


def _around_path(text: str) -> tuple[str, str, str]:
    """What stands before the path in a source, the path, and what stands after; the path is "" where there is none."""
    prefix = text.partition(":")[0]
    if prefix == "transformers":
        return f"{prefix}:", text.removeprefix(f"{prefix}:"), ""
    if prefix in ("demo", *LIBRARIES) or not text:
        return text, "", ""
    file = python_file(text)
    if file:
        return "", file, text[len(file) :]
    path, part = split_part(text, None)
    if is_checkpoint_name(path) or "/" in path or "\\" in path:
        return "", path, f":{part}" if part else ""
    return text, "", ""


def _no_source(text: str, folder: Path | None) -> UserError:
    place = (folder or Path.cwd()) / at_home(text)
    if "\0" not in text and place.is_dir():
        return UserError(f"{text} is a folder without a checkpoint: give the file in it that makes the model: {FORMS}.")
    if "\0" not in text and place.is_file() and place.suffix == ".json":
        return UserError(f"{text} is a JSON file: write transformers:{text} if it is a configuration for transformers.")
    prefix = text.partition(":")[0]
    near = close_to(prefix, [*LIBRARIES, "demo"]) if ":" in text else ""
    return UserError(f"{text!r} is not a model source that can be read{near}: give {FORMS}.")
