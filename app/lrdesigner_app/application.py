"""Making the Qt application and a window in it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from lrdesigner.document import Design
from lrdesigner.faults import Opened
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.window_set import WindowSet


def make_application() -> QApplication:
    """The one application of this process."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("lrdesigner")
    application.setApplicationDisplayName("LR Designer")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in the terminal ends a program that sits in Qt's loop
    return application


def make_window(application: QApplication, opened: Design | Opened, path: Path | None = None) -> MainWindow:
    """The first window, on a design; `path` is the file it was read from."""
    return WindowSet(application).open(opened, path)
