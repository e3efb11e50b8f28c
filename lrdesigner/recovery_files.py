"""Copies of designs that are not saved yet, kept on the disk so that a crash takes little.

Each lies in one folder under a name that tells its owner: `PID-START-WINDOW.recovery`. A copy whose owner is gone is a
leftover; whoever renames it under a name of its own has it, so that two processes never take the same one.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from lrdesigner.design_file import LARGEST, decode_with_faults, encode_compact
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.faults import Opened
from lrdesigner.plain_files import open_plain
from lrdesigner.process_identity import process_lives, process_start

SUFFIX = ".recovery"
PART = ".part"
DAMAGED = ".damaged"
SLICE = 256 * 1024
"""Bytes that are written in one go: well under a millisecond."""

_FORMAT = "lrdesigner recovery"
_LONGEST_HEAD = 64 * 1024
_NAME = re.compile(r"(\d{1,10})-(\d{1,20})-[0-9a-f]+\.(?:recovery|part)")


class Kept(Struct, frozen=True):
    """What is told about a kept design: its file ("" if it has none yet), its title, and when it was kept.

    `time` is in seconds since 1970.
    """

    path: str = ""
    title: str = ""
    time: float = 0.0


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    kept: Kept


class Writing:
    """A copy on its way to the disk, a slice at a time; the old one stays until all of the new one is there.

    It is not forced out of the system's cache, as that can take long: a crash of the program loses nothing of it.
    """

    def __init__(self, file: Path, content: bytes) -> None:
        self._file, self._content, self._written = file, memoryview(content), 0
        self._part = file.with_suffix(PART)
        self._stream: BinaryIO | None = None

    def advance(self) -> bool:
        """Write the next slice; True when the copy lies there whole. Raises `UserError` when the disk refuses."""
        try:
            if self._stream is None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._stream = open(self._part, "wb", opener=_private)  # noqa: SIM115 - closed by `_finish`, `give_up`
            self._stream.write(self._content[self._written : self._written + SLICE])
            self._written += SLICE
            if self._written < len(self._content):
                return False
            self._stream.close()
            os.replace(self._part, self._file)
        except OSError as error:
            self.give_up()
            raise UserError(f"{self._file} cannot be written: {error.strerror or error}.") from None
        return True

    def give_up(self) -> None:
        """Leave the old copy as it is."""
        if self._stream is not None:
            with contextlib.suppress(OSError):  # a full disk is told again when the rest is flushed
                self._stream.close()
            self._part.unlink(missing_ok=True)


class RecoveryFolder:
    """The copies in one folder, as the process `pid` sees them (by itself: this one)."""

    def __init__(self, folder: Path, pid: int | None = None) -> None:
        self.folder = folder
        self._pid = os.getpid() if pid is None else pid
        self._started = process_start(self._pid)

    def new_file(self) -> Path:
        """A name that is this process's own, for one window."""
        return self.folder / f"{self._pid}-{self._started}-{secrets.token_hex(4)}{SUFFIX}"

    def claim(self) -> list[Path]:
        """Make every leftover this process's own, oldest first; what others were quicker to take is not among them."""
        claimed = []
        for file in self._orphans():
            if file.suffix == PART:
                file.unlink(missing_ok=True)
                continue
            mine = self.new_file()
            with contextlib.suppress(OSError):  # taken by another process just now, or not to be moved
                file.rename(mine)
                claimed.append(mine)
        return sorted(claimed, key=_age)

    def _orphans(self) -> list[Path]:
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        owned = ((name, _NAME.fullmatch(name)) for name in names)
        return [self.folder / name for name, owner in owned if owner and not process_lives(int(owner[1]), owner[2])]


def content_of(design: Design, kept: Kept) -> bytes:
    """A copy's text: what is told about it in the first line, then a design file without indentation.

    The places of models in it are absolute, as a copy does not lie beside its design's file.
    """
    return msgspec.json.encode(_Head(_FORMAT, kept)) + b"\n" + encode_compact(design)


def head_of(file: Path) -> Kept:
    """What is told about a copy, without reading the design; raises `UserError` when it is damaged or unreadable."""
    try:
        with open_plain(file) as stream:
            return _kept(stream.readline(_LONGEST_HEAD), file)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}.") from None


def read_copy(file: Path) -> tuple[Kept, Opened]:
    """A copy, with what is told about it; raises `UserError` when it is damaged or unreadable."""
    try:
        with open_plain(file) as stream:
            kept = _kept(stream.readline(_LONGEST_HEAD), file)
            return kept, decode_with_faults(stream.read(LARGEST), file.name)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}.") from None


def set_aside(file: Path) -> Path:
    """Rename a damaged copy, so that it is not offered again; returns its new place (the old one if that fails)."""
    aside = file.with_suffix(DAMAGED)
    try:
        return file.rename(aside)
    except OSError:
        return file


def _kept(line: bytes, file: Path) -> Kept:
    try:
        head = msgspec.json.decode(line, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UserError(f"{file.name} is damaged.") from None
    if head.format != _FORMAT:
        raise UserError(f"{file.name} is no copy of a design.")
    return head.kept


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _private(path: str, flags: int) -> int:
    """For its owner only, wherever the folder is."""
    return os.open(path, flags, 0o600)
