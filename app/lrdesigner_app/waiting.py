"""What cannot leave the window's process and may take longer than a moment: the pointer and a line say so."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

LARGE_BYTES = 4 * 2**20
LARGE_TENSORS = 20_000
"""From here on it may take more than a tenth of a second."""


@contextmanager
def waiting(
    large: bool, begin: Callable[[], object] | None = None, end: Callable[[], object] | None = None
) -> Iterator[None]:
    """Around such work. Where it is `large`, the pointer tells to wait, and `begin` and `end` may show and hide a line.

    No search for cycles runs meanwhile: of objects that all stay, it takes a third of the time.
    """
    if not large:
        yield
        return
    collecting = gc.isenabled()
    gc.disable()
    QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        if begin is not None:
            begin()
        yield
    finally:
        QGuiApplication.restoreOverrideCursor()
        if end is not None:
            end()
        if collecting:
            gc.enable()
