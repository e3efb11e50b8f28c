"""A look at every opcode of a pickle before it is run: where it ends, and that no operand asks for endless memory.

The unpickler of CPython trusts some operands: a memo index of four billion makes it allocate and fill 64 GB. Here runs
of opcodes with fixed operands are matched by one regular expression, and only strings and long numbers one by one.
"""

from __future__ import annotations

import re
from functools import cache

from lrdesigner.readers.contents import ReadError

_PLAIN = rb"[(012NRQabd}e)l\]ostu\x81\x85-\x89\x8f-\x94]++"
_FIXED = rb"[Kqh\x80][\s\S]|M[\s\S]{2}|[Jj][\s\S]{4}|[G\x95][\s\S]{8}"
# c and i name a global; p is a memo index in decimal digits.
_LINES = rb"[ILFSVPg][^\n]{0,100000}+\n|[ci][^\n]{0,4000}+\n[^\n]{0,4000}+\n|p\d{1,6}\n"
_LENGTHS = {  # opcode: bytes of the length in front of the data
    ord("U"): 1,
    ord("C"): 1,
    0x8C: 1,  # SHORT_BINUNICODE
    0x8A: 1,  # LONG1
    ord("T"): 4,
    ord("X"): 4,
    ord("B"): 4,
    0x8B: 4,  # LONG4
    0x8D: 8,  # BINUNICODE8
    0x8E: 8,  # BINBYTES8
    0x96: 8,  # BYTEARRAY8
}
_STOP = ord(".")
_LONG_PUT = ord("r")
_LONG_NUMBERS = (0x8A, 0x8B)
_LONGEST_NUMBER = 1000


@cache
def _runs(wide: bool) -> re.Pattern[bytes]:
    memo = rb"r[\s\S]{3}\x00" if wide else rb"r[\s\S]{2}\x00\x00"
    return re.compile(b"(?:" + b"|".join((_PLAIN, _FIXED, memo, _LINES)) + b"){1,50000}+")


def end_of_pickle(data: bytes, start: int = 0) -> int:
    """Where the pickle that starts at `start` ends; raises `ReadError` when it is broken or asks for too much.

    `data` may be a memory map.
    """
    total = len(data)
    runs = _runs(total >= 1 << 20).match
    position = start
    while position < total:
        found = runs(data, position)
        if found is not None:
            position = found.end()
            continue
        opcode = data[position]
        width = _LENGTHS.get(opcode)
        if width is not None:
            position += 1 + width
            length = int.from_bytes(data[position - width : position], "little")
            if length > total - position or (opcode in _LONG_NUMBERS and length > _LONGEST_NUMBER):
                break
            position += length
        elif opcode == _STOP:
            return position + 1
        elif opcode == _LONG_PUT and int.from_bytes(data[position + 1 : position + 5], "little") < total:
            position += 5
        else:
            break
    raise ReadError(
        f"Its pickle is cut short or damaged, at byte {min(position, total):,}: download or save the file again."
    )


def most_nested_tuples(data: bytes) -> int:
    """An upper bound of how deeply tuples can nest in this pickle."""
    ones = sum(data.count(opcode) for opcode in (b"\x85", b"\x86", b"\x87"))
    return ones + min(data.count(b"("), data.count(b"t"))
