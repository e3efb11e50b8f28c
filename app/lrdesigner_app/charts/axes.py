"""The two axes of a chart, drawn thin, with a faint grid."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QGuiApplication, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from lrdesigner_app.charts.device_picture import DevicePicture
from lrdesigner_app.charts.ticks import linear_ticks, log_ticks, rate_text, room, share_text, time_text
from lrdesigner_app.theme import SECONDARY_PX, Theme

_GRID_ALPHA = 150
_ROOM_AT_TOP = 8


class _Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis in the theme's colours. The grid is its ticks, drawn through."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=0, tickTextOffset=7, tickAlpha=_GRID_ALPHA, autoReduceTextSpace=False)
        self.setGrid(255)
        self.kept = DevicePicture()
        self._edition = 0

    def boundingRect(self) -> QRectF:
        """With room for texts that reach past the ends of the axis."""
        rect: QRectF = super().boundingRect().adjusted(-14, -8, 14, 8)
        return rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Ticks, texts and grid, as they were drawn last time where nothing of them is another."""
        self._edition += self.picture is None
        super_paint = super().paint
        self.kept.paint(painter, self.boundingRect(), self._edition, lambda inner: super_paint(inner, option, widget))

    def restyle(self, theme: Theme) -> None:
        """Take the colours of the theme."""
        self.setPen(pg.mkPen(theme.colour("line"), width=1))
        self.setTickPen(pg.mkPen(theme.colour("line"), width=1))
        self.setTextPen(theme.colour("secondary"))
        font = QFont(QGuiApplication.font())
        font.setPixelSize(SECONDARY_PX)
        self.setTickFont(font)


class ValueAxis(_Axis):
    """The values, with ticks written as people write rates; knows whether the view is logarithmic."""

    def __init__(self) -> None:
        super().__init__("left")
        self.log = False
        self.shares = False
        """Whether values are shares of a peak: then they read as percent."""
        self._values: list[float] = []

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """One level of ticks, in view coordinates."""
        count = room(size, vertical=True)
        top = high - (high - low) * _ROOM_AT_TOP / max(size, 1.0)
        self._values = log_ticks(low, top, count) if self.log else linear_ticks(low, top, count)
        return [(1.0, [math.log10(value) if self.log else value for value in self._values])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Texts of the ticks that were just chosen."""
        if self.shares:
            return [share_text(value) for value in self._values]
        return [rate_text(value, self._values) for value in self._values]


class TimeAxis(_Axis):
    """Steps or epochs."""

    def __init__(self) -> None:
        super().__init__("bottom")

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """One level of ticks; none before the first step."""
        ticks = linear_ticks(low, high, room(size, vertical=False))
        return [(1.0, [tick for tick in ticks if tick >= 0])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Texts of ticks."""
        return [time_text(value) for value in values]


class MultipleAxis(TimeAxis):
    """Decades of a multiple, each told as one: × 0.1, × 1, × 10."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """A tick at every decade."""
        return [(1.0, [float(decade) for decade in range(math.ceil(low), math.floor(high) + 1)])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Texts of ticks."""
        return [f"× {10.0**value:g}" for value in values]
