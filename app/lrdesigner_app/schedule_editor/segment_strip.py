"""The strip under the plot: the selected schedule's segments, each as wide as it lasts."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lrdesigner.schedules import Sequence, segment_starts, shape_of
from lrdesigner.tracks import track_of
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.theme import RADIUS
from lrdesigner_app.workspace import Workspace

HEIGHT = 26
GAP = 2


class SegmentStrip(QWidget):
    """Click or arrow keys select a segment, Delete removes it, + adds one after it, Alt+arrows move it.

    Enter goes into a segment that has parts, Esc out again.
    """

    def __init__(self, workspace: Workspace, selection: SegmentSelection) -> None:
        super().__init__()
        self._workspace = workspace
        self._selection = selection
        self._axis: tuple[float, float, int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Segments of the schedule")
        self.setToolTip(
            "Segments in order of time. + adds one after the selected, Delete removes it, Alt+←/→ moves it."
        )
        self.setMouseTracking(True)
        selection.changed.connect(self.update)
        workspace.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def align_with(self, first: float, last: float, left: int, right: int) -> None:
        """Show the steps from `first` to `last`, with `left` and `right` pixels free beside them."""
        if last > first:
            self._axis = (first, last, left, right)
            self.update()

    def segment_rects(self) -> list[QRectF]:
        """Where each segment is drawn; of no width where it lies outside of what is shown."""
        schedule = track_of(self._workspace.selected_group, self._workspace.selected_slot).schedule
        span = self._workspace.design.plan.span
        starts = segment_starts(schedule, span) if isinstance(schedule, Sequence) else [0, span.steps]
        starts = [min(start, span.steps) for start in starts[:-1]] + [span.steps]
        first, last, left, right = self._axis or (0.0, float(span.steps), 0, 0)
        end = self.width() - right
        per_step = (end - left) / (last - first)
        edges = [min(max(left + (start - first) * per_step, left), end) for start in starts]
        return [QRectF(x, 1, max(next_x - x - GAP, 0), self.height() - 2) for x, next_x in pairwise(edges)]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._workspace.theme
        selected = self._selection.index
        for index, (segment, rect) in enumerate(zip(self._selection.segments, self.segment_rects(), strict=True)):
            if rect.width() < 1:
                continue
            chosen = index == selected or self._selection.whole
            painter.setPen(QPen(theme.colour("accent" if chosen else "line"), 2 if chosen and self.hasFocus() else 1))
            painter.setBrush(theme.colour("selection" if chosen else "raised"))
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS - 2, RADIUS - 2)
            painter.setPen(theme.colour("text"))
            room = int(rect.width()) - 10
            title = QFontMetrics(painter.font()).elidedText(
                shape_of(segment.schedule).title, Qt.TextElideMode.ElideRight, room
            )
            if room > 12:
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, title)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event)
        if index is not None:
            self._selection.select(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._at(event)
        if index is not None:
            segment = self._selection.segments[index]
            title = shape_of(segment.schedule).title
            QToolTip.showText(event.globalPosition().toPoint(), f"{title} · {segment.length}", self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in moves and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._selection.move(moves[Qt.Key(event.key())])
        elif event.key() in moves:
            self._selection.select(self._selection.index + moves[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._selection.remove()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._selection.go_in()
        elif event.key() == Qt.Key.Key_Escape and self._selection.path:
            self._selection.go_out()
        elif event.text() == "+":
            self._selection.add_after()
        else:
            super().keyPressEvent(event)

    def _at(self, event: QMouseEvent) -> int | None:
        for index, rect in enumerate(self.segment_rects()):
            if rect.contains(event.position()):
                return index
        return None
