"""The windows of this process, and what they share: the look, the settings, the waiting child, the leftovers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication

from lrdesigner.document import Design
from lrdesigner.faults import Opened
from lrdesigner.models.trust import config_folder
from lrdesigner.recovery_files import RecoveryFolder
from lrdesigner.store import Store
from lrdesigner_app.crash_notice import install_exception_hook
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.notices import Notice
from lrdesigner_app.processes import SpareChild
from lrdesigner_app.recovery import Recovery
from lrdesigner_app.settings import Settings
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

CASCADE = 28
"""Pixels by which a new window lies further right and down than the one that it came from."""


class WindowSet:
    """Opens windows, each with its own workspace, and lets go of those that are closed."""

    def __init__(self, application: QApplication) -> None:
        self.theme = Theme(application)
        self.settings = Settings()
        self.spare = SpareChild()
        self.copies = RecoveryFolder(config_folder() / "recovery")
        self.recovery = Recovery(self.copies, self)
        self._windows: list[MainWindow] = []
        install_exception_hook(self.post)

    @property
    def windows(self) -> tuple[MainWindow, ...]:
        """Those that are open, in the order in which they were opened."""
        return tuple(self._windows)

    @property
    def active(self) -> MainWindow | None:
        """The window that has the keyboard; if none has it, the one that was opened last."""
        found = [window for window in self._windows if window.isActiveWindow()]
        return found[0] if found else self._windows[-1] if self._windows else None

    def open(self, opened: Design | Opened, path: Path | None = None) -> MainWindow:
        """A window on a design, not shown yet; `path` is the file it was read from."""
        if not isinstance(opened, Opened):
            opened = Opened(opened)
        workspace = Workspace(Store(opened.design, modified=bool(opened.faults)), self.theme, opened)
        window = MainWindow(workspace, self)
        if not self._windows:
            self.theme.apply()  # once the window is put together: each widget would be styled again at every step
        self._windows.append(window)
        window.closed.connect(lambda: self._let_go(window))
        window.restore()
        if path is not None:
            window.files.belongs_to(path)
        return window

    def add(self, opened: Design | Opened, path: Path | None = None, *, beside: MainWindow) -> MainWindow:
        """One more window, shown a little further right and down than `beside`."""
        window = self.open(opened, path)
        window.showNormal()  # before it is placed: what is remembered may be a window that fills the screen
        place = beside.normalGeometry() if beside.isMaximized() or beside.isFullScreen() else beside.geometry()
        window.setGeometry(_cascaded(place, beside.screen().availableGeometry()))
        window.raise_()
        window.activateWindow()
        return window

    def quit(self) -> bool:
        """Close every window, once each was asked about what it has not saved; one Cancel leaves all open."""
        asked = sorted(self._windows, key=lambda window: window is not self.active)
        for window in asked:
            if window.workspace.store.modified:
                window.come_forward()
            if not window.may_close():
                return False
        for window in asked:
            window.close_unasked()
        return True

    def post(self, notice: Notice) -> None:
        """Show a notice in the active window."""
        if self.active is not None:
            self.active.workspace.post(notice)

    def is_last(self, window: MainWindow) -> bool:
        """Whether no other window is open."""
        return self._windows == [window]

    def _let_go(self, window: MainWindow) -> None:
        if window not in self._windows:
            return
        self._windows.remove(window)
        if not self._windows:
            self.spare.close()
            return
        self.spare.sweep()
        self.recovery.changed.emit()
        window.deleteLater()


def _cascaded(place: QRect, screen: QRect) -> QRect:
    """The next place; at the upper left again, and smaller if need be, where it would leave the screen."""
    moved = place.translated(CASCADE, CASCADE)
    if moved.bottom() <= screen.bottom() and moved.right() <= screen.right():
        return moved
    return QRect(screen.topLeft() + QPoint(CASCADE, CASCADE), place.size()).intersected(screen)
