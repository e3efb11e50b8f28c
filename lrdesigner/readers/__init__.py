"""Models read from files, without torch and without running anything that is in the files."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from pathlib import Path

from lrdesigner.readers.checkpoint import read_checkpoint
from lrdesigner.readers.contents import LIMITS, Contents, Limits, ReadError, without_parts
from lrdesigner.readers.distributed import METADATA, read_distributed
from lrdesigner.readers.rows import short
from lrdesigner.readers.tensor_headers import read_safetensors, read_sharded

__all__ = ["SUFFIXES", "Contents", "Limits", "ReadError", "read_model", "reads"]

INDEX = ".index.json"
SAFETENSORS = ".safetensors"
PIECE = ".distcp"
"""Ending of the files of a distributed checkpoint, which hold numbers only: what they are is in `.metadata`."""
SUFFIXES = (
    *(SAFETENSORS, INDEX, ".pt", ".pth", ".ckpt", ".bin", ".pt2", ".ts", ".jit", ".th", ".tar", ".pkl", ".pickle"),
    PIECE,
)
"""Endings of files that can be read; a folder with a distributed checkpoint or the files of one model can be too."""
_IN_FOLDERS = (f"{SAFETENSORS}{INDEX}", f".bin{INDEX}", SAFETENSORS, ".bin")
"""What is looked for in a folder, the best first: if one file ends so, it is the model."""


def reads(path: str | os.PathLike[str]) -> bool:
    """Whether this names something that `read_model` reads: by the ending of a file, by what a folder holds."""
    if os.path.isdir(path):
        names = _names(Path(path))
        return METADATA in names or any(name.endswith(_IN_FOLDERS) for name in names)
    return os.fspath(path).lower().endswith(SUFFIXES) or os.path.basename(path) == METADATA


def read_model(path: str, part: str = "", limits: Limits = LIMITS) -> Contents:
    """The model in a file or folder; `part` names the nested one to take where there are several.

    Raises `ReadError` for whatever cannot be read. Nothing in the file is run and nothing it names is imported.
    Example: `read_model("last.ckpt", part="ema.model").parameters[0]["name"]`.
    """
    try:
        with _without_gc():
            return _read(Path(path), part, limits)
    except ReadError:
        raise
    except FileNotFoundError:
        raise ReadError("There is no such file.") from None
    except PermissionError:
        raise ReadError("It may not be read: give yourself the permission to.") from None
    except OSError as error:
        raise ReadError(f"It cannot be read: {error.strerror or error}.") from error
    except MemoryError:
        raise ReadError("It needs more memory to be read than it may have.") from None
    except ValueError as error:  # a path with a null character
        raise ReadError(f"It cannot be read: {error}.") from error


@contextlib.contextmanager
def _without_gc() -> Iterator[None]:
    """No searches for cycles while millions of objects are made that all stay: they took half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(path: Path, part: str, limits: Limits) -> Contents:
    name = path.name.lower()
    if path.is_dir():
        if (path / METADATA).exists():
            return read_distributed(path, part, limits)
        return _read(_file_of(path), part, limits)
    if path.exists() and not path.is_file():
        raise ReadError("It is no plain file.")
    if name == METADATA or name.endswith(PIECE):
        return read_distributed(path.parent, part, limits)
    if name.endswith(INDEX):
        return read_sharded(path, part, limits)
    if name.endswith(SAFETENSORS):
        without_parts(part)
        return read_safetensors(path, limits)
    return read_checkpoint(path, part, limits)


def _file_of(folder: Path) -> Path:
    """The file of the model in a folder as libraries save them."""
    names = _names(folder)
    for ending in _IN_FOLDERS:
        found = [name for name in names if name.endswith(ending)]
        if len(found) == 1:
            return folder / found[0]
        if found:
            usual = [name for name in found if name in (f"model{ending}", f"pytorch_model{ending}")]
            if usual:
                return folder / usual[0]
            raise ReadError(f"It is a folder with several models ({short(found[0])}, {short(found[1])} ...): name one.")
    raise ReadError(f"It is a folder without a checkpoint: neither {METADATA} nor a .safetensors file is in it.")


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in os.scandir(folder))
