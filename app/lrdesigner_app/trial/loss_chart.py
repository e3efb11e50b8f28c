"""The loss of a trial, raw and smoothed, with how fast it runs as its caption."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.charts import AxisMap, set_line
from lrdesigner_app.charts.framing import value_range
from lrdesigner_app.charts.simplify import extreme_points
from lrdesigner_app.theme import Theme
from lrdesigner_app.trial.chart_page import ChartPage, time_window
from lrdesigner_app.trial.words import speed_details, speed_text
from lrdesigner_app.widgets import plain_tip

_POINTS = 4000
_RAW_ALPHA = 70


class LossChart(ChartPage):
    """Shows one record; told again after each change of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Loss of the trial")
        self._raw, self._smooth = self.chart.line(1), self.chart.line(2)
        self._map = AxisMap()
        self._paint()
        theme.changed.connect(self._paint)

    def show_record(self, record: TrialRecord) -> None:
        """Draw what is new in it."""
        steps, losses, smoothed = record.steps.array, record.losses.array, record.smoothed.array
        for line, values in ((self._raw, losses), (self._smooth, smoothed)):
            drawn = extreme_points(values, _POINTS)  # no peak is left out
            set_line(line, steps[drawn], self._map.ys(values[drawn]))
        finite = losses[np.isfinite(losses)]
        top = float(np.percentile(finite, 99)) * 1.1 + 1e-12 if finite.size else 1.0
        self.frame(x=time_window(record), y=value_range(self._map, [np.array([top])]))
        speed = speed_text(record)
        self.caption.setText(f"Loss · {speed}" if speed else "Loss")
        self.setToolTip(plain_tip(speed_details(record)))

    def _paint(self) -> None:
        faint = self._theme.colour("accent")
        faint.setAlpha(_RAW_ALPHA)
        self._raw.setPen(pg.mkPen(faint, width=1))
        self._smooth.setPen(pg.mkPen(self._theme.colour("accent"), width=1.5))
