"""How the freeze lane is drawn."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen

from lrdesigner.document import Group, Plan
from lrdesigner_app.schedule_editor.freeze_layout import ROW, Block, thin_rects
from lrdesigner_app.schedule_editor.time_scale import TimeScale
from lrdesigner_app.theme import SECONDARY_PX, Theme

_FILL, _FILL_OTHERS = 70, 120
_WORD = "frozen"


class FreezePainter:
    """Paints with the colours of the theme; stretches are in the colour of their group."""

    def __init__(self, painter: QPainter, theme: Theme, scale: TimeScale) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(painter.font())
        font.setPixelSize(SECONDARY_PX - 1)
        painter.setFont(font)
        self._painter, self._theme, self._scale = painter, theme, scale

    def ground(self, group: Group, plan: Plan, focused: bool) -> None:
        """The row that stretches are drawn on, what it is called, and what to do while it is empty."""
        painter, scale, empty = self._painter, self._scale, not group.freeze
        left, right = scale.within(0), scale.within(plan.total_steps)
        rect = QRectF(left, 1, right - left, ROW - 2).adjusted(0.5, 0.5, -0.5, -0.5)
        ringed = focused and empty  # else it is the stretch that has the keyboard
        painter.setPen(QPen(self._theme.colour("accent" if ringed else "line"), 2 if ringed else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, 4, 4)
        painter.setPen(self._theme.colour("secondary"))
        metrics = QFontMetrics(painter.font())
        if metrics.horizontalAdvance(_WORD) + 6 <= scale.left:
            at = QRectF(0, 0, scale.left - 6, ROW)
            painter.drawText(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _WORD)
        if empty:
            words = f"Drag here to freeze {group.name} for a time, or press +"
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, int(rect.width()) - 12)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, shown)

    def block(self, block: Block, group: Group, chosen: bool) -> None:
        """One stretch of the selected group, ringed while the keyboard acts on it."""
        painter = self._painter
        colour = self._theme.group_colour(group.colour)
        painter.setPen(QPen(self._theme.colour("accent") if chosen else colour, 2 if chosen else 1))
        colour.setAlpha(_FILL)
        painter.setBrush(colour)
        painter.drawRoundedRect(block.rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if block.rect.width() > QFontMetrics(painter.font()).horizontalAdvance(_WORD) + 12:
            painter.setPen(self._theme.colour("text"))
            painter.drawText(block.rect, Qt.AlignmentFlag.AlignCenter, _WORD)

    def thin(self, group: Group, plan: Plan, place: int) -> None:
        """The stretches of another group."""
        colour = self._theme.group_colour(group.colour)
        colour.setAlpha(_FILL_OTHERS)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(colour)
        for rect in thin_rects(group, plan, self._scale, place):
            self._painter.drawRoundedRect(rect, 2, 2)
