"""The Python files beside a person's file that it imports: what must go along when it is copied to another machine."""

from __future__ import annotations

import ast
import shutil
import warnings
from pathlib import Path

from lrdesigner.errors import UserError
from lrdesigner.plain_files import read_plain

LARGEST = 10_000_000
MOST_FILES = 500
_SKIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def copy_with_imports(file: Path, folder: Path) -> tuple[str, ...]:
    """Copy a file and what it imports from its own folder; the names that were copied. Raises `UserError`.

    Imports are read, never run: what code finds by other ways is not copied.
    """
    found = _found(file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in found:
            target = folder / path.relative_to(file.parent)
            if path.is_dir():
                shutil.copytree(path, target, ignore=_SKIPPED, dirs_exist_ok=True)
            else:
                shutil.copyfile(path, target)
    except OSError as error:
        raise UserError(f"{error.filename or file} cannot be copied: {error.strerror or error}.") from None
    return tuple(path.name for path in found)


def _found(file: Path) -> tuple[Path, ...]:
    if _is_relative(file):
        raise UserError(
            f"{file.name} is part of the package {file.parent.name}, whose other files a copy would miss; install the "
            f"package on the other machine and name it as {file.parent.name}.{file.stem}:NAME."
        )
    waiting, found = [file], {file: None}
    while waiting:
        path = waiting.pop()
        for name in _imported(path):
            for beside in (file.parent / name, file.parent / f"{name}.py"):
                if beside.exists() and beside not in found and _is_code(beside):
                    found[beside] = None
                    waiting += sorted(beside.rglob("*.py")) if beside.is_dir() else [beside]
        if len(found) > MOST_FILES:
            raise UserError(
                f"{file} imports more than {MOST_FILES} files beside it; install them on the other machine, and name "
                "the model as package.module:NAME."
            )
    return tuple(found)


def _is_code(path: Path) -> bool:
    return path.is_file() or any(path.glob("*.py"))


def _is_relative(file: Path) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(_tree(file)))


def _tree(file: Path) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a "\\d" in somebody's string is not our news
            return ast.parse(read_plain(file, LARGEST))
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        raise UserError(f"{file} cannot be read as Python: {error}.") from None


def _imported(file: Path) -> set[str]:
    """The first parts of the names that a file imports."""
    names: set[str] = set()
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names
