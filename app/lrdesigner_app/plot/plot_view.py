"""The plane of the plot under the mouse: who takes a drag, and what the wheel does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt

Taker = Callable[[Any], bool]
"""Looks at a drag (`pyqtgraph.GraphicsScene.mouseEvents.MouseDragEvent`) and says whether it takes it."""


class PlotView(pg.ViewBox):  # type: ignore[misc]
    """A left drag goes to the first taker that wants it, else it pans, as the middle button always does."""

    def __init__(self) -> None:
        super().__init__()
        self._takers: list[Taker] = []
        self._taker: Taker | None = None

    def add_taker(self, taker: Taker) -> None:
        """Ask this one too when a left drag begins; it then gets all of that drag, until `event.isFinish()`."""
        self._takers.append(taker)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Left to a taker or panning, middle panning, right scaling; over an axis along that axis alone."""
        if axis is not None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(event, axis=axis)
            return
        if event.isStart():
            self._taker = next((taker for taker in self._takers if taker(event)), None)
        elif self._taker is not None:
            self._taker(event)
        if self._taker is None:
            super().mouseDragEvent(event, axis=axis)
            return
        event.accept()
        if event.isFinish():
            self._taker = None

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        """Zooms at the pointer: both axes, with Ctrl time alone, with Shift values alone; over an axis that one."""
        if axis is None:
            modifiers = event.modifiers()
            if modifiers & Qt.KeyboardModifier.ControlModifier:
                axis = 0
            elif modifiers & Qt.KeyboardModifier.ShiftModifier:
                axis = 1
        super().wheelEvent(event, axis=axis)
