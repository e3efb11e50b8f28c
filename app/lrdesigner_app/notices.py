"""Notices: one sentence at the bottom of the window, instead of a dialog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lrdesigner.embedded import Embedded, edited_words


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell. `details` is shown on request; `action` is a button's text and what it does.

    Bad ones stay until they are dismissed or replaced, and those that say so; others go by themselves.
    """

    text: str
    tone: Literal["plain", "good", "bad"] = "plain"
    details: str = ""
    action: tuple[str, Callable[[], object]] | None = None
    stays: bool = False


def embedded_notice(file: Path, held: Embedded) -> Notice:
    """That the design comes out of exported code, and whether that was edited since."""
    if held.edited:
        return Notice(edited_words(file.name), stays=True)
    return Notice(f"The design in {file.name} is open, without a file of its own yet.")
