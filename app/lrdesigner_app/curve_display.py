"""How curves are looked at, apart from the design: hidden, alone, locked, normalised, beside what they were."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from lrdesigner.document import Design
from lrdesigner.store import Change


@dataclass(frozen=True, slots=True)
class Look:
    """The choices. `ghost` is an earlier state that is drawn behind the present one; `snapping`: handles catch lines.

    `passed`: the groups that a filter lets through; None: there is none. `normalised`: each curve is drawn over its own
    highest value. `playhead`: the step that was marked.
    """

    hidden: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    solo: int | None = None
    passed: frozenset[int] | None = None
    normalised: bool = False
    snapping: bool = False
    ghost: Design | None = None
    playhead: int | None = None

    def shows(self, group: int) -> bool:
        """Whether a group's curves are drawn: the one that is alone, or all that are not hidden or filtered out."""
        if self.solo is not None:
            return group == self.solo
        return group not in self.hidden and (self.passed is None or group in self.passed)

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
        """Nothing is hidden, alone or filtered out."""
        self._set(replace(self.look, hidden=frozenset(), solo=None, passed=None))

    def let_pass(self, groups: frozenset[int] | None) -> None:
        """Show no groups but these, as a filter says; None: there is no filter."""
        self._set(replace(self.look, passed=groups))

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
        """Forget what was said of groups that are gone; of another design everything.

        What is only tried out may come back: until it is done nothing is forgotten, but no group stays alone that is
        not there.
        """
        look, ids, plan = self.look, {group.id for group in change.after.groups}, change.after.plan
        solo = look.solo if look.solo in ids else None
        if change.kind == "open":
            self._set(Look(normalised=look.normalised, snapping=look.snapping))
        elif change.kind == "preview":
            self._set(replace(look, solo=solo))
        else:
            playhead = None if look.playhead is None else min(look.playhead, plan.total_steps)
            kept = replace(look, hidden=look.hidden & ids, locked=look.locked & ids, solo=solo, playhead=playhead)
            self._set(kept)

    def _set(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.changed.emit()
