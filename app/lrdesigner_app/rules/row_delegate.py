"""Draws one rule: square of the group, name, query, count."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lrdesigner_app.painted_text import paint_text
from lrdesigner_app.rules.rules_model import RulesModel
from lrdesigner_app.theme import BASE_PX, SECONDARY_PX, Theme

ROW_HEIGHT = 28
SWATCH, PADDING, GAP = 10, 12, 8

Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """One line; the row that is being edited is as high as its editor."""

    def __init__(self, theme: Theme, model: RulesModel, parent: QObject) -> None:
        super().__init__(parent)
        self._theme, self._model = theme, model
        self.edited_row, self.edited_height = -1, 0

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, self.edited_height if index.row() == self.edited_row else ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rule, group = self._model.rule(index.row()), self._model.group(index.row())
        if rule is None or group is None or index.row() == self.edited_row:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect)
        self._paint_ground(painter, rect, option.state)
        square = QRectF(rect.left() + PADDING, rect.center().y() - SWATCH / 2, SWATCH, SWATCH)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.group_colour(group.colour))
        painter.drawRoundedRect(square, 2.5, 2.5)
        inner = rect.adjusted(2 * PADDING + SWATCH - 2, 0, -PADDING, 0)
        inner.setRight(inner.right() - self._paint_count(painter, inner, index.row(), option.font) - GAP)
        used = self._text(painter, inner, rule.name, _sized(option.font, BASE_PX), "text")
        if rule.name != rule.where:
            inner.setLeft(inner.left() + used + GAP)
            self._text(painter, inner, rule.where, _sized(option.font, SECONDARY_PX), "secondary")
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if not selected and not state & QStyle.StateFlag.State_MouseOver:
            return
        focused = selected and bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QPen(self._theme.colour("accent"), 1) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("selection" if selected else "hover"))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_count(self, painter: QPainter, rect: QRectF, row: int, font: QFont) -> float:
        """At the right; a rule that does nothing has a sign before its 0."""
        found = self._model.count(row)
        if found is None:
            return 0.0
        text = found.text if found.takes else f"⚠ {found.text}"
        return self._text(painter, rect, text, _sized(font, SECONDARY_PX), "secondary", right=True)

    def _text(self, painter: QPainter, rect: QRectF, text: str, font: QFont, token: str, right: bool = False) -> float:
        return paint_text(painter, rect, text, font, self._theme.colour(token), right)


def _sized(font: QFont, pixels: int) -> QFont:
    made = QFont(font)
    made.setPixelSize(pixels)
    return made
