"""The curves of a range test: median and band of the loss over the multiplier, with the range that is suggested."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from lrdesigner.trials.range_result import RangeCurves, Suggestion
from lrdesigner_app.charts import AxisMap, ChartSurface, set_line
from lrdesigner_app.charts.axes import MultipleAxis
from lrdesigner_app.charts.framing import value_range
from lrdesigner_app.theme import Theme

_BAND_ALPHA, _RANGE_ALPHA = 40, 50


class RangeChart(ChartSurface):
    """x counts decades from the planned rates."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Loss over the multiplier of the planned rates", bottom=MultipleAxis())
        self._colours = theme
        self.suggested = pg.LinearRegionItem(movable=False)
        self.suggested.setZValue(-2)
        self.low, self.high, self.median = self.line(0), self.line(0), self.line(1)
        self._band = pg.FillBetweenItem(self.low, self.high)
        for item in (self.suggested, self._band):
            self.view.addItem(item, ignoreBounds=True)
        self.suggested.setVisible(False)
        theme.changed.connect(self._paint)
        self._paint()

    def show_curves(self, curves: RangeCurves | None, found: Suggestion | None) -> None:
        """Draw these; None clears."""
        known = found is not None and found.low is not None and found.high is not None
        self.suggested.setVisible(known)
        if found is not None and found.low is not None and found.high is not None:
            self.suggested.setRegion((float(np.log10(found.low)), float(np.log10(found.high))))
        if curves is None:
            for line in (self.low, self.high, self.median):
                line.setData([], [])
            return
        linear, xs = AxisMap(), np.log10(curves.multipliers)
        for line, values in ((self.low, curves.low), (self.high, curves.high), (self.median, curves.median)):
            set_line(line, xs, linear.ys(values))
        start = curves.median[np.isfinite(curves.median)][:1]
        top = 1.6 * float(start[0]) if start.size else 1.0
        self.set_ranges(x=(float(xs[0]) - 0.1, float(xs[-1]) + 0.1), y=value_range(linear, [np.array([top])]))

    def _paint(self) -> None:
        accent, faint, soft = (self._colours.colour("accent") for _ in range(3))
        faint.setAlpha(_BAND_ALPHA)
        soft.setAlpha(_RANGE_ALPHA)
        self.median.setPen(pg.mkPen(accent, width=2))
        for line in (self.low, self.high):
            line.setPen(pg.mkPen(faint, width=1))
        self._band.setBrush(pg.mkBrush(faint))
        self.suggested.setBrush(pg.mkBrush(soft))
        for edge in self.suggested.lines:
            edge.setPen(pg.mkPen(accent, width=1, style=Qt.PenStyle.DashLine))
