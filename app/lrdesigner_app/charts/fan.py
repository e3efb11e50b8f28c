"""The fan of a layered group: many thin lines of one hue, the lower the fainter, drawn together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

_LEVELS = 12
"""Distinct opacities; lines of one are one path, since many paths take longer to draw."""

_FAINTEST, _FULLEST = 0.22, 0.8


class Fan:
    """A line for each row of `ys` over the same `xs`, the highest first; NaN parts a line."""

    def __init__(self) -> None:
        self.edition = 0
        self._paths: list[tuple[float, QPainterPath]] = []
        self._pen = QPen()
        self.xs: NDArray[np.float64] = np.empty(0)
        self.ys: NDArray[np.float64] = np.empty((0, 0))

    def set_lines(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> None:
        """Other lines."""
        self.xs, self.ys, rows = xs, ys, len(ys)
        levels = np.minimum((np.arange(rows) * _LEVELS) // max(rows, 1), _LEVELS - 1)
        self._paths = []
        for level in np.unique(levels):
            share = 1.0 - level / max(min(rows, _LEVELS) - 1, 1) if rows > 1 else 1.0
            opacity = _FAINTEST + (_FULLEST - _FAINTEST) * max(share, 0.0)
            self._paths.append((opacity, _path(xs, ys[levels == level])))
        self.edition += 1

    def set_look(self, colour: QColor, style: Qt.PenStyle) -> None:
        """The hue of all lines; where it is faint, they are."""
        self._pen = QPen(colour, 1.0, style)
        self._pen.setCosmetic(True)
        self.edition += 1

    def paint(self, painter: QPainter) -> None:
        """The faint ones first."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for opacity, path in reversed(self._paths):
            colour = self._pen.color()
            colour.setAlphaF(opacity * colour.alphaF())
            pen = QPen(self._pen)
            pen.setColor(colour)
            painter.setPen(pen)
            painter.drawPath(path)


def _path(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> Any:
    """All lines one after the other, parted by a point that is none."""
    rows = len(ys)
    apart_x = np.concatenate([np.tile(xs, (rows, 1)), np.full((rows, 1), xs[-1] if xs.size else 0.0)], axis=1)
    apart_y = np.concatenate([ys, np.full((rows, 1), np.nan)], axis=1)
    return pg.arrayToQPath(apart_x.ravel(), apart_y.ravel(), connect="finite")
