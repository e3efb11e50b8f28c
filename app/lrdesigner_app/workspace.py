"""What every panel is given: the store, the shared signals, the theme, what is selected and how it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from lrdesigner.curve_handles import HandleEdit
from lrdesigner.document import Design, Group
from lrdesigner.errors import UserError
from lrdesigner.faults import Fault, Opened
from lrdesigner.places import Place
from lrdesigner.store import Change, Store
from lrdesigner.tracks import Slot, slots_of
from lrdesigner_app.curve_display import CurveDisplay
from lrdesigner_app.notices import Notice
from lrdesigner_app.selection import KeySelection, SegmentSelection
from lrdesigner_app.signals import Signals
from lrdesigner_app.theme import Theme

KEYS = 9
"""Groups that have a number key: the first nine."""


class Workspace:
    """One open design in one window. `opened` is what was read, with the faults of the file until it is saved."""

    def __init__(self, store: Store, theme: Theme, opened: Opened | None = None) -> None:
        self.store = store
        self.opened = opened or Opened(store.design)
        self.theme = theme
        self.signals = Signals()
        self._selected = store.design.groups[0].id
        self._slot: Slot = "lr"
        self._outdated_model = ""
        self.display = CurveDisplay()
        self.segments = SegmentSelection(self)
        self.keys = KeySelection(self.segments)
        store.subscribe(self._forward)

    def end_with(self, window: QObject) -> None:
        """Let Qt delete the signals together with the window: what is connected to them would be kept for ever."""
        for told in (self.signals, self.display, self.segments, self.keys):
            told.setParent(window)

    @property
    def design(self) -> Design:
        """The design as shown, previews included."""
        return self.store.design

    @property
    def file_faults(self) -> tuple[Fault, ...]:
        """What was replaced when the design was opened, and neither edited nor saved since."""
        return self.opened.remaining(self.store.committed)

    @property
    def outdated_model(self) -> str:
        """The file of the model that has changed since the model was opened; "" for none."""
        return self._outdated_model

    def mark_model(self, changed_file: str) -> None:
        """Note that a file of the model has changed, or with "" that the model is as its files are."""
        if changed_file != self._outdated_model:
            self._outdated_model = changed_file
            self.signals.model_outdated.emit()

    @property
    def selected_group(self) -> Group:
        """The group that the inspector shows."""
        return self.design.group(self._selected)

    def select_group(self, group: int) -> None:
        """Make another group the selected one; an unknown id is ignored (it may just have been removed)."""
        if group != self._selected and any(g.id == group for g in self.design.groups):
            self._selected = group
            self.signals.selected_group_changed.emit(group)

    @property
    def selected_slot(self) -> Slot:
        """The track that plot, strip and inspector show; the lr where the selected group has no such track."""
        return self._slot if self._slot in slots_of(self.selected_group) else "lr"

    def select_slot(self, slot: Slot) -> None:
        """Show another track."""
        if slot != self._slot:
            self._slot = slot
            self.signals.selected_slot_changed.emit(slot)

    def reveal(self, place: Place, *, edit: bool = False) -> None:
        """Show a place: select the group, track, part and keys; panels do the rest (`Signals.place_requested`).

        With `edit` its field takes the keyboard too.
        """
        if place.group is not None:
            self.select_group(place.group)
        if place.slot is not None:
            self.select_slot(place.slot)
        if place.path is not None and place.slot == self.selected_slot:
            inside = self.segments.path[: len(place.path)] == place.path
            if place.keys or not inside:  # whoever is at work within it stays there
                self.segments.go_to(place.path)
            self.keys.select(place.keys)
        self.signals.place_requested.emit(place)
        if edit:
            self.signals.editing_requested.emit(place)

    def commit(self, label: str, edit: Callable[..., Design], *arguments: Any) -> bool:
        """`Store.commit`; what the person did wrong becomes a notice. True when the design changed."""
        try:
            return self.store.commit(label, edit, *arguments)
        except UserError as error:
            self.post(Notice(str(error), "bad"))
            return False

    def perform(self, edit: HandleEdit) -> bool:
        """`commit` of an edit that a handle or a set of keys has made."""
        return self.commit(edit.label, edit.edit, *edit.arguments)

    def preview(self, label: str, edit: Callable[..., Design], *arguments: Any) -> None:
        """`Store.preview`; a value that cannot be (while dragging or typing) just is not shown."""
        try:
            self.store.preview(label, edit, *arguments)
        except UserError:
            return

    def post(self, notice: Notice) -> None:
        """Show a notice."""
        self.signals.notice_posted.emit(notice)

    def _forward(self, change: Change) -> None:
        ids = [group.id for group in change.after.groups]
        gone = self._selected not in ids
        if gone:
            self._selected = ids[0]
        self.display.follow(change)
        if gone:
            self.signals.design_changed.emit(change)
            self.signals.selected_group_changed.emit(self._selected)
            return
        self.signals.design_changed.emit(change)
