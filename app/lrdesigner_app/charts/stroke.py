"""A line of a chart: its points in view coordinates and the pen that draws it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.graphicsItems.PlotCurveItem import arrayToLineSegments
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPainterPath, QPen

_MANY = 300
"""Points from which a thick line is drawn in pieces; of fewer the joints would be seen and little is won."""


class Drawable(Protocol):
    """Something that a `CurveLayer` draws; `edition` is another number whenever it looks different."""

    @property
    def edition(self) -> int:
        """Counts what was changed."""

    def paint(self, painter: QPainter) -> None:
        """Draw, in view coordinates."""


class Stroke:
    """A line through points, parted where a value is not finite."""

    def __init__(self) -> None:
        self.edition = 0
        self.pen = QPen()
        self._xs, self._ys = np.empty(0), np.empty(0)
        self._path: QPainterPath | None = QPainterPath()
        self._segments: Any = None

    def set_line(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> bool:
        """Other points; True when there is something to see."""
        self._xs, self._ys, self._path, self._segments = xs, ys, None, None
        self.edition += 1
        return bool(np.isfinite(ys).any())

    def set_pen(self, colour: QColor, width: float, style: Qt.PenStyle) -> None:
        """Another look; the width is in pixels, whatever the scale."""
        self.pen = QPen(colour, width, style)
        self.pen.setCosmetic(True)
        self.edition += 1

    def paint(self, painter: QPainter) -> None:
        """As one path; thick lines on the screen in pieces, since Qt needs far longer to outline them as a whole."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.pen)
        if self._in_pieces(painter):
            if self._segments is None:
                self._segments = arrayToLineSegments(self._xs, self._ys, "finite", finiteCheck=True)
            painter.drawLines(*self._segments.drawargs())
            return
        if self._path is None:
            self._path = pg.arrayToQPath(self._xs, self._ys, connect="finite")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)

    def _in_pieces(self, painter: QPainter) -> bool:
        whole = self.pen.style() == Qt.PenStyle.SolidLine and self.pen.color().alpha() == 255
        engine = painter.paintEngine()
        on_screen = engine is not None and engine.type() == QPaintEngine.Type.Raster
        return whole and on_screen and self.pen.widthF() > 1 and len(self._xs) > _MANY
