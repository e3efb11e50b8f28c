"""Models that somebody's Python code makes: a file, an importable factory, and the demos of the program."""

from __future__ import annotations

import ast
import keyword
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from lrdesigner.errors import UserError
from lrdesigner.models.base import ModelSource, absolute, check_readable
from lrdesigner.plain_files import read_plain
from lrdesigner_resources import path as resource_path

MOST_SUGGESTIONS = 8
LARGEST_PARSED = 10_000_000
"""Bytes of a Python file that is looked into."""


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


class PythonSource(ModelSource, frozen=True):
    """`FILE.py:NAME`: the class, factory or instance NAME in a file."""

    @property
    def child_source(self) -> str:
        return f"{self.file}:{self.name}"

    @property
    def runs(self) -> str:
        return str(self.file)

    @property
    def code_file(self) -> Path | None:
        return self.file

    @property
    def what_happens(self) -> str:
        return f"Runs the code of {self.file}"


class DemoSource(ModelSource, frozen=True):
    """`demo:NAME`: our own code, so that no question is needed."""

    @property
    def demo(self) -> Demo:
        """What is known about it."""
        return DEMOS[self.text.removeprefix("demo:")]

    @property
    def child_source(self) -> str:
        return f"{self.file}:{self.name}"

    @property
    def stored(self) -> str:
        return self.text

    @property
    def is_demo(self) -> bool:
        return True

    @property
    def watched(self) -> tuple[Path, ...]:
        return ()

    @property
    def what_happens(self) -> str:
        return f"Builds the demo {self.demo.title}"


class ImportSource(ModelSource, frozen=True):
    """`package.module:factory`: imported in the child, from its working folder or from what is installed."""

    @property
    def runs(self) -> str:
        return self.text

    @property
    def code_file(self) -> Path | None:
        module = self.text.partition(":")[0]
        beside = Path.cwd().joinpath(*module.split("."))
        found = (beside.with_suffix(".py"), beside / "__init__.py")
        return next((file for file in found if file.is_file()), None)

    @property
    def watched(self) -> tuple[Path, ...]:
        return () if self.code_file is None else (self.code_file,)

    @property
    def what_happens(self) -> str:
        return f"Imports {self.text.partition(':')[0]} and runs its code"


def python_source(text: str, folder: Path | None) -> ModelSource | None:
    """The source, if the text names a Python file."""
    file_text, name = (text, "") if _is_python(text) else _split(text)
    if not _is_python(file_text):
        return None
    file = absolute(file_text, folder)
    check_readable(file, "give the Python file in it that makes the model", "*.py")
    if not name:
        raise UserError(f"{file_text} names no model: write {file_text}:NAME{_suggestion(file)}.")
    if not _is_dotted_name(name):
        raise UserError(f"{name!r} is not the name of a class or function in {file_text}{_suggestion(file)}.")
    return PythonSource(text=text, file=file, name=name)


def demo_source(text: str, folder: Path | None) -> ModelSource | None:
    """The source, if the text names a demo."""
    if not text.startswith("demo:"):
        return None
    demo = DEMOS.get(text.removeprefix("demo:"))
    if demo is None:
        raise UserError(f"There is no {text!r}; the demos are {', '.join(f'demo:{name}' for name in DEMOS)}.")
    return DemoSource(text=text, file=resource_path(demo.resource), name=demo.name)


def import_source(text: str, folder: Path | None) -> ModelSource | None:
    """The source, if the text is `package.module:factory`."""
    module, name = _split(text)
    if _is_dotted_name(module) and _is_dotted_name(name):
        return ImportSource(text=f"{module}:{name}", name=name)
    return None


def python_file(text: str) -> str:
    """The path in `FILE.py:NAME` as it stands there, or ""."""
    file = _split(text)[0]
    return file if _is_python(file) else ""


def classes_and_functions(file: Path) -> tuple[str, ...]:
    """Names at the top level of a Python file that may make a model, likely ones first; () if it cannot be parsed.

    The file is only parsed, never run.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a "\\d" in somebody's string is not our news
            tree = ast.parse(read_plain(file, LARGEST_PARSED))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    ranked = [(_rank(node), node.name) for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return tuple(name for _, name in sorted(ranked, key=lambda entry: entry[0]) if not name.startswith("_"))


def _rank(node: ast.ClassDef | ast.FunctionDef) -> int:
    if isinstance(node, ast.FunctionDef):
        return 1
    return 0 if any(ast.unparse(base).endswith("Module") for base in node.bases) else 2


def _split(text: str) -> tuple[str, str]:
    """(file or module, name) at the last colon, so that a drive letter stays with its file; without one ("", "")."""
    file, colon, name = text.rpartition(":")
    return (file.strip(), name.strip()) if colon else ("", "")


def _is_python(text: str) -> bool:
    return text.lower().endswith(".py")


def _is_dotted_name(text: str) -> bool:
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in text.split("."))


def _suggestion(file: Path) -> str:
    names = classes_and_functions(file)[:MOST_SUGGESTIONS]
    return f", for example {', '.join(names)}" if names else ""
