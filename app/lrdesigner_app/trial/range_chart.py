"""The curves of a range test: median and band of the loss over the multiplier, with the range that is suggested."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy

from lrdesigner.trials.range_result import RangeCurves, Suggestion, slope_text
from lrdesigner.trials.range_view import losses_shown
from lrdesigner_app.charts import AxisMap, ChartSurface, set_line
from lrdesigner_app.charts.axes import MultipleAxis
from lrdesigner_app.charts.floating_box import FloatingBox
from lrdesigner_app.theme import SECONDARY_PX, Theme

_BAND_ALPHA, _RANGE_ALPHA = 40, 34
_DOT_PX = 8
_EMPTY_RANGE = (-3.1, 3.1)
_ROOM_FOR_LAST_TICK = 18
_BEYOND = 1.0
"""Of the height of the view: so far above it is drawn what explodes."""


class RangeChart(ChartSurface):
    """x counts decades from the planned rates. The dot is where the loss falls fastest."""

    read = Signal(object)
    """The multiplier (float) that the pointer or the arrow keys are at; None when they are at none."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Loss over the multiplier of the planned rates", bottom=MultipleAxis())
        self._colours = theme
        self._curves: RangeCurves | None = None
        self._place: int | None = None
        self.suggested = pg.LinearRegionItem(movable=False)
        self.suggested.setZValue(-2)
        self.low, self.high, self.median = self.line(0), self.line(0), self.line(1)
        self._band = pg.FillBetweenItem(self.low, self.high)
        self._at = pg.InfiniteLine(angle=90, movable=False)
        self.steepest = pg.ScatterPlotItem(size=_DOT_PX, pxMode=True)
        self.steepest.setZValue(2)
        self.word, self.slope_word = pg.TextItem("suggested", anchor=(0.5, 0)), pg.TextItem("", anchor=(-0.05, 1))
        for item in (self.suggested, self._band, self._at, self.steepest, self.word, self.slope_word):
            self.view.addItem(item, ignoreBounds=True)
        self.box = FloatingBox(self.viewport(), "Values at the multiplier")
        self.getPlotItem().layout.setContentsMargins(0, 6, _ROOM_FOR_LAST_TICK, 0)
        self.setMinimumSize(110, 52)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.setMouseEnabled(x=False, y=False)
        self.left.connect(self.read_nothing)
        theme.changed.connect(self._paint)
        self._paint()
        self.show_curves(None, None)

    def show_curves(self, curves: RangeCurves | None, found: Suggestion | None) -> None:
        """Draw these; None clears."""
        if curves is None or self._curves is None or len(curves.multipliers) != len(self._curves.multipliers):
            self.read_nothing()
        self._curves = curves
        if curves is None:
            for line in (self.low, self.high, self.median):
                line.setData([], [])
            self._show_found(None, None, AxisMap(), 0.0)
            self.set_ranges(x=_EMPTY_RANGE)
            return
        window, xs = losses_shown(curves), np.log10(curves.multipliers)
        shown = AxisMap(log=window.log)
        self.set_map(shown)
        bottom, top = shown.y(window.low), shown.y(window.high)
        for line, values in ((self.low, curves.low), (self.high, curves.high), (self.median, curves.median)):
            set_line(line, xs, np.minimum(shown.ys(values), top + _BEYOND * (top - bottom)))
        self.set_ranges(x=(float(xs[0]) - 0.1, float(xs[-1]) + 0.1), y=(bottom, top))
        self._show_found(found, curves, shown, top)

    def show_reading(self, text: str) -> None:
        """Say this beside the line at the multiplier that was read."""
        if self._curves is not None and self._place is not None:
            x, (bottom, top) = self._at.value(), self.view.viewRange()[1]
            self.box.show_beside(self.mapFromScene(self.view.mapViewToScene(pg.Point(x, (bottom + top) / 2))), text)

    def read_at(self, place: int) -> None:
        """Read the curves at one of their multipliers."""
        if self._curves is None:
            return
        self._place = min(max(place, 0), len(self._curves.multipliers) - 1)
        multiplier = float(self._curves.multipliers[self._place])
        self._at.setValue(float(np.log10(multiplier)))
        self._at.setVisible(True)
        self.read.emit(multiplier)

    def read_nothing(self) -> None:
        """Take the line and what is said beside it away."""
        self._place = None
        self._at.setVisible(False)
        self.box.hide()
        self.read.emit(None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._curves is not None:
            at = self.view.mapSceneToView(self.mapToScene(event.position().toPoint()))
            self.read_at(self._curves.nearest(10.0 ** float(np.clip(at.x(), -300, 300))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if by is None or self._curves is None:
            super().keyPressEvent(event)
            return
        begin = len(self._curves.multipliers) // 2
        self.read_at(begin if self._place is None else self._place + by)

    def _show_found(self, found: Suggestion | None, curves: RangeCurves | None, shown: AxisMap, top: float) -> None:
        """The suggested range with its name, and the dot with its slope."""
        known = found is not None and found.low is not None and found.high is not None
        for item in (self.suggested, self.word, self.steepest, self.slope_word):
            item.setVisible(known)
        if found is None or found.low is None or found.high is None or found.middle is None:
            return
        self.suggested.setRegion((float(np.log10(found.low)), float(np.log10(found.high))))
        self.word.setPos(float(np.log10(found.middle)), top)
        if curves is not None and found.steepest is not None and found.slope is not None:
            place = curves.nearest(found.steepest)
            x, y = float(np.log10(curves.multipliers[place])), shown.y(float(curves.median[place]))
            self.steepest.setData([x], [y])
            self.slope_word.setText(slope_text(found.slope))
            self.slope_word.setPos(x, y)

    def _paint(self) -> None:
        accent, faint, soft = (self._colours.colour("accent") for _ in range(3))
        faint.setAlpha(_BAND_ALPHA)
        soft.setAlpha(_RANGE_ALPHA)
        self.median.setPen(pg.mkPen(accent, width=2))
        for line in (self.low, self.high):
            line.setPen(pg.mkPen(faint, width=1))
        self._band.setBrush(pg.mkBrush(faint))
        self.suggested.setBrush(pg.mkBrush(soft))
        self._at.setPen(pg.mkPen(self._colours.colour("secondary"), width=1))
        self.steepest.setBrush(pg.mkBrush(accent))
        self.steepest.setPen(pg.mkPen(self._colours.colour("surface"), width=1.5))
        font = self.font()
        font.setPixelSize(SECONDARY_PX)
        for word in (self.word, self.slope_word):
            word.setFont(font)
            word.setColor(self._colours.colour("secondary"))
        for edge in self.suggested.lines:
            edge.setPen(pg.mkPen(accent, width=1, style=Qt.PenStyle.DashLine))
