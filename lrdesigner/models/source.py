"""Model sources: what a person types to name a model, checked without running any of its code."""

from __future__ import annotations

import ast
import keyword
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from lrdesigner.errors import UserError
from lrdesigner_resources import path as resource_path

FORMS = "FILE.py:CLASS_OR_FACTORY or demo:NAME"
MOST_SUGGESTIONS = 8


class Demo(Struct, frozen=True):
    """A model that comes with the program: class `name` in the resource `resource`, and the data that it takes."""

    resource: str
    name: str
    title: str
    input_shape: tuple[int, ...]
    classes: int


DEMOS: Mapping[str, Demo] = MappingProxyType(
    {"lenet": Demo("demo/lenet.py", "LeNet", "LeNet on handwritten digits", (3, 32, 32), 10)}
)


class ModelSource(Struct, frozen=True):
    """A model's place: `file` is absolute and exists, `name` is the class, factory or instance in it.

    `text` is what a person would type to get the same again; `demo` is set for the models of the program.
    """

    text: str
    file: Path
    name: str
    demo: Demo | None = None

    @property
    def is_demo(self) -> bool:
        """Whether the model comes with the program, so that its code needs no trust question."""
        return self.demo is not None

    @property
    def child_source(self) -> str:
        """`ABSOLUTE_FILE.py:NAME`, as requests to a child process have it."""
        return f"{self.file}:{self.name}"


def parse_source(text: str, folder: Path | None = None) -> ModelSource:
    """Read what a person typed; relative files start at `folder`, or at the working folder.

    Raises `UserError` when it names no readable Python file and no demo. Runs and imports nothing.
    """
    text = text.strip()
    if text.startswith("demo:"):
        return _demo_source(text)
    file_text, name = _split(text)
    file = Path(os.path.abspath((folder or Path.cwd()) / _at_home(file_text)))
    _check_file(file)
    if not name:
        raise UserError(f"{file_text} names no model: write {file_text}:NAME{_suggestion(file)}.")
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")):
        raise UserError(f"{name!r} is not the name of a class or function in {file_text}{_suggestion(file)}.")
    return ModelSource(text=text, file=file, name=name)


def source_file(text: str) -> Path | None:
    """The Python file that a source names, existing or not; None for a demo or no source at all."""
    file = text.rpartition(":")[0]
    return Path(file) if _is_python(file) else None


def classes_and_functions(file: Path) -> tuple[str, ...]:
    """Names at the top level of a Python file that may make a model, likely ones first; () if it cannot be parsed.

    The file is only parsed, never run.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a "\\d" in somebody's string is not our news
            tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    ranked = [(_rank(node), node.name) for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return tuple(name for _, name in sorted(ranked, key=lambda entry: entry[0]) if not name.startswith("_"))


def _rank(node: ast.ClassDef | ast.FunctionDef) -> int:
    if isinstance(node, ast.FunctionDef):
        return 1
    return 0 if any(ast.unparse(base).endswith("Module") for base in node.bases) else 2


def _demo_source(text: str) -> ModelSource:
    demo = DEMOS.get(text.removeprefix("demo:"))
    if demo is None:
        raise UserError(f"There is no {text!r}; the demos are {', '.join(f'demo:{name}' for name in DEMOS)}.")
    return ModelSource(text=text, file=resource_path(demo.resource), name=demo.name, demo=demo)


def _split(text: str) -> tuple[str, str]:
    """(file, name) at the last colon, so that a drive letter stays with its file; the name is "" when missing."""
    if not text:
        raise UserError(f"No model is named: give {FORMS}.")
    file, colon, name = text.rpartition(":")
    if _is_python(text):
        return text, ""
    if colon and _is_python(file):
        return file, name.strip()
    if _at_home(text).is_dir():
        raise UserError(f"{text} is a folder: give the Python file in it that makes the model, as {FORMS}.")
    raise UserError(f"{text!r} is not a model source that can be read: give {FORMS}.")


def _at_home(text: str) -> Path:
    """A path with `~` worked out; one that names no known person's home is taken as it is."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _is_python(text: str) -> bool:
    return text.lower().endswith(".py")


def _check_file(file: Path) -> None:
    try:
        if file.is_dir():
            raise UserError(f"{file} is a folder: give the Python file in it that makes the model.")
        with file.open("rb"):
            return
    except FileNotFoundError:
        near = _similar_file(file)
        raise UserError(f"There is no file {file}{near}; check the path.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(f"{file} cannot be read: {reason}; check the path and its permissions.") from None


def _similar_file(file: Path) -> str:
    try:
        names = [other.name for other in file.parent.glob("*.py")]
    except (OSError, ValueError):
        return ""
    import difflib  # only when something is wrong

    close = difflib.get_close_matches(file.name, names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _suggestion(file: Path) -> str:
    names = classes_and_functions(file)[:MOST_SUGGESTIONS]
    return f", for example {', '.join(names)}" if names else ""
