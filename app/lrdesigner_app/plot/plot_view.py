"""The plane of the plot under the mouse: who takes a drag, what the wheel does, and how far that goes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt

_NOTCH = 120.0
"""What Qt counts for one notch of a wheel."""

_PER_NOTCH = 1.35
_TILT = 0.1
"""Of what is in view, moved by one notch sideways."""

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
        """Left to a taker or panning, middle panning; over an axis along that axis alone. Right: there is a menu."""
        if event.button() == Qt.MouseButton.RightButton:
            event.ignore()
            return
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
        """Zooms at the pointer: both axes, with Ctrl time alone, with Shift values alone; over an axis that one.

        Two fingers that go sideways on a touchpad, or a wheel that is tilted, move along the time axis.
        """
        event.accept()
        modifiers, sideways = event.modifiers(), event.orientation() == Qt.Orientation.Horizontal
        if axis is None and modifiers & Qt.KeyboardModifier.ControlModifier:
            axis, sideways = 0, False
        elif axis is None and modifiers & Qt.KeyboardModifier.ShiftModifier:
            axis, sideways = 1, False  # on some systems Shift itself turns the wheel sideways
        if sideways:
            pixels = event.pixelDelta().x()
            share = pixels / max(self.width(), 1.0) if pixels else _TILT * event.delta() / _NOTCH
            self.pan_by(-share, 0.0)
            return
        centre = self.childGroup.mapFromParent(event.pos())
        self.zoom_by(_PER_NOTCH ** (-event.delta() / _NOTCH), axis, centre)

    def zoom_by(self, factor: float, axis: int | None = None, centre: QPointF | None = None) -> None:
        """Show so many times as much around a point of the plane, by default the middle, which stays where it is."""
        for number in (0, 1) if axis is None else (axis,):
            low, high = self.viewRange()[number]
            scale, (least, first, last) = factor, self._limits(number)
            scale = min(max(scale, least / (high - low)), max((last - first) / (high - low), 1.0))
            middle = (low + high) / 2 if centre is None else (centre.x(), centre.y())[number]
            self._show(number, middle - (middle - low) * scale, middle + (high - middle) * scale)
        self._moved_by_hand()

    def pan_by(self, across: float, up: float) -> None:
        """Move along the axes by shares of what is in view."""
        for number, share in enumerate((across, up)):
            low, high = self.viewRange()[number]
            if share:
                self._show(number, low + share * (high - low), high + share * (high - low))
        self._moved_by_hand()

    def _show(self, number: int, low: float, high: float) -> None:
        """A range of one axis, pushed back to within its limits without another width."""
        _, first, last = self._limits(number)
        push = max(first - low, 0.0) if low < first else min(last - high, 0.0)
        (self.setYRange if number else self.setXRange)(low + push, high + push, padding=0)

    def _limits(self, number: int) -> tuple[float, float, float]:
        """The least width, the lowest and the highest coordinate of an axis."""
        names = (("xRange", "xLimits"), ("yRange", "yLimits"))[number]
        limits = self.state["limits"]
        least, (first, last) = limits[names[0]][0], limits[names[1]]
        return least or 0.0, -math.inf if first is None else first, math.inf if last is None else last

    def _moved_by_hand(self) -> None:
        self.sigRangeChangedManually.emit(self.state["mouseEnabled"])
