"""Single entries of a zip archive, read with limits; nothing is ever extracted.

Not `zipfile`: its directory of 100,000 entries takes half of the time in which a checkpoint is read, and it refuses
archives without checksums, which torch writes when told to and reads.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from lrdesigner.readers.contents import Limits, ReadError

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 65_535
_LONGEST_DIRECTORY = 1 << 30
_FULL = 0xFFFFFFFF
_ENCRYPTED = 1
_STORED = 0
_DEFLATED = 8


class ZipEntries:
    """The entries of an archive by name, without the folder that torch puts around them."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._directory, self._shift = _directory(file)
        self._by_name = _inside_the_folder(_places(self._directory, limits.entries))

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def names(self, start: str = "", end: str = "") -> list[str]:
        """Names that start and end so, in the order of the archive."""
        return [name for name in self._by_name if name.startswith(start) and name.endswith(end)]

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of one entry; raises `ReadError` when they are more than `limit`, encrypted or damaged."""
        place = self._by_name[name]
        _, _, _, flags, packing, _, _, _, packed, size, *lengths, _, _, _, offset = _ENTRY.unpack_from(
            self._directory, place
        )
        if flags & _ENCRYPTED:
            raise ReadError("It is an encrypted zip archive; unpack it first.")
        if packing not in (_STORED, _DEFLATED):
            raise ReadError(
                "Its zip archive is packed in a way that PyTorch does not use: unpack it and pack it again."
            )
        extra = place + _ENTRY.size + lengths[0]
        size, packed, offset = _wide(self._directory[extra : extra + lengths[1]], size, packed, offset)
        if size > limit or packed > limit:
            raise ReadError(f"Its entry {name} has {size:,} bytes; more than {limit:,} are not read.")
        data = self._bytes(offset, packed)
        if packing == _DEFLATED:
            data = _unpacked(data, size)
        if len(data) != size:
            raise _damaged()
        return data

    def _bytes(self, offset: int, length: int) -> bytes:
        start = offset + self._shift
        head = _read(self._file, start, _LOCAL.size)
        signature, *_, name, extra = _LOCAL.unpack(head)
        if signature != b"PK\x03\x04":
            raise _damaged()
        return _read(self._file, start + _LOCAL.size + name + extra, length)


def _directory(file: BinaryIO) -> tuple[bytes, int]:
    """The directory at the end of the archive, and how far the archive begins behind the start of the file."""
    total = file.seek(0, 2)
    tail_start = max(total - _END.size - _LONGEST_COMMENT, 0)
    tail = _read(file, tail_start, total - tail_start)
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or found + _END.size > len(tail):
        raise _damaged()
    _, _, _, _, _, size, offset, _ = _END.unpack_from(tail, found)
    end = tail_start + found
    if end >= _LOCATOR_64.size:
        signature, _, place, _ = _LOCATOR_64.unpack(_read(file, end - _LOCATOR_64.size, _LOCATOR_64.size))
        if signature == b"PK\x06\x07":
            # Of an archive that begins later in the file, `place` is wrong: it lies right in front of its locator.
            here = end - _LOCATOR_64.size - _END_64.size
            end = place if _starts_with(file, place, b"PK\x06\x06") else here
            *_, size, offset = _END_64.unpack(_read(file, end, _END_64.size))
    start = end - size
    if not 0 <= start <= end or size > _LONGEST_DIRECTORY:
        raise _damaged()
    return _read(file, start, size), start - offset


def _places(directory: bytes, most: int) -> dict[str, int]:
    """Where in the directory the record of each name is."""
    found: dict[str, int] = {}
    place = 0
    end = len(directory)
    unpack = _ENTRY.unpack_from
    while place < end:
        if place + _ENTRY.size > end:
            raise _damaged()
        signature, _, _, _, _, _, _, _, _, _, name, extra, comment, _, _, _, _ = unpack(directory, place)
        if signature != b"PK\x01\x02":
            raise _damaged()
        text = place + _ENTRY.size
        found[directory[text : text + name].decode("utf-8", "replace")] = place
        place = text + name + extra + comment
        if len(found) > most:
            raise ReadError(f"It is a zip archive of more than {most:,} entries, as no checkpoint is.")
    return found


def _inside_the_folder(places: dict[str, int]) -> dict[str, int]:
    """By the names inside of the one folder that holds all, or by full names where there is none."""
    first = next(iter(places), "").partition("/")[0] + "/"
    if not all(name.startswith(first) for name in places):
        return places
    return {name[len(first) :]: place for name, place in places.items()}


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three numbers, those that do not fit into 32 bits from the extra field that has them in 64."""
    if _FULL not in (size, packed, offset):
        return size, packed, offset
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1 and place + 4 + length <= len(extra):
            wide = iter(struct.unpack_from(f"<{length // 8}Q", extra, place + 4))
            size, packed, offset = (next(wide, n) if n == _FULL else n for n in (size, packed, offset))
            break
        place += 4 + length
    return size, packed, offset


def _unpacked(data: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
    except zlib.error as error:
        raise _damaged() from error


def _starts_with(file: BinaryIO, place: int, signature: bytes) -> bool:
    return place + len(signature) <= file.seek(0, 2) and _read(file, place, len(signature)) == signature


def _read(file: BinaryIO, place: int, length: int) -> bytes:
    if place < 0 or place + length > file.seek(0, 2):
        raise _damaged()
    file.seek(place)
    return file.read(length)


def _damaged() -> ReadError:
    return ReadError("Its zip archive is cut short or damaged: download or save it again.")
