"""Draws one cell of the tree; the view has painted the row's background before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from lrdesigner_app.model_tree import marks
from lrdesigner_app.model_tree.tree_model import NAME, TYPE, Marks, TreeModel
from lrdesigner_app.theme import SECONDARY_PX, Theme

ROW_HEIGHT = 24
GAP = 8

MIN_TYPE = 28

Index = QModelIndex | QPersistentModelIndex
Badge = Callable[[QPainter, QRectF, QColor], None]
Ink = tuple[QFont, QFontMetricsF]
Role = Literal["name", "model", "secondary"]


class RowDelegate(QStyledItemDelegate):
    """Square, name and badges; type or shape; number of parameters."""

    def __init__(self, theme: Theme, model: TreeModel, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model
        self._font = QFont()
        self._inks: dict[Role, Ink] = {}
        self.types_behind_names = False
        """Whether types have no column of their own; the view says so."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect)
        text = str(index.data() or "")
        if index.column() == NAME:
            self._paint_name(painter, rect, text, option.font, index)
        else:
            left = index.column() == TYPE
            inner = rect.adjusted(4, 0, -4, 0)
            side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
            self._paint_text(painter, inner, text, self._inked(option.font, "secondary"), "secondary", side)
        painter.restore()

    def _paint_name(self, painter: QPainter, rect: QRectF, text: str, font: QFont, index: Index) -> None:
        found = self._model.marks(index)
        square = QRectF(rect.left() + 4, rect.center().y() - marks.SWATCH / 2, marks.SWATCH, marks.SWATCH)
        if found.colours:
            marks.paint_swatch(painter, square, [self._theme.group_colour(c) for c in found.colours])
        badges = _badges(found)
        ink = self._inked(font, "name" if self._model.path(index) else "model")
        room = rect.adjusted(4 + marks.SWATCH + GAP, 0, -4, 0)
        # Names come first: badges for which there is no room are told by the tooltip alone.
        spare = room.width() - ink[1].horizontalAdvance(text)
        badges = badges[: max(int(spare // (marks.BADGE + 4)), 0)]
        room.setRight(room.right() - len(badges) * (marks.BADGE + 4))
        token = "secondary" if self._model.is_empty(index) else "text"
        left = room.left() + self._paint_text(painter, room, text, ink, token, Qt.AlignmentFlag.AlignLeft) + 6
        quiet = self._theme.colour("secondary")
        for badge in badges:
            badge(painter, QRectF(left, rect.center().y() - marks.BADGE / 2, marks.BADGE, marks.BADGE), quiet)
            left += marks.BADGE + 4
        kind = str(index.sibling(index.row(), TYPE).data() or "") if self.types_behind_names else ""
        rest = QRectF(left + 2, rect.top(), rect.right() - left - 4, rect.height())
        if kind and rest.width() > MIN_TYPE:
            small = self._inked(font, "secondary")
            self._paint_text(painter, rest, kind, small, "secondary", Qt.AlignmentFlag.AlignLeft)

    def _paint_text(
        self, painter: QPainter, rect: QRectF, text: str, ink: Ink, token: str, side: Qt.AlignmentFlag
    ) -> float:
        """Draw, cut with an ellipsis when there is no room; the width used."""
        font, metrics = ink
        width = metrics.horizontalAdvance(text)
        if width > rect.width():
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
            width = metrics.horizontalAdvance(text)
        painter.setFont(font)
        painter.setPen(self._theme.colour(token))
        painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
        return width

    def _inked(self, font: QFont, role: Role) -> Ink:
        """The font of a role with its metrics; made once, for all rows."""
        if font != self._font:
            self._font, self._inks = QFont(font), {}
        if role not in self._inks:
            made = QFont(font)
            made.setWeight(QFont.Weight.DemiBold if role == "model" else QFont.Weight.Normal)
            if role == "secondary":
                made.setPixelSize(SECONDARY_PX)
            self._inks[role] = made, QFontMetricsF(made)
        return self._inks[role]


def _badges(found: Marks) -> list[Badge]:
    signs: tuple[tuple[Badge, bool], ...] = (
        (marks.paint_pin, found.pinned),
        (marks.paint_rule, found.ruled),
        (marks.paint_refused, found.refused),
        (marks.paint_tie, found.tied),
        (marks.paint_frozen, found.frozen),
    )
    return [sign for sign, wanted in signs if wanted]
