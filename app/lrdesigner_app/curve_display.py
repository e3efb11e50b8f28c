"""How curves are looked at, apart from the design: hidden, alone, locked, normalised, beside what they were."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from lrdesigner.document import Design
from lrdesigner.store import Change


@dataclass(frozen=True, slots=True)
class Look:
    """The choices. `ghost` is an earlier state that is drawn behind the present one; `snapping`: handles catch lines.

    `normalised`: each curve is drawn over its own highest value. `playhead`: the step that was marked.
    """

    hidden: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    solo: int | None = None
    normalised: bool = False
    snapping: bool = False
    ghost: Design | None = None
    playhead: int | None = None

    def shows(self, group: int) -> bool:
        """Whether a group's curves are drawn: the one that is alone, or every one that is not hidden."""
        return group == self.solo if self.solo is not None else group not in self.hidden

    def takes(self, group: int) -> bool:
        """Whether a group's curves can be taken hold of: they are drawn and not locked."""
        return self.shows(group) and group not in self.locked


class CurveDisplay(QObject):
    """Holds a `Look` and tells when it is another. Nothing of it is saved or undone."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.look = Look()

    def toggle_hidden(self, group: int) -> None:
        """Hide a group's curves, or show them again; nothing is alone then."""
        self._set(replace(self.look, hidden=self.look.hidden ^ {group}, solo=None))

    def toggle_locked(self, group: int) -> None:
        """Keep a group's curves from being dragged, or let them go."""
        self._set(replace(self.look, locked=self.look.locked ^ {group}))

    def toggle_solo(self, group: int) -> None:
        """Show one group alone, or all again."""
        self._set(replace(self.look, solo=None if self.look.solo == group else group))

    def show_all(self) -> None:
        """Nothing is hidden or alone."""
        self._set(replace(self.look, hidden=frozenset(), solo=None))

    def set_normalised(self, on: bool) -> None:
        """Draw each curve over its own highest value, or all in one scale."""
        self._set(replace(self.look, normalised=on))

    def set_snapping(self, on: bool) -> None:
        """Let handles catch lines; the key that snaps then does the opposite."""
        self._set(replace(self.look, snapping=on))

    def set_playhead(self, step: int | None) -> None:
        """Mark a step, or none."""
        self._set(replace(self.look, playhead=step))

    def pin_ghost(self, design: Design) -> None:
        """Keep the present state in sight."""
        self._set(replace(self.look, ghost=design))

    def drop_ghost(self) -> None:
        """Do away with the earlier state."""
        self._set(replace(self.look, ghost=None))

    def follow(self, change: Change) -> None:
        """Forget what was said of groups that are gone; of another design everything."""
        if change.kind == "open":
            self._set(Look(normalised=self.look.normalised, snapping=self.look.snapping))
            return
        look, ids = self.look, {group.id for group in change.after.groups}
        if not {look.solo, *look.hidden, *look.locked} - {None} <= ids:
            solo = look.solo if look.solo in ids else None
            self._set(replace(look, hidden=look.hidden & ids, locked=look.locked & ids, solo=solo))

    def _set(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.changed.emit()
