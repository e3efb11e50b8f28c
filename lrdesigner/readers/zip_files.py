"""Single entries of a zip archive, read with limits; nothing is ever extracted."""

from __future__ import annotations

import contextlib
import errno
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from lrdesigner.readers.contents import Limits, ReadError

_ENCRYPTED = 1
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNUSUAL = "Its zip archive is packed in a way that PyTorch does not use: unpack it and pack it again."
_DAMAGED = "Its zip archive is cut short or damaged: download or save it again."


class ZipEntries:
    """The entries of an archive by name, without the folder that torch puts around them."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        with _plain_errors():
            self._archive = zipfile.ZipFile(file)
        self._infos = self._archive.infolist()
        if len(self._infos) > limits.entries:
            raise ReadError(f"It is a zip archive of {len(self._infos):,} entries, more than any checkpoint has.")
        self._by_name = _inside_the_folder({info.filename: info for info in self._infos})

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def names(self, start: str = "", end: str = "") -> list[str]:
        """Names that start and end so, in the order of the archive."""
        return [name for name in self._by_name if name.startswith(start) and name.endswith(end)]

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of one entry; raises `ReadError` when they are more than `limit`, encrypted or damaged."""
        info = self._by_name[name]
        if info.flag_bits & _ENCRYPTED:
            raise ReadError("It is an encrypted zip archive; unpack it first.")
        if info.compress_type not in _PACKINGS:
            raise ReadError(_UNUSUAL)
        if info.file_size > limit:
            raise ReadError(f"Its entry {name} has {info.file_size:,} bytes; more than {limit:,} are not read.")
        with _plain_errors(), self._archive.open(info) as entry:
            data = entry.read(limit + 1)
        if len(data) > limit:
            raise ReadError(f"Its entry {name} unpacks to more than {limit:,} bytes.")
        return data


def _inside_the_folder(infos: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """By the names inside of the one folder that holds all, or by full names where there is none."""
    first = next(iter(infos), "").partition("/")[0] + "/"
    if not all(name.startswith(first) for name in infos):
        return infos
    return {name[len(first) :]: info for name, info in infos.items()}


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ReadError(_DAMAGED) from error  # it was told to look in front of the file
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError) as error:
        raise ReadError(_DAMAGED) from error
    except (NotImplementedError, RuntimeError) as error:
        raise ReadError(_UNUSUAL) from error
