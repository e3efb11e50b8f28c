"""The one place that holds the current design, and the one notice of its changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from lrdesigner.document import Design
from lrdesigner.history import History

Kind = Literal["edit", "preview", "cancel", "undo", "redo", "open", "saved"]
Edit = Callable[..., Design]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened. Listeners compare the parts they show by identity (`is`)."""

    before: Design
    after: Design
    label: str
    kind: Kind


class Store:
    """Holds a design with its history. Edits are pure functions called as `edit(design, *arguments)`.

    A *preview* shows the result of an edit applied to the last committed design, without a history entry; it ends
    with `commit_preview` or `cancel`. Any other change cancels it first.
    """

    def __init__(self, design: Design, *, modified: bool = False) -> None:
        self._history = History(design)
        self._preview: Design | None = None
        self._saved: Design | None = None if modified else design
        self._listeners: list[Callable[[Change], None]] = []
        self._untold: list[Change] = []

    @property
    def design(self) -> Design:
        """What is shown now: the preview while there is one."""
        return self._preview if self._preview is not None else self._history.current

    @property
    def committed(self) -> Design:
        """The design without any preview: what is saved."""
        return self._history.current

    @property
    def modified(self) -> bool:
        """Whether the committed design differs from what was last saved or opened."""
        return self._history.current is not self._saved and self._history.current != self._saved

    @property
    def undo_label(self) -> str | None:
        """What `undo` would take back; None when there is nothing."""
        return self._history.undo_label

    @property
    def redo_label(self) -> str | None:
        """What `redo` would bring back; None when there is nothing."""
        return self._history.redo_label

    def subscribe(self, listener: Callable[[Change], None]) -> None:
        """Call `listener` after every change."""
        self._listeners.append(listener)

    def commit(self, label: str, edit: Edit, *arguments: Any) -> bool:
        """Apply an edit for good; False when it changed nothing (then there is no history entry and no notice)."""
        self.cancel()
        before = self._history.current
        after = edit(before, *arguments)
        if after is before:
            return False
        self._history.push(after, label)
        self._notify(Change(before, after, label, "edit"))
        return True

    def preview(self, label: str, edit: Edit, *arguments: Any) -> None:
        """Show the result of an edit of the committed design; nothing drifts, however often it is called."""
        before = self.design
        after = edit(self._history.current, *arguments)
        if after is before:
            return
        self._preview = after
        self._notify(Change(before, after, label, "preview"))

    def commit_preview(self, label: str) -> bool:
        """Keep what the preview shows, as one history entry; False when there was none, or it changed nothing."""
        shown, self._preview = self._preview, None
        committed = self._history.current
        if shown is None:
            return False
        if shown == committed:
            self._notify(Change(shown, committed, label, "cancel"))
            return False
        self._history.push(shown, label)
        # From the committed design, for listeners that did not follow the preview.
        self._notify(Change(committed, shown, label, "edit"))
        return True

    def cancel(self) -> None:
        """Back to the committed design, if a preview is shown."""
        if self._preview is None:
            return
        before, self._preview = self._preview, None
        self._notify(Change(before, self._history.current, "", "cancel"))

    def undo(self) -> bool:
        """Back by one edit; cancels a preview first."""
        return self._travel(self._history.undo, self._history.undo_label, "undo")

    def redo(self) -> bool:
        """Forward by one edit again; cancels a preview first."""
        return self._travel(self._history.redo, self._history.redo_label, "redo")

    @property
    def history_labels(self) -> tuple[str, ...]:
        """Labels of all designs of the history, the oldest first; "" of the one it began with."""
        return self._history.labels

    @property
    def history_place(self) -> int:
        """The place of the committed design among them."""
        return self._history.place

    def travel_to(self, place: int) -> bool:
        """Back or forward to a place of the history, told once; cancels a preview first."""
        back = place < self._history.place
        label = self._history.undo_label if back else None
        if label is None and 0 <= place < len(self._history.labels):
            label = self._history.labels[place]
        return self._travel(lambda: self._history.travel(place), label, "undo" if back else "redo")

    def open(self, design: Design, *, modified: bool = False) -> None:
        """Replace the design and forget the history; `modified`: no file holds it as it is."""
        self.cancel()
        before = self._history.current
        self._history = History(design)
        self._saved = None if modified else design
        self._notify(Change(before, design, "Open", "open"))

    def mark_saved(self, design: Design) -> None:
        """Note that `design` now lies on the disk."""
        self._saved = design
        self._notify(Change(self.design, self.design, "Save", "saved"))

    def _travel(self, move: Callable[[], Design | None], label: str | None, kind: Literal["undo", "redo"]) -> bool:
        self.cancel()
        before = self._history.current
        after = move()
        if after is None:
            return False
        self._notify(Change(before, after, label or "", kind))
        return True

    def _notify(self, change: Change) -> None:
        """Tell every listener, in order; a change that a listener makes is told when all know of this one."""
        self._untold.append(change)
        if len(self._untold) > 1:
            return
        try:
            while self._untold:
                for listener in tuple(self._listeners):
                    listener(self._untold[0])
                self._untold.pop(0)
        finally:
            self._untold.clear()
