"""Writing answers: JSON for programs, tables for people; results on stdout, everything else on stderr."""

from __future__ import annotations

import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from lrdesigner.findings.finding import Finding

WIDTH_OF_FILES = 160
"""Columns that a table may take where no terminal says how many there are."""
_GAP = "   "
_LEAST_WIDTH = 20


def write_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def write_lines(lines: Iterable[str]) -> None:
    """Plain lines on stdout."""
    sys.stdout.write("".join(f"{printable(line, keep_lines=True)}\n" for line in lines))


def write_table(titles: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[str] = ()) -> None:
    """A table on stdout, made for 200,000 rows; the columns named in `right` align right.

    Where it would be too wide, the widest of the other columns is folded.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    aligned_right = [title in set(right) for title in titles]
    widths = [
        max([_width(title), *(_width(row[column]) for row in cells)], default=0) for column, title in enumerate(titles)
    ]
    _fit(widths, aligned_right)
    head = [_line(list(titles), widths, aligned_right), "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))]
    lines = (line for row in cells for line in _lines(row, widths, aligned_right))
    sys.stdout.write("".join(f"{line}\n" for line in (*head, *lines)))


def finding_line(finding: Finding) -> str:
    """A finding as one line."""
    return f"{finding.severity}: {finding.where}: {finding.message} [{finding.code}]"


def say(text: str) -> None:
    """A remark for the person, on stderr."""
    sys.stderr.write(f"{printable(text, keep_lines=True)}\n")


def printable(text: str, *, keep_lines: bool = False) -> str:
    r"""The text with control characters written out: names in a stranger's model may hold what terminals obey.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isprintable():
        return text
    kept = "\n" if keep_lines else ""
    return "".join(
        one if one.isprintable() or one in kept else one.encode("unicode_escape").decode("ascii") for one in text
    )


def _fit(widths: list[int], aligned_right: Sequence[bool]) -> None:
    """Make the widest column that may be folded as narrow as the page wants it."""
    page = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH_OF_FILES
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - page
    foldable = [column for column, is_right in enumerate(aligned_right) if not is_right]
    if over > 0 and foldable:
        widest = max(foldable, key=lambda column: widths[column])
        widths[widest] = max(widths[widest] - over, min(widths[widest], _LEAST_WIDTH))


def _lines(row: Sequence[str], widths: Sequence[int], aligned_right: Sequence[bool]) -> list[str]:
    folded = [
        [cell] if is_right or _width(cell) <= width else textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
        for cell, width, is_right in zip(row, widths, aligned_right, strict=True)
    ]
    height = max(map(len, folded))
    return [
        _line([parts[place] if place < len(parts) else "" for parts in folded], widths, aligned_right)
        for place in range(height)
    ]


def _line(cells: Sequence[str], widths: Sequence[int], aligned_right: Sequence[bool]) -> str:
    padded = []
    for cell, width, is_right in zip(cells, widths, aligned_right, strict=True):
        space = " " * (width - _width(cell))
        padded.append(space + cell if is_right else cell + space)
    return _GAP.join(padded).rstrip()


def _width(text: str) -> int:
    """Columns that a text takes: Chinese, Japanese and Korean characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(one) in "WF" else 0 if unicodedata.combining(one) else 1 for one in text
    )
