"""Undo and redo as a list of designs. Designs are frozen, so going back is returning an old object."""

from __future__ import annotations

from lrdesigner.document import Design

MOST_ENTRIES = 10_000
MOST_BYTES = 256 * 2**20
"""What the entries may hold together, as `cost` estimates it."""

_ENTRY, _ELEMENT, _PARAMETER = 2_000, 8, 300
"""Bytes of an entry by itself, of an element of a tuple, of a parameter of another inventory."""


def cost(design: Design, before: Design) -> int:
    """About how many bytes a design holds that the one before it does not share; parts are told apart by identity."""
    tuples = ((design.pins, before.pins), (design.rules, before.rules), (design.groups, before.groups))
    bytes_ = _ENTRY + sum(_ELEMENT * len(mine) for mine, theirs in tuples if mine is not theirs)
    inventory = design.model.inventory
    return bytes_ + (0 if inventory is before.model.inventory else _PARAMETER * len(inventory.parameters))


class History:
    """The designs so far, each with the label of the edit that led to it, and a place in between."""

    def __init__(self, design: Design) -> None:
        self._entries: list[tuple[str, Design]] = [("", design)]
        self._costs = [0]
        self._held = 0
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
        added = cost(design, self.current)
        self._held += added - sum(self._costs[self._place + 1 :])
        del self._entries[self._place + 1 :], self._costs[self._place + 1 :]
        self._entries.append((label, design))
        self._costs.append(added)
        drop = 0
        while len(self._entries) - drop > 1 and (len(self._entries) - drop > MOST_ENTRIES or self._held > MOST_BYTES):
            self._held, drop = self._held - self._costs[drop], drop + 1
        del self._entries[:drop], self._costs[:drop]
        self._place = len(self._entries) - 1

    @property
    def labels(self) -> tuple[str, ...]:
        """Of every entry, the oldest first; "" of one that no edit led to."""
        return tuple(label for label, _ in self._entries)

    @property
    def place(self) -> int:
        """Of the present design among them."""
        return self._place

    def travel(self, place: int) -> Design | None:
        """Go to an entry and give the design there; None where it is already, or where there is none."""
        if place == self._place or not 0 <= place < len(self._entries):
            return None
        self._place = place
        return self.current

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
