"""Undo and redo as a list of designs. Designs are frozen, so going back is returning an old object."""

from __future__ import annotations

from lrdesigner.document import Design

LIMIT = 500


class History:
    """The designs so far, each with the label of the edit that led to it, and a place in between."""

    def __init__(self, design: Design) -> None:
        self._entries: list[tuple[str, Design]] = [("", design)]
        self._place = 0

    @property
    def current(self) -> Design:
        """The design at this place."""
        return self._entries[self._place][1]

    @property
    def undo_label(self) -> str | None:
        """Label of the edit that led here; None at the beginning."""
        return self._entries[self._place][0] if self._place > 0 else None

    @property
    def redo_label(self) -> str | None:
        """Label of the edit that was undone last; None at the end."""
        return self._entries[self._place + 1][0] if self._place + 1 < len(self._entries) else None

    def push(self, design: Design, label: str) -> None:
        """Add a design after this place; what had been undone is forgotten."""
        del self._entries[self._place + 1 :]
        self._entries.append((label, design))
        del self._entries[: max(len(self._entries) - LIMIT, 0)]
        self._place = len(self._entries) - 1

    def undo(self) -> Design | None:
        """Go back by one and give the design there; None at the beginning."""
        if self._place == 0:
            return None
        self._place -= 1
        return self.current

    def redo(self) -> Design | None:
        """Go forward by one and give the design there; None at the end."""
        if self._place + 1 == len(self._entries):
            return None
        self._place += 1
        return self.current
