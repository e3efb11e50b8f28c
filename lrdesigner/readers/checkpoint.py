"""What `torch.save` wrote: zip archives, the format before 1.6, and plain pickles."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import BinaryIO

from lrdesigner.plain_files import open_plain
from lrdesigner.readers.contents import Contents, Limits, ReadError, without_parts
from lrdesigner.readers.exported_program import is_exported_program, read_exported_program
from lrdesigner.readers.guess import guess
from lrdesigner.readers.objects import contents_of_object
from lrdesigner.readers.torchscript import read_torchscript
from lrdesigner.readers.unpickle import unpickle
from lrdesigner.readers.zip_files import ZipEntries

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
"""The first object in a file of the format before 1.6."""
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_ANY_PROTOCOL = (b"(", b"}", b"]", b"c", b"\x80")


def read_checkpoint(path: Path, part: str, limits: Limits) -> Contents:
    """Whatever of these the file is, by its first bytes and not by its name."""
    with open_plain(path) as file:
        root, form, imports, entries = _opened(file, limits)
        if entries is not None:
            without_parts(part)
            return _other_archive(entries, limits)
        return contents_of_object(root, form, part, imports, limits)


def object_in(path: Path, limits: Limits) -> tuple[object, set[str]]:
    """The object in a checkpoint and what unpickling it would import, for files that are parts of one model."""
    with open_plain(path) as file:
        root, _, imports, entries = _opened(file, limits)
    if entries is not None:
        raise ReadError("It is no checkpoint with a state_dict.")
    return root, imports


def _opened(file: BinaryIO, limits: Limits) -> tuple[object, str, set[str], ZipEntries | None]:
    """The object in the file, its format and imports; of other archives of torch only the entries."""
    imports: set[str] = set()
    start = file.read(512)
    file.seek(0)
    if start.startswith((_ZIP, _EMPTY_ZIP)):
        entries = ZipEntries(file, limits)
        if is_exported_program(entries) or "constants.pkl" in entries:
            return None, "", imports, entries
        if "data.pkl" not in entries:
            raise ReadError(
                "It is a zip archive, but none that PyTorch wrote (it has no data.pkl)."
                if entries.names()
                else "It is an empty zip archive."
            )
        return unpickle(entries.read("data.pkl", limits.pickle), imports, limits).value, "zip checkpoint", imports, None
    other = guess(start)
    if other:
        raise ReadError(other)
    if not start.startswith(_ANY_PROTOCOL):
        raise ReadError("It is no file that PyTorch wrote: it is neither a zip archive nor a pickle.")
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        root, form = _pickles(data, imports, limits)  # type: ignore[arg-type]  # a memory map reads as bytes do
    return root, form, imports, None


def _pickles(data: bytes, imports: set[str], limits: Limits) -> tuple[object, str]:
    """The object of the format before 1.6 (magic number, version, system, object, keys, numbers), or of one pickle."""
    first = unpickle(data, imports, limits)
    if first.value != MAGIC_NUMBER or type(first.value) is not int:
        return first.value, "plain pickle"
    version = unpickle(data, imports, limits, first.end)
    system = unpickle(data, imports, limits, version.end)
    return unpickle(data, imports, limits, system.end).value, "checkpoint of the format before PyTorch 1.6"


def _other_archive(entries: ZipEntries, limits: Limits) -> Contents:
    if is_exported_program(entries):
        return read_exported_program(entries, limits)
    return read_torchscript(entries, limits)
