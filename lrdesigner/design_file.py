"""Designs on disk: `NAME.lrd.json`, one JSON document with a version, written whole or not at all."""

from __future__ import annotations

import codecs
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lrdesigner.document import Design
from lrdesigner.embedded import Embedded, embedded_design
from lrdesigner.errors import UserError
from lrdesigner.faults import Fault, Opened
from lrdesigner.following import followed
from lrdesigner.models.source import with_absolute_file, with_relative_file
from lrdesigner.plain_files import read_plain

SUFFIX = ".lrd.json"
FORMAT = "lrdesigner design"
VERSION = 3
CODE_SUFFIX = ".py"
LARGEST_CODE = 1 << 24
LARGEST = 1 << 30
"""Bytes of a design file; a design of 100,000 tensors has about a fiftieth of that."""


def _steps_per_epoch_became_epoch(raw: dict[str, Any]) -> dict[str, Any]:
    """What one pass takes can be told as batches too, hence the field has a wider name."""
    design = raw.get("design")
    plan = design.get("plan") if isinstance(design, dict) else None
    if not isinstance(design, dict) or not isinstance(plan, dict) or "steps_per_epoch" not in plan:
        return raw
    renamed = {"epoch" if name == "steps_per_epoch" else name: value for name, value in plan.items()}
    return {**raw, "design": {**design, "plan": renamed}}


MIGRATIONS: MappingProxyType[int, Callable[[dict[str, Any]], dict[str, Any]]] = MappingProxyType(
    {1: _steps_per_epoch_became_epoch, 2: dict}
)
"""From version n to n + 1, on the plain JSON values."""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    version: int
    design: Design


def load(path: str | os.PathLike[str]) -> Design:
    """Read a design file, or the design in an exported file, of which nothing is run.

    Raises `UserError` that names the file, the place in it and what was expected there.
    """
    file = Path(path)
    return _with_absolute_source(decode(_read(file), str(file)), file.absolute().parent)


def load_with_faults(path: str | os.PathLike[str]) -> Opened:
    """Read a design file that may have faults: each is told and replaced by a default, and nothing else is lost.

    Raises `UserError` when the file is no design, or lacks a model or groups.
    """
    file = Path(path)
    opened = decode_with_faults(_read(file), str(file))
    return Opened(_with_absolute_source(opened.design, file.absolute().parent), opened.faults)


def save(design: Design, path: str | os.PathLike[str]) -> None:
    """Write a design file: to a temporary neighbour first, then in one atomic step over the old one.

    Raises `UserError` and leaves the old file as it was when the disk does not take it.
    """
    file = Path(path).absolute()
    write_atomically(file, encode(_with_relative_source(design, file.parent)))


def encode(design: Design) -> bytes:
    """The text of a design file: indented, in fixed order, so that two versions compare line by line."""
    return msgspec.json.format(encode_compact(design), indent=1) + b"\n"


def encode_compact(design: Design) -> bytes:
    """The text of a design file in one line: a third shorter, and made in a quarter of the time."""
    return msgspec.json.encode(_File(format=FORMAT, version=VERSION, design=design))


def decode(text: bytes, name: str) -> Design:
    """The design in a file's text; `name` is how errors call the file. Raises `UserError`, also for one bad field."""
    return without_faults(decode_with_faults(text, name), name)


def without_faults(opened: Opened, name: str) -> Design:
    """What was opened, if it had no fault; raises `UserError` for one bad field. `name` is how it calls the file."""
    if opened.faults:
        raise UserError(_all_of(opened.faults, name))
    return opened.design


def decode_with_faults(text: bytes, name: str) -> Opened:
    """The design in a file's text and the faults that were replaced; raises `UserError` when it is no design."""
    raw = _current(_plain(text, name), name)
    try:
        opened = _opened(raw)
        # What a group has from the one that it follows is worked out anew, whatever the file says.
        return Opened(followed(opened.design), opened.faults)
    except UserError as error:
        raise UserError(f"{name} has a fault: {error}") from None


def _opened(raw: dict[str, Any]) -> Opened:
    try:
        return Opened(msgspec.convert(raw, _File).design)
    except (msgspec.ValidationError, RecursionError):
        from lrdesigner.faults.mending import mend  # a file without a fault is read without it

        return mend(raw, _File)


def _read(file: Path) -> bytes:
    try:
        found = read_plain(file, LARGEST)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}.") from None
    return found if file.suffix.lower() != CODE_SUFFIX else _in_code(found, file)


def _in_code(text: bytes, file: Path) -> bytes:
    held = embedded_design(text.decode("utf-8", errors="replace"), file.name)
    if held is None:
        raise UserError(f"{file} is no design, nor code that LR Designer has written with its design in it.")
    return held.design


def holds_design(path: str | os.PathLike[str]) -> Embedded | None:
    """The design that an exported file holds; None where it holds none, or cannot be read. Nothing of it is run.

    Raises `UserError` for one that was damaged.
    """
    file = Path(path)
    if file.suffix.lower() != CODE_SUFFIX:
        return None
    try:
        text = read_plain(file, LARGEST_CODE)
    except OSError:
        return None
    return embedded_design(text.decode("utf-8", errors="replace"), file.name)


def _plain(text: bytes, name: str) -> dict[str, Any]:
    """The JSON values of a design file."""
    text = text.removeprefix(codecs.BOM_UTF8)
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{name} is not a design file: {_with_line(str(error), text)}.") from None
    except RecursionError:
        raise UserError(f"{name} is not a design file: it is nested too deeply.") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise UserError(f'{name} is not a design file: it lacks "format": "{FORMAT}".')
    return raw


def _current(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """The values in the present version of the format."""
    version = raw.get("version")
    if not isinstance(version, int) or version < 1:
        raise UserError(f'{name} has no usable "version".')
    if version > VERSION:
        raise UserError(
            f"{name} was written by a newer version of this program (format {version}, known up to {VERSION})."
        )
    for step in range(version, VERSION):
        raw = MIGRATIONS[step](raw)
    return {**raw, "version": VERSION}


MOST_TOLD = 3
"""Faults that one line tells in full."""


def _all_of(faults: tuple[Fault, ...], name: str) -> str:
    """One line about all faults; the first few in full."""
    if len(faults) == 1:
        return f"{name} has a fault: {faults[0].sentence}"
    told = " ".join(fault.sentence for fault in faults[:MOST_TOLD])
    more = f" ({len(faults) - MOST_TOLD} more are listed by `lrdesigner check`.)" if len(faults) > MOST_TOLD else ""
    return f"{name} has {len(faults)} faults: {told}{more}"


def write_atomically(file: Path, content: bytes) -> None:
    """Write `content` so that at any moment the file holds the old or the new text, whole; raises `UserError`."""
    target = Path(os.path.realpath(file))  # a link stays a link
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror or error}.") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _permissions(target))
        os.replace(temporary, target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise UserError(f"{file} cannot be written: {error.strerror or error}.") from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _permissions(target: Path) -> int:
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _with_line(message: str, text: bytes) -> str:
    """A message of the JSON reader with the byte that it names told as line and column."""
    found = re.search(r" \(byte (\d+)\)$", message)
    if found is None:
        return message.rstrip(".")
    before = text[: int(found[1])].decode(errors="replace")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"{message[: found.start()]} at line {line}, column {column}"


def _with_absolute_source(design: Design, folder: Path) -> Design:
    python = design.model.python
    return _with_places(
        design,
        with_absolute_file(design.model.source, folder),
        os.path.normpath(folder / python) if python else "",
    )


def _with_relative_source(design: Design, folder: Path) -> Design:
    """A design file, its model and an interpreter below it move together, and nobody's folders stand in it."""
    python = Path(design.model.python)
    within = design.model.python and python.is_relative_to(folder)
    return _with_places(
        design,
        with_relative_file(design.model.source, folder),
        python.relative_to(folder).as_posix() if within else design.model.python,
    )


def _with_places(design: Design, source: str, python: str) -> Design:
    if (source, python) == (design.model.source, design.model.python):
        return design
    return replace(design, model=replace(design.model, source=source, python=python))
