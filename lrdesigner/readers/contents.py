"""What reading a file yields, how much may be read, and the one error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


class ReadError(Exception):
    """The file cannot be read; the text is one sentence for a person, without the name of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is read before a file counts as broken or hostile; sizes in bytes, `text` in characters of all names."""

    header: int = 100_000_000
    json: int = 1 << 30
    pickle: int = 1 << 30
    tensors: int = 2_000_000
    modules: int = 2_000_000
    entries: int = 4_500_000
    globals: int = 20_000
    tuples: int = 12_000_000
    text: int = 1 << 28


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The model in a file, as rows of the inventory.

    `part` says where in the file it was ("" at the top, "state_dict", "ema.model" ...), `parts` what else could be
    taken. `imports` are the names that really unpickling the file would import, "posix.system" for one; nothing here
    imported them. `notes` are sentences for a person.
    """

    modules: list[Row]
    parameters: list[Row]
    buffers: list[Row]
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    format: str
    part: str = ""
    parts: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def without_parts(wanted: str) -> None:
    """Raises `ReadError` where a part is asked for in a file of a format that has none."""
    if wanted:
        raise ReadError("A file of this format holds one model and has no parts: leave the part out.")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 tensor`, `2 tensors`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
