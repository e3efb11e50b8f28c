"""The text of the Code tab: its lines know their groups, changed ones flash."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCursor,
    QTextFormat,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip, QWidget

from lrdesigner.export.code_places import CodePlace
from lrdesigner_app.code_view.highlighter import PythonHighlighter
from lrdesigner_app.theme import Theme

MARGIN = 10
"""Pixels left of the text."""
FLASH_MS, FLASH_STEPS, FLASH_ALPHA = 900, 9, 70
_CLICK_PX = 4


class CodeText(QPlainTextEdit):
    """Read only. A click on a line, or Enter at the caret, asks for its group."""

    group_requested = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__(readOnly=True)
        self._theme = theme
        self._places: tuple[CodePlace, ...] = ()
        self._names: dict[int, str] = {}
        self._selected, self._colour = -1, QColor()
        self._lines: list[str] = []
        self.changed_lines: tuple[int, ...] = ()
        """Lines that the last refresh has changed."""
        self._fade = 0
        self._press = QPoint()
        self._highlighter = PythonHighlighter(self.document(), theme)
        self._margin = _Margin(self)
        self._timer = QTimer(self, interval=FLASH_MS // FLASH_STEPS)
        self._timer.timeout.connect(self._dim)
        self.setAccessibleName("Exported code")
        self.setFont(theme.mono_font())
        self.setStyleSheet("QPlainTextEdit { border: none; padding: 0; background: transparent; }")
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setViewportMargins(MARGIN, 0, 0, 0)
        self.updateRequest.connect(lambda *_: self._margin.update())
        theme.changed.connect(self._highlighter.rehighlight)

    def show_source(self, source: str, places: tuple[CodePlace, ...], names: dict[int, str]) -> None:
        """Another text: only lines that differ are replaced, and flash; what is in view stays in view."""
        self._places, self._names = places, names
        lines = source.split("\n")
        if lines != self._lines:
            before, self._lines = self._lines, lines
            self._highlighter.set_source(source)
            self.changed_lines = self._replace(before, lines)
            self._flash(bool(before) and before != [""] and source != "")
        self._margin.update()

    def show_group(self, group: int, colour: QColor) -> None:
        """Mark the lines of a group in its colour; go to the first of them if none is in view."""
        other = group != self._selected and self._selected >= 0  # not when the window opens
        self._selected, self._colour = group, colour
        self._margin.update()
        mine = [place for place in self._places if group in place.groups]
        if not (other and mine):
            return
        first, last = self._in_view()
        if not any(place.first <= last and place.last >= first for place in mine):
            self.verticalScrollBar().setValue(max(mine[0].first - 1, 0))

    def groups_at(self, line: int) -> tuple[int, ...]:
        """The groups that a line is about."""
        return next((place.groups for place in self._places if place.first <= line <= place.last), ())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        at = event.position().toPoint()
        clicked = event.button() == Qt.MouseButton.LeftButton and (at - self._press).manhattanLength() < _CLICK_PX
        if clicked and not self.textCursor().hasSelection():
            self._ask_for(self.cursorForPosition(at).blockNumber())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._ask_for(self.textCursor().blockNumber())
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            names = [self._names.get(g, "") for g in self.groups_at(self.cursorForPosition(event.pos()).blockNumber())]
            QToolTip.showText(event.globalPos(), ", ".join(filter(None, names)), self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self._margin.setGeometry(QRect(area.left(), area.top(), MARGIN - 4, area.height()))

    def paint_margin(self, painter: QPainter) -> None:
        """A bar beside the lines of the selected group, a thin one beside those that were changed last."""
        block, changed = self.firstVisibleBlock(), set(self.changed_lines)
        while block.isValid():
            box = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if box.top() > self.viewport().height():
                return
            top, height = round(box.top()), round(box.bottom()) - round(box.top())
            if self._selected in self.groups_at(block.blockNumber()):
                painter.fillRect(0, top, 3, height, self._colour)
            if block.blockNumber() in changed:
                painter.fillRect(4, top, 1, height, self._theme.colour("accent"))
            block = block.next()

    def _ask_for(self, line: int) -> None:
        groups = self.groups_at(line)
        if groups and self._selected not in groups:
            self.group_requested.emit(groups[0])

    def _in_view(self) -> tuple[int, int]:
        first = self.firstVisibleBlock().blockNumber()
        return first, first + max(self.viewport().height() // max(self.fontMetrics().height(), 1) - 1, 0)

    def _replace(self, before: Sequence[str], after: Sequence[str]) -> tuple[int, ...]:
        """Bring the document from some lines to others; gives those of the latter that are new or differ."""
        changes = [o for o in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if o[0] != "equal"]
        bar = self.verticalScrollBar()
        top = bar.value()
        shift = sum((j2 - j1) - (i2 - i1) for _, i1, i2, j1, j2 in changes if i2 <= top) if before else 0
        if len(before) <= 1 or sum(i2 - i1 for _, i1, i2, _, _ in changes) > len(before) // 2:
            self.setPlainText("\n".join(after))
        else:
            self._edit(changes, len(before), after)
        bar.setValue(top + shift)
        new = tuple(line for _, _, _, j1, j2 in changes for line in range(j1, j2))
        for line in new:  # while they were put in, lines before them still had other numbers
            self._highlighter.rehighlightBlock(self.document().findBlockByNumber(line))
        return new

    def _edit(self, changes: Sequence[tuple[str, int, int, int, int]], number: int, after: Sequence[str]) -> None:
        """From the last change to the first, so that the places of the others stay."""
        cursor, document = QTextCursor(self.document()), self.document()
        cursor.beginEditBlock()
        for _, i1, i2, j1, j2 in reversed(changes):
            text, end = "".join(f"{line}\n" for line in after[j1:j2]), document.characterCount() - 1
            start = document.findBlockByNumber(i1).position() if i1 < number else end
            if i2 < number:
                end = document.findBlockByNumber(i2).position()
            else:  # the last line has no newline behind it, so that before it goes
                start, text = start - (i1 < number), f"\n{text[:-1]}" if text else ""
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(text)
        cursor.endEditBlock()

    def _flash(self, wanted: bool) -> None:
        self._fade = FLASH_STEPS if wanted and self.changed_lines else 0
        if not wanted:
            self.changed_lines = ()
        self._paint_flash()
        if self._fade:
            self._timer.start()

    def _dim(self) -> None:
        self._fade -= 1
        if self._fade <= 0 or not self.isVisible():
            self._fade = 0
            self._timer.stop()
        self._paint_flash()

    def _paint_flash(self) -> None:
        colour = self._theme.colour("accent")
        colour.setAlpha(FLASH_ALPHA * self._fade // FLASH_STEPS)
        self.setExtraSelections([self._stripe(line, colour) for line in self.changed_lines] if self._fade else [])

    def _stripe(self, line: int, colour: QColor) -> QTextEdit.ExtraSelection:
        stripe = QTextEdit.ExtraSelection()
        stripe.format.setBackground(colour)
        stripe.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        stripe.cursor = QTextCursor(self.document().findBlockByNumber(line))
        return stripe


class _Margin(QWidget):
    """Left of the text."""

    def __init__(self, text: CodeText) -> None:
        super().__init__(text)
        self._text = text

    def sizeHint(self) -> QSize:
        return QSize(MARGIN, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._text.paint_margin(painter)
        painter.end()
