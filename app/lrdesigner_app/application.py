"""Making the Qt application and a window in it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from lrdesigner.document import Design
from lrdesigner.faults import Opened
from lrdesigner.store import Store
from lrdesigner_app.crash_notice import install_exception_hook
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.settings import Settings
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace


def make_application() -> QApplication:
    """The one application of this process."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("lrdesigner")
    application.setApplicationDisplayName("LR Designer")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in the terminal ends a program that sits in Qt's loop
    return application


def make_window(application: QApplication, opened: Design | Opened, path: Path | None = None) -> MainWindow:
    """A window on a design; `path` is the file it was read from."""
    if not isinstance(opened, Opened):
        opened = Opened(opened)
    theme = Theme(application)
    workspace = Workspace(Store(opened.design, modified=bool(opened.faults)), theme, opened)
    window = MainWindow(workspace, Settings())
    theme.apply()  # after the window is put together: each widget would be styled again at every step of it
    window.restore()
    if path is not None:
        window.files.belongs_to(path)
    install_exception_hook(workspace)
    return window
