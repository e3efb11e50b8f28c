"""Writing answers: JSON for programs, tables for people; results on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec


def write_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def write_lines(lines: Iterable[str]) -> None:
    """Plain lines on stdout."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def write_table(titles: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[str] = ()) -> None:
    """A table on stdout; the columns named in `right` align right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in titles:
        table.add_column(title, justify="right" if title in set(right) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    Console(soft_wrap=False, width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


def say(text: str) -> None:
    """A remark for the person, on stderr."""
    sys.stderr.write(f"{text}\n")


def _plain(text: str) -> Any:
    from rich.text import Text

    return Text(text)  # names from a model may hold what rich would take for markup
