"""The design in an exported file: written as data at its end, and read again without running anything of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import dataclass

from lrdesigner.errors import UserError

LARGEST = 1 << 26
"""Bytes that a design may have when it is unpacked."""

_WIDTH = 80
_HEAD = "# The design as data, which LR Designer opens.\n"
_TRAILER = re.compile(
    r"\n\n\n# The design as data, which LR Designer opens\.\n"
    r"# SHA-256 of the code above: ([0-9a-f]{64})\n"
    r"# SHA-256 of the design: ([0-9a-f]{64})\n"
    r'DESIGN = \(\n((?:    "[A-Za-z0-9+/=]*"\n)+)\)\n'
)


@dataclass(frozen=True, slots=True)
class Embedded:
    """What was found: the text of a design file, and whether the code was edited since it was written."""

    design: bytes
    edited: bool


def digest_of(design: bytes) -> str:
    """SHA-256 of the text of a design, in hexadecimal."""
    return hashlib.sha256(design).hexdigest()


def with_design(code: str, design: bytes) -> str:
    """An exported file's text with the text of its design behind it."""
    packed = base64.b64encode(zlib.compress(design, 9)).decode("ascii")
    lines = "".join(f'    "{packed[at : at + _WIDTH]}"\n' for at in range(0, len(packed), _WIDTH))
    return (
        f"{code}\n\n{_HEAD}"
        f"# SHA-256 of the code above: {_code_digest(code)}\n"
        f"# SHA-256 of the design: {digest_of(design)}\nDESIGN = (\n{lines})\n"
    )


def code_in(text: str) -> str:
    """The text without the design at its end."""
    found = _TRAILER.search(text)
    return text[: found.start() + 1] if found else text


def embedded_design(text: str, name: str) -> Embedded | None:
    """The design in the text of a file; None where there is none. Raises `UserError` for one that was damaged.

    >>> embedded_design("x = 1", "x.py") is None
    True
    """
    text = text.replace("\r\n", "\n")
    found = _TRAILER.search(text)
    if found is None and f"\n{_HEAD}" in text:
        raise _damaged(name)  # as when the end of the file is lost
    if found is None:
        return None
    code_digest, digest, lines = found.groups()
    design = unpacked("".join(re.findall(r'"(.*)"', lines)))
    if design is None or digest_of(design) != digest:
        raise _damaged(name)
    code = text[: found.start() + 1]
    return Embedded(design, edited=_code_digest(code) != code_digest or bool(text[found.end() :].strip()))


def edited_words(name: str) -> str:
    """What is to be known where the code was edited."""
    return f"{name} was edited after it was written; the design is as it was then."


def _damaged(name: str) -> UserError:
    return UserError(f"The design in {name} was damaged: its data are not those that were written; export it again.")


def _code_digest(code: str) -> str:
    return hashlib.sha256(code.rstrip("\n").encode()).hexdigest()


def unpacked(packed: str) -> bytes | None:
    """The text of a design out of what `DESIGN` is; None for what is none, and no more than a design may have."""
    try:
        unpacker = zlib.decompressobj()
        design = unpacker.decompress(base64.b64decode(packed, validate=True), LARGEST)
    except (binascii.Error, ValueError, zlib.error):
        return None
    return design if unpacker.eof else None
