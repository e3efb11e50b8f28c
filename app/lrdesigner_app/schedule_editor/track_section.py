"""Which track is edited, where it is not the learning rate, and whether it moves over the run at all."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner import edits
from lrdesigner.numbers import rate
from lrdesigner.schedules import Cosine, Linear
from lrdesigner.tracks import TRACK_KINDS, moves, track_of
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, halves, label
from lrdesigner_app.workspace import Workspace


class TrackSection(QWidget):
    """Hidden for the learning rate, which always has a schedule."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._title = label("", "section")
        self._base = label("", "secondary")
        self.constant = button("Constant", tip="It stays at the option's value")
        self.moving = button("Moves", tip="A schedule multiplies the option's value over the run")
        self._build()
        self.constant.clicked.connect(lambda: self._let(False))
        self.moving.clicked.connect(lambda: self._let(True))
        signals = workspace.signals
        for signal in (signals.design_changed, signals.selected_group_changed, signals.selected_slot_changed):
            signal.connect(self._refresh)
        self._refresh()

    def _build(self) -> None:
        self._base.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        column.addWidget(self._title)
        column.addLayout(halves(self, self.constant, self.moving))
        column.addWidget(self._base)

    def _refresh(self, *_: object) -> None:
        group, slot = self._workspace.selected_group, self._workspace.selected_slot
        moving = moves(group, slot)
        self.setVisible(slot != "lr")
        self._title.setText(TRACK_KINDS[slot].title.upper())
        (self.moving if moving else self.constant).setChecked(True)
        base = rate(track_of(group, slot).base)
        self._base.setText(f"The schedule multiplies {base}, the value above." if moving else f"It stays at {base}.")

    def _let(self, move: bool) -> None:
        group, slot = self._workspace.selected_group, self._workspace.selected_slot
        if move != moves(group, slot):
            # What people most often let them do: weight decay falls with the rate, averages grow longer.
            schedule = (Cosine() if slot == "weight_decay" else Linear(start=0.9)) if move else None
            words = f"{TRACK_KINDS[slot].title} of {group.name}"
            self._workspace.commit(words, edits.set_track, group.id, slot, schedule)
        self._refresh()
