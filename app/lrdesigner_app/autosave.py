"""Keeps a copy of an unsaved design on the disk while it is edited, so that a crash takes little."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QTimer

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.recovery_files import Kept, RecoveryFolder, Writing, content_of
from lrdesigner.store import Change
from lrdesigner_app.notices import Notice
from lrdesigner_app.workspace import Workspace

PAUSE_S = 2.0
"""From the last edit to the copy."""
LONGEST_S = 10.0
"""From the first edit that is not kept yet to the copy, also while edits go on."""
COSTLY_S = 0.05
"""What takes longer than this to turn into text is done more rarely: a twentieth of the time is spent on it."""
SHARE = 20
_SLICES_S = 0.004
_PREVIEW_S = 0.5


class Autosave(QObject):
    """One window's copy. It is made of the committed design, at a pause, and goes when the design is saved or let go.

    `told` gives what is told about the design. The text is made in one go and written in slices of a few milliseconds.
    """

    def __init__(
        self, workspace: Workspace, folder: RecoveryFolder, told: Callable[[], Kept], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._told = workspace, told
        self.file = folder.new_file()
        self.pause_s, self.longest_s = PAUSE_S, LONGEST_S
        self._kept: Design | None = None
        self._first: float | None = None
        self._not_before = 0.0
        self._failed = False
        self._writing: Writing | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._begin)
        self._slices = QTimer(self, interval=0)
        self._slices.timeout.connect(self._write)
        workspace.signals.design_changed.connect(self._follow)

    def forget(self) -> None:
        """The design is saved, or is not wanted: remove the copy."""
        self._timer.stop()
        self._stop_writing()
        self._kept, self._first = None, None
        with contextlib.suppress(OSError):  # what cannot be removed is offered at the next start
            self.file.unlink(missing_ok=True)

    def adopt(self, file: Path) -> None:
        """Take over the copy that the open design was read from; it stays until the design is saved or let go."""
        self.forget()
        self.file, self._kept = file, self._workspace.store.committed

    def _follow(self, change: Change) -> None:
        if change.kind in ("preview", "cancel"):
            return
        if change.kind == "open" or not self._workspace.store.modified:
            self.forget()
            return
        now = monotonic()
        self._first = self._first or now
        due = max(min(now + self.pause_s, self._first + self.longest_s), self._not_before)
        self._start(due - now)

    def _start(self, seconds: float) -> None:
        self._timer.start(max(int(1000 * seconds), 0))

    def _begin(self) -> None:
        store = self._workspace.store
        if store.design is not store.committed:  # somebody drags or types
            self._start(_PREVIEW_S)
            return
        self._first = None
        if store.committed is self._kept:
            return
        self._stop_writing()
        began = monotonic()
        self._kept = store.committed
        self._writing = Writing(self.file, content_of(self._kept, self._told()))
        took = monotonic() - began
        self._not_before = began + SHARE * took if took > COSTLY_S else 0.0
        self._slices.start()

    def _write(self) -> None:
        end = monotonic() + _SLICES_S
        try:
            while self._writing is not None and monotonic() < end:
                if self._writing.advance():
                    self._writing, self._failed = None, False
        except UserError as error:
            self._writing, self._kept = None, None
            if not self._failed:  # once, and not at every edit
                self._failed = True
                self._workspace.post(Notice(f"No copy is kept of what is not saved yet: {error}", "bad"))
        if self._writing is None:
            self._slices.stop()

    def _stop_writing(self) -> None:
        self._slices.stop()
        if self._writing is not None:
            self._writing.give_up()
            self._writing = None
