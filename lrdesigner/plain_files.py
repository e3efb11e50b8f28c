"""Reading files that strangers name: never waiting on a pipe, never reading a device without end."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader


def open_plain(path: str | os.PathLike[str]) -> BufferedReader:
    """Open a plain file for reading bytes; raises `OSError` for a folder, a pipe, a device and whatever is missing."""
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - the caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no plain file", os.fspath(path))
    return file


def read_plain(path: str | os.PathLike[str], limit: int) -> bytes:
    """All bytes of a plain file; raises `OSError` as `open_plain` does, and for a file of more than `limit` bytes."""
    with open_plain(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise OSError(errno.EFBIG, f"it is larger than {limit >> 20:,} MiB", os.fspath(path))
        return file.read(limit)


def _without_waiting(path: str, flags: int) -> int:
    """As `open` does it by itself, but a pipe into which nobody writes is not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
