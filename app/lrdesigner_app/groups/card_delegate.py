"""Draws one card and places the editor of its name."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lrdesigner.document import LONGEST_NAME
from lrdesigner_app.groups.card_signs import SIGNS_WIDTH, Sign, SignLook, sign_at, sign_look, sign_rect
from lrdesigner_app.groups.cards_model import CardsModel
from lrdesigner_app.icons import paint_icon
from lrdesigner_app.painted_text import paint_text
from lrdesigner_app.theme import BASE_PX, SECONDARY_PX, Theme
from lrdesigner_app.workspace import KEYS

CARD_HEIGHT, CARD_GAP = 30, 6
SWATCH, PADDING, KEY_WIDTH = 10, 12, 16
_GREYED = 0.4

Index = QModelIndex | QPersistentModelIndex


class CardDelegate(QStyledItemDelegate):
    """A card: square, bold name, amount and lr, key; an eye and a lock where they are set or the pointer is."""

    def __init__(self, theme: Theme, model: CardsModel, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model
        self.drop_row = -1
        """The card under a drag; the view keeps it."""
        self.refused_row = -1
        """The card under a drag that takes nothing of it."""
        self.pointed: tuple[int, Sign | None] = (-1, None)
        """The card under the pointer, and the sign on it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, CARD_HEIGHT + CARD_GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = card_rect(option)
        painter.setOpacity(_GREYED if index.row() == self.refused_row else 1.0)
        self._paint_frame(painter, card, option.state, index.row() == self.drop_row)
        square = QRectF(card.left() + PADDING, card.center().y() - SWATCH / 2, SWATCH, SWATCH)
        self._paint_square(painter, square, index)
        inner = card.adjusted(2 * PADDING + SWATCH - 2, 0, -PADDING, 0)
        if index.row() < KEYS:
            self._paint(painter, inner, str(index.row() + 1), _small(option.font), "secondary", right=True)
        inner.setRight(inner.right() - KEY_WIDTH)
        if self._paint_signs(painter, inner, index):
            inner.setRight(inner.right() - SIGNS_WIDTH - 8)
        self._paint_texts(painter, inner, option.font, index)
        painter.restore()

    def sign_at(self, card: QRectF, point: QPointF) -> Sign | None:
        """The sign of a card under a point."""
        return sign_at(point, card.right() - PADDING - KEY_WIDTH, card.center().y())

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setObjectName("card_name")
        editor.setMaxLength(LONGEST_NAME)
        editor.setAccessibleName("Name of the group")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        card = card_rect(option)
        left = 2 * PADDING + SWATCH - 2 - 7
        editor.setGeometry(card.adjusted(left, 3, -PADDING - KEY_WIDTH, -3).toRect())

    def _paint_frame(self, painter: QPainter, card: QRectF, state: QStyle.StateFlag, dropping: bool) -> None:
        selected = bool(state & QStyle.StateFlag.State_Selected)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        fill = "selection" if selected or dropping else "hover" if hovered else "raised"
        width = 2.0 if dropping or (selected and focused) else 1.0
        painter.setPen(QPen(self._theme.colour("accent" if selected or dropping else "line"), width))
        painter.setBrush(self._theme.colour(fill))
        painter.drawRoundedRect(card.adjusted(width / 2, width / 2, -width / 2, -width / 2), 5, 5)

    def _paint_square(self, painter: QPainter, square: QRectF, index: Index) -> None:
        """The group's colour; only its outline where the curve is not shown."""
        group = self._model.group(index)
        colour, shown = self._theme.group_colour(group.colour), self._model.look.shows(group.id)
        painter.setPen(Qt.PenStyle.NoPen if shown else QPen(colour, 1.5))
        painter.setBrush(colour if shown else Qt.BrushStyle.NoBrush)
        inset = 0.0 if shown else 0.75
        painter.drawRoundedRect(square.adjusted(inset, inset, -inset, -inset), 2.5, 2.5)

    def _paint_signs(self, painter: QPainter, inner: QRectF, index: Index) -> bool:
        """Those that are set; all of the card under the pointer. True when there was one to paint."""
        group, look = self._model.group(index).id, self._model.look
        row, under = self.pointed
        signs: tuple[Sign, ...] = ("eye", "lock")
        shown: list[tuple[Sign, SignLook]] = [(sign, sign_look(sign, look, group)) for sign in signs]
        shown = [(sign, found) for sign, found in shown if found.lasting or row == index.row()]
        for sign, found in shown:
            token = "accent" if found.accent else "text" if (row, under) == (index.row(), sign) else "secondary"
            rect = sign_rect(sign, inner.right(), inner.center().y())
            paint_icon(painter, rect, found.icon, self._theme.colour(token))
        return bool(shown)

    def _paint_texts(self, painter: QPainter, rect: QRectF, font: QFont, index: Index) -> None:
        name, bold, small = self._model.group(index).name, _bold(font), _small(font)
        name_width = QFontMetricsF(bold).horizontalAdvance(name)
        rest = self._model.takes_the_rest(index)
        mark_width = QFontMetricsF(small).horizontalAdvance("rest") + 18 if rest else 0.0
        room = rect.width() - min(name_width, rect.width() / 2) - mark_width - 8
        details = (self._model.detail(index), self._model.rate_words(index), self._model.amount(index), "")
        detail = next(d for d in details if QFontMetricsF(small).horizontalAdvance(d) <= room or not d)
        used = self._paint(painter, rect, detail, small, "secondary", right=True)
        left = rect.adjusted(0, 0, -used - mark_width - 8, 0)
        drawn = self._paint(painter, left, name, bold, "text")
        if rest:
            self._paint_mark(painter, QRectF(left.left() + drawn + 8, rect.top(), mark_width - 8, rect.height()), small)

    def _paint_mark(self, painter: QPainter, rect: QRectF, font: QFont) -> None:
        """The remainder's mark, so that the card that takes the rest is known without its tooltip."""
        frame = QRectF(rect.left(), rect.center().y() - 8.5, rect.width(), 17)
        outline = self._theme.colour("secondary")
        outline.setAlphaF(0.4)
        painter.setPen(QPen(outline, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 8.5, 8.5)
        painter.setFont(font)
        painter.setPen(self._theme.colour("secondary"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, "rest")

    def _paint(self, painter: QPainter, rect: QRectF, text: str, font: QFont, token: str, right: bool = False) -> float:
        return paint_text(painter, rect, text, font, self._theme.colour(token), right)


def card_rect(option: QStyleOptionViewItem) -> QRectF:
    """The card inside its row; the gap to the next belongs to the row, so that no drop falls between."""
    return QRectF(option.rect).adjusted(0, 0, 0, -CARD_GAP)


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setPixelSize(BASE_PX)
    made.setWeight(QFont.Weight.DemiBold)
    return made


def _small(font: QFont) -> QFont:
    made = QFont(font)
    made.setPixelSize(SECONDARY_PX)
    return made
