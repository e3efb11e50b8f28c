"""Stretches of time on the chart: past the end of the run, and where groups are frozen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QFont
from PySide6.QtWidgets import QGraphicsRectItem, QGraphicsSimpleTextItem

from lrdesigner.document import Design
from lrdesigner.tracks import frozen_stretches
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.curve_display import Look
from lrdesigner_app.theme import SECONDARY_PX, Theme

_LIGHT_ALPHA = 14
_WORD = "frozen"
_EVERYTHING = Look()


class Bands:
    """Keeps the items and moves them; they never take the mouse."""

    def __init__(self, chart: ChartSurface, theme: Theme) -> None:
        self._chart, self._theme = chart, theme
        self._past_end = self._rect(-10)
        self._frozen: list[QGraphicsRectItem] = []
        self._words: list[QGraphicsSimpleTextItem] = []

    def show(self, design: Design, selected: int | None, axis_map: AxisMap, look: Look = _EVERYTHING) -> None:
        """Shade what lies past the end, and the frozen stretches: of the selected group with a word, of others lightly.

        `selected` of None: a view in which nothing is frozen. Of groups that are not shown nothing is.
        """
        end = axis_map.x(design.plan.total_steps)
        (_, high), _ = self._chart.view.viewRange()
        self._place(self._past_end, end, max(high, end), self._theme.colour("hover"))
        wanted: list[tuple[float, float, QColor, bool]] = []
        for group in design.groups if selected is not None else ():
            if not look.shows(group.id):
                continue
            colour = self._theme.group_colour(group.colour)
            colour.setAlpha(_LIGHT_ALPHA)
            chosen = group.id == selected
            for first, last in frozen_stretches(group.freeze, design.plan):
                stop = min(axis_map.x(last), end)
                wanted.append((axis_map.x(first), stop, self._theme.colour("hover") if chosen else colour, chosen))
        wanted.sort(key=lambda band: not band[3])
        self._show_frozen(wanted)

    def words(self) -> list[str]:
        """What is written into bands."""
        return [word.text() for word in self._words if word.isVisible()]

    def frozen(self) -> int:
        """How many bands there are."""
        return sum(band.isVisible() for band in self._frozen)

    def _show_frozen(self, wanted: list[tuple[float, float, QColor, bool]]) -> None:
        while len(self._frozen) < len(wanted):
            self._frozen.append(self._rect(-9))
            self._words.append(self._word())
        for index, (band, word) in enumerate(zip(self._frozen, self._words, strict=True)):
            band.setVisible(index < len(wanted))
            word.setVisible(False)
            if index < len(wanted):
                first, last, colour, chosen = wanted[index]
                self._place(band, first, last, colour)
                if chosen:
                    self._write(word, first, last)

    def _rect(self, z: float) -> QGraphicsRectItem:
        item = QGraphicsRectItem()
        item.setPen(Qt.PenStyle.NoPen)
        item.setZValue(z)
        self._chart.view.addItem(item, ignoreBounds=True)
        return item

    def _word(self) -> QGraphicsSimpleTextItem:
        item = QGraphicsSimpleTextItem(_WORD)
        font = QFont(self._chart.font())
        font.setPixelSize(SECONDARY_PX)
        item.setFont(font)
        item.setParentItem(self._chart.view)
        item.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        item.setZValue(20)
        return item

    def _place(self, item: QGraphicsRectItem, first: float, last: float, colour: QColor) -> None:
        _, (bottom, top) = self._chart.view.viewRange()
        item.setBrush(colour)
        item.setRect(first, bottom, max(last - first, 0.0), top - bottom)

    def _write(self, word: QGraphicsSimpleTextItem, first: float, last: float) -> None:
        """Into the middle of what is in view of a band, along its lower edge, if there is room."""
        view: Any = self._chart.view
        (low, high), (bottom, _) = view.viewRange()
        left = view.mapFromView(QPointF(max(first, low), bottom))
        right = view.mapFromView(QPointF(min(last, high), bottom))
        size = word.boundingRect()
        if right.x() - left.x() < size.width() + 8:
            return
        word.setBrush(QBrush(self._theme.colour("secondary")))
        word.setPos((left.x() + right.x() - size.width()) / 2, left.y() - size.height() - 6)
        word.setVisible(True)
