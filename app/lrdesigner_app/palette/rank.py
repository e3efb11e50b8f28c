"""Which rows fit what was typed, best first. Pure: no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to do. `id` is its name for the window; the rest is shown and searched."""

    id: str
    title: str
    menu: str
    key: str = ""
    help: str = ""
    enabled: bool = True


def ranked(rows: Sequence[Row], typed: str, recent: Sequence[str] = ()) -> list[Row]:
    """The rows that hold every typed word, best first; among equals those used last (`recent`, latest first).

    Letters of a word may be left out ("ngr" finds "New group") in the title alone; help and menu must hold it
    whole. Without words every row is given.
    """
    words = typed.casefold().split()
    late = {name: place for place, name in enumerate(recent)}
    found = [(score, late.get(row.id, len(late)), place, row) for place, row in enumerate(rows)
             if (score := _score(row, words)) is not None]  # fmt: skip
    return [row for *_, row in sorted(found, key=lambda entry: entry[:3])]


def _score(row: Row, words: Sequence[str]) -> int | None:
    """Less is better; None where a word is not found."""
    scores = [_word_score(row, word) for word in words]
    known = [score for score in scores if score is not None]
    return sum(known) if len(known) == len(scores) else None


def _word_score(row: Row, word: str) -> int | None:
    title = row.title.casefold()
    if title.startswith(word):
        return 0
    if any(part.startswith(word) for part in title.split()):
        return 10
    if word in title:
        return 20
    if word in row.menu.casefold():
        return 30
    if word in row.help.casefold():
        return 40
    return 50 if _in_order(word, title) else None


def _in_order(word: str, title: str) -> bool:
    letters = iter(title)
    return all(letter in letters for letter in word)
