"""What the tour says, and of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Anchor = Literal["groups", "plot", "trial"]


@dataclass(frozen=True, slots=True)
class Hint:
    """One stop: a part of the window, and two sentences about it."""

    anchor: Anchor
    title: str
    text: str


HINTS: tuple[Hint, ...] = (
    Hint(
        "groups",
        "Groups learn at different rates",
        "Drag modules from the tree onto a card, or select them and press the card's number. "
        "Ctrl+M opens your own model.",
    ),
    Hint(
        "plot",
        "Pull the curve into shape",
        "Drag the round handles, or the segments below; Esc restores. All of it can be typed at the right, and undone.",
    ),
    Hint(
        "trial",
        "Take the code away, or prove it",
        "The Code tab is the file that you train with; a trial runs it for a minute and draws what it measured. "
        "Ctrl+Shift+P finds every action.",
    ),
)
