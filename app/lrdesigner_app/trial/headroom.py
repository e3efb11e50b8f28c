"""How far each group's rate is below the one that would raise the loss, as bars."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from lrdesigner.jobs.protocol import CriticalRate
from lrdesigner.trials.headroom import latest_rates, limiting, moved
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.theme import GRID, SECONDARY_PX, Theme
from lrdesigner_app.widgets import ElidedLabel, plain_tip

_ROW, _BAR, _NAME_PX, _VALUE_PX, _AXIS, _TICK_PX = 22, 8, 84, 96, 16, 40
_NONE_YET = "Headroom: comes with the first probe"
_NONE_FOUND = "Headroom: this trial ended before its first probe"
_NO_PROBES = "Headroom: set Critical-rate probes in Options, and each group's critical rate is looked for"
ALL = "All groups"
_LEAST = 1e-6
"""No bar ends further left."""


def factor_text(rate: CriticalRate) -> str:
    """ "12×", or "beyond 100×" where nothing that was tried raised the loss."""
    if not moved(rate):
        return "did not move"
    return f"beyond {rate.largest_tried:.3g}×" if rate.factor is None else f"{rate.factor:.2g}×"


def headroom_text(rates: list[CriticalRate]) -> str:
    """Which group limits the run, in words."""
    limit = limiting(rates)
    if limit is None and not any(moved(rate) for rate in rates):
        return "No group moved when its rate was looked for"
    if limit is None:
        return "No critical rate was found: every rate may grow"
    if limit.factor is not None and limit.factor < 1:
        return f"{limit.group} is above its critical rate ({factor_text(limit)})"
    return f"{limit.group} limits the run: its rate may grow {factor_text(limit)}"


class Headroom(QWidget):
    """Bars of one record; told again after each change of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.caption = ElidedLabel("secondary")
        self.bars = _Bars(theme)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.bars)
        scroll.setAccessibleName("Headroom of each group")
        scroll.setMinimumHeight(40)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.caption)
        column.addWidget(scroll, 1)

    def show_record(self, record: TrialRecord) -> None:
        """Draw what is new in it."""
        rates = latest_rates(record.critical, [group.name for group in record.design.groups])
        nothing = _NO_PROBES if not record.options.probes else _NONE_YET if record.running else _NONE_FOUND
        self.caption.setText(headroom_text(rates) if rates else nothing)
        colours = {group.name: group.colour for group in record.design.groups}
        self.bars.show_rates(rates, colours)


class _Bars(QWidget):
    """One row per group: name, bar on a logarithmic axis with a line at 1, factor."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rates: list[CriticalRate] = []
        self._colours: dict[str, int] = {}
        self.setAccessibleName("Critical over scheduled rate")
        theme.changed.connect(self.update)

    def show_rates(self, rates: list[CriticalRate], colours: dict[str, int]) -> None:
        """Draw these; the colours are by the names of the groups."""
        self._rates, self._colours = rates, colours
        self.setMinimumHeight(_ROW * len(rates) + _AXIS)
        lines = [
            f"{rate.group or ALL}: {factor_text(rate)} of {rate.scheduled:.3g}, at step {rate.step:,}" for rate in rates
        ]
        self.setAccessibleDescription("; ".join(lines))
        self.setToolTip(plain_tip("\n".join(["Critical rate over scheduled rate", *lines])) if lines else "")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rates:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = self._bounds()
        left, width = _NAME_PX, max(self.width() - _NAME_PX - _VALUE_PX, 10)
        limit = limiting(self._rates)
        for row, rate in enumerate(self._rates):
            reach = max(_reach(rate), low)
            bar = QRectF(left, row * _ROW + (_ROW - _BAR) / 2, width * (reach - low) / (high - low), _BAR)
            self._paint_row(painter, rate, bar, row, rate is limit)
        painter.setPen(QPen(self._theme.colour("text"), 1, Qt.PenStyle.DashLine))
        x = left + width * -low / (high - low)
        painter.drawLine(round(x), 0, round(x), _ROW * len(self._rates))
        self._paint_axis(painter, low, high)

    def _paint_axis(self, painter: QPainter, low: float, high: float) -> None:
        """The decades, below the bars."""
        font = painter.font()
        font.setBold(False)
        font.setPixelSize(SECONDARY_PX)
        painter.setFont(font)
        painter.setPen(self._theme.colour("secondary"))
        width, top = max(self.width() - _NAME_PX - _VALUE_PX, 10), _ROW * len(self._rates)
        decades = range(math.ceil(low), math.floor(high) + 1)
        for decade in decades[:: max(len(decades) * _TICK_PX // width, 1)]:
            x = _NAME_PX + width * (decade - low) / (high - low)
            place = QRectF(x - _TICK_PX, top, 2 * _TICK_PX, _AXIS)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{10.0**decade:g}×")

    def _paint_row(self, painter: QPainter, rate: CriticalRate, bar: QRectF, row: int, limits: bool) -> None:
        colour = self._theme.group_colour(self._colours[rate.group]) if rate.group in self._colours else None
        painter.setPen(Qt.PenStyle.NoPen)
        shade = Qt.BrushStyle.Dense4Pattern if rate.factor is None else Qt.BrushStyle.SolidPattern
        painter.setBrush(colour or self._theme.colour("secondary"))
        brush = painter.brush()
        brush.setStyle(shade)
        painter.setBrush(brush)
        painter.drawRoundedRect(bar, 2, 2)
        font = painter.font()
        font.setBold(limits)
        painter.setFont(font)
        painter.setPen(self._theme.colour("text" if limits else "secondary"))
        mid = Qt.AlignmentFlag.AlignVCenter
        name = painter.fontMetrics().elidedText(rate.group or ALL, Qt.TextElideMode.ElideRight, _NAME_PX - GRID)
        painter.drawText(QRectF(0, row * _ROW, _NAME_PX - GRID, _ROW), mid | Qt.AlignmentFlag.AlignLeft, name)
        room = QRectF(self.width() - _VALUE_PX, row * _ROW, _VALUE_PX - 2, _ROW)
        painter.drawText(room, mid | Qt.AlignmentFlag.AlignRight, factor_text(rate))

    def _bounds(self) -> tuple[float, float]:
        """Of the axis, in decades, with 1 in it."""
        reaches = [_reach(rate) for rate in self._rates]
        return min([-1.0, *(reach - 0.3 for reach in reaches if math.isfinite(reach))]), max(1.0, *reaches)


def _reach(rate: CriticalRate) -> float:
    """Where its bar ends, in decades; one that did not move has none."""
    if not moved(rate):
        return -math.inf
    known = rate.largest_tried if rate.factor is None else rate.factor
    return math.log10(max(known, _LEAST))
