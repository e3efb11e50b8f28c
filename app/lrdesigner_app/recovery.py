"""What earlier runs of the program left unsaved, and the bar that offers it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from lrdesigner.demos import demo_design
from lrdesigner.errors import UserError
from lrdesigner.recovery_files import Kept, RecoveryFolder, head_of, read_copy, set_aside
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow
    from lrdesigner_app.window_set import WindowSet

_SOON_MS = 300


class Recovery(QObject):
    """The leftovers of all windows' earlier runs; they are offered one after the other."""

    changed = Signal()

    def __init__(self, folder: RecoveryFolder, windows: WindowSet) -> None:
        super().__init__()
        self._folder, self._windows = folder, windows
        self._leftovers: list[tuple[Path, Kept]] = []
        self.postponed = False
        self._timer = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._timer.timeout.connect(self.look)

    def look_soon(self) -> None:
        """Look for leftovers once the window stands."""
        self._timer.start()

    def look(self) -> None:
        """Take what dead processes left, and offer it; what is damaged is set aside."""
        damaged = 0
        for file in self._folder.claim():
            try:
                self._leftovers.append((file, head_of(file)))
            except UserError:
                set_aside(file)
                damaged += 1
        if damaged:
            self._tell_of_damaged(damaged)
        self.changed.emit()

    def postpone(self) -> None:
        """Offer nothing more until the next start; the File menu still has it."""
        self.postponed = True
        self.changed.emit()

    @property
    def next(self) -> Kept | None:
        """What is offered now."""
        return self._leftovers[0][1] if self._leftovers else None

    @property
    def count(self) -> int:
        """How many are left."""
        return len(self._leftovers)

    def restore(self, window: MainWindow) -> MainWindow | None:
        """Open what is offered: in `window` where that takes nothing away, else in a new one. None if it is damaged."""
        if not self._leftovers:
            return None
        file, _ = self._leftovers.pop(0)
        try:
            kept, opened = read_copy(file)
        except UserError:
            set_aside(file)
            self._tell_of_damaged(1)
            self.changed.emit()
            return None
        path = Path(kept.path) if kept.path else None
        target = window if _may_give_way(window, path) else self._windows.add(demo_design(), beside=window)
        target.files.restored(opened, path)
        target.autosave.adopt(file)
        self.changed.emit()
        target.workspace.post(Notice(f"Restored {target.files.title}; it is not saved yet.", "good"))
        return target

    def discard(self) -> None:
        """Remove what is offered."""
        if self._leftovers:
            file, kept = self._leftovers.pop(0)
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                self._windows.post(Notice(f"The copy of {kept.title} cannot be removed: {error.strerror}.", "bad"))
            self.changed.emit()

    def _tell_of_damaged(self, number: int) -> None:
        what = "An unsaved design was" if number == 1 else f"{number} unsaved designs were"
        text = f"{what} damaged and cannot be restored; what is left lies in {self._folder.folder}."
        self._windows.post(Notice(text, "bad"))


class RecoveryBar(QFrame):
    """Offers what `Recovery` has, with a way to restore it, to remove it, and to be asked again at the next start."""

    def __init__(self, recovery: Recovery, restore: Callable[[], object], discard: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.text = label("")
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.restore = button("Restore", "", "Open the unsaved design as it was; in the File menu too")
        self.discard = button("Discard", "quiet", "Remove the unsaved design for good; in the File menu too")
        self.later = button("Later", "quiet", "Keep the unsaved design and ask again at the next start")
        for made, name in ((self.restore, "Restore"), (self.discard, "Discard")):
            made.setAccessibleName(f"{name} the unsaved design")
        self.later.setAccessibleName("Ask about the unsaved design later")
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID + 4, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self.text, 1)
        for made in (self.restore, self.discard, self.later):
            row.addWidget(made)
        self.restore.clicked.connect(lambda: restore())
        self.discard.clicked.connect(lambda: discard())
        self.later.clicked.connect(recovery.postpone)
        self._recovery = recovery
        recovery.changed.connect(self.refresh)
        self.hide()

    def refresh(self) -> None:
        """Offer what there is now."""
        kept, count = self._recovery.next, self._recovery.count
        if kept is not None:
            self.text.setText(offer_text(kept, count, datetime.now()))
        self.setVisible(kept is not None and not self._recovery.postponed)


def offer_text(kept: Kept, count: int, now: datetime) -> str:
    """What is offered, in a few words."""
    text = f"{kept.title or 'Untitled'} was not saved when the program ended. It was kept {_when(kept.time, now)}."
    if kept.path and _changed_since(kept):
        text += " Its file has changed since."
    return text if count == 1 else f"{text} {count} designs wait."


def _when(time: float, now: datetime) -> str:
    try:
        then = datetime.fromtimestamp(time)
    except (OverflowError, OSError, ValueError):
        return "some time ago"
    if then.date() == now.date():
        return f"today at {then:%H:%M}"
    return f"on {then.day} {then:%B %Y} at {then:%H:%M}"


def _changed_since(kept: Kept) -> bool:
    try:
        return Path(kept.path).stat().st_mtime > kept.time
    except (OSError, ValueError):
        return False


def _may_give_way(window: MainWindow, path: Path | None) -> bool:
    """Whether nothing is lost when the window shows another design: it has the untouched demo, or the same file."""
    files, store = window.files, window.workspace.store
    if store.modified or window.loader.busy:
        return False
    return store.committed == demo_design() if files.path is None else files.path.absolute() == path
