"""The strip over the plot on which the playhead is moved."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from lrdesigner.document import Plan
from lrdesigner_app.workspace import Workspace

HEIGHT = 16
_TRACK, _MARKER = 6.0, 6.0
_REACH = 7.0
_LEAST_GAP = 7.0
_CLICK_PX = 3.0
_TIP = """Press or drag to mark a step and see every value there (M in the plot).
←/→ move it by a step, with Ctrl by an epoch; Home and End; Esc or a click on the marker takes it away."""
_KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)


class ScrubStrip(QWidget):
    """Shows the marked step over the plot's time axis; a press or drag marks another one at once."""

    stepped = Signal(int)
    """A key has moved the playhead there."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._axis = (0.0, 1.0, 0, 0)
        self._press: float | None = None
        self._on_marker = False
        self._before: int | None = None
        self._hovered: float | None = None
        self._drawn: tuple[int | None, Plan | None] = None, None
        self.setAccessibleName("Playhead")
        self.setToolTip(_TIP)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        workspace.theme.changed.connect(self.update)
        workspace.display.changed.connect(self._on_look_changed)
        workspace.signals.design_changed.connect(self._on_look_changed)
        self._on_look_changed()

    @property
    def playhead(self) -> int | None:
        """The step that is marked."""
        return self._workspace.display.look.playhead

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def align_with(self, first: float, last: float, left: int, right: int) -> None:
        """Show the steps from `first` to `last`, with `left` and `right` pixels free beside them."""
        if last > first and self._axis != (first, last, left, right):
            self._axis = (first, last, left, right)
            self.update()

    def x_of(self, step: float) -> float:
        """The pixel of a step."""
        first, last, left, _ = self._axis
        return left + (step - first) / (last - first) * self._length

    def step_at(self, x: float) -> int:
        """The step of the run nearest to a pixel."""
        first, last, left, _ = self._axis
        step = math.floor(first + (x - left) / self._length * (last - first) + 0.5)
        return min(max(step, 0), self._steps)

    @property
    def _length(self) -> float:
        return float(max(self.width() - self._axis[2] - self._axis[3], 1))

    @property
    def _steps(self) -> int:
        return self._workspace.design.plan.total_steps

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._press is not None:  # another button restores
            self._restore()
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        self._press, self._before = x, self.playhead
        self._on_marker = self._before is not None and abs(self.x_of(self._before) - x) <= _REACH
        if not self._on_marker:
            self._mark(self.step_at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._press is not None and event.buttons() & Qt.MouseButton.LeftButton:
            if self._on_marker and abs(x - self._press) < _CLICK_PX:
                return
            self._on_marker = False
            self._mark(self.step_at(x))
        self._hover(x)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._press is not None and self._on_marker:
            self._mark(None)
        self._press = None

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def event(self, event: QEvent) -> bool:
        """Home is the strip's own key here, and Esc is while there is something to take away."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self._press is not None:
            self._restore()
        elif key == Qt.Key.Key_Escape and self.playhead is not None:
            self._mark(None)
        elif key in _KEYS:
            self._step(key, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        else:
            super().keyPressEvent(event)

    def _step(self, key: Qt.Key, by_epoch: bool) -> None:
        first_in_view = min(max(math.ceil(self._axis[0]), 0), self._steps)
        now = self.playhead
        if key == Qt.Key.Key_Home:
            step = 0
        elif key == Qt.Key.Key_End:
            step = self._steps
        elif now is None:
            step = first_in_view
        else:
            step = self._next(now, 1 if key == Qt.Key.Key_Right else -1, by_epoch)
        self._mark(step)
        self.stepped.emit(step)

    def _next(self, now: int, direction: int, by_epoch: bool) -> int:
        """The neighbouring step, or the next begin of an epoch."""
        per_epoch = self._workspace.design.plan.steps_per_epoch
        if not by_epoch:
            step = now + direction
        elif direction > 0:
            step = (now // per_epoch + 1) * per_epoch
        else:
            step = (now - 1) // per_epoch * per_epoch
        return min(max(step, 0), self._steps)

    def _mark(self, step: int | None) -> None:
        self._workspace.display.set_playhead(step)

    def _restore(self) -> None:
        self._press = None
        self._mark(self._before)

    def _hover(self, x: float | None) -> None:
        self._hovered = x
        near = x is not None and self.playhead is not None and abs(self.x_of(self.playhead) - x) <= _REACH
        self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)
        self.update()

    def _on_look_changed(self, *_: object) -> None:
        step, plan = self.playhead, self._workspace.design.plan
        said = "No step is marked." if step is None else f"Step {step:,}, epoch {step / plan.steps_per_epoch:,.4g}."
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)
        if (step, plan) != self._drawn:
            self._drawn = step, plan
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._workspace.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, middle = float(self._axis[2]), HEIGHT / 2
        painter.setClipRect(QRectF(left - _REACH, 0, self._length + 2 * _REACH, HEIGHT))
        low, high = max(self.x_of(0), left), min(self.x_of(self._steps), left + self._length)
        if high > low:
            track = QRectF(low, middle - _TRACK / 2, high - low, _TRACK)
            painter.setPen(QPen(theme.colour("accent"), 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("hover"))
            painter.drawRoundedRect(track, _TRACK / 2, _TRACK / 2)
            self._paint_epochs(painter, low, high)
        if self._hovered is not None and self._press is None:
            colour = theme.colour("secondary")
            colour.setAlphaF(0.45)
            self._paint_marker(painter, self.x_of(self.step_at(self._hovered)), colour)
        if self.playhead is not None:
            self._paint_marker(painter, self.x_of(self.playhead), theme.colour("accent"))
        painter.end()

    def _paint_epochs(self, painter: QPainter, low: float, high: float) -> None:
        """Little lines where epochs begin, as many as there is room for."""
        per_epoch = self._workspace.design.plan.steps_per_epoch
        gap = self.x_of(per_epoch) - self.x_of(0)
        every = 1 if gap >= _LEAST_GAP else 10 ** math.ceil(math.log10(_LEAST_GAP / gap))
        first = max(math.ceil(self._axis[0] / (per_epoch * every)), 1)
        painter.setPen(QPen(self._workspace.theme.colour("line"), 1))
        for number in range(first, first + int((high - low) / (gap * every)) + 2):
            x = self.x_of(number * every * per_epoch)
            if low < x < high - 1:
                painter.drawLine(QPointF(x, HEIGHT / 2 - 2), QPointF(x, HEIGHT / 2 + 2))

    def _paint_marker(self, painter: QPainter, x: float, colour: QColor) -> None:
        """A tag whose tip stands on the step."""
        top, bottom = 1.0, float(HEIGHT - 1)
        shape = [(-1.0, top), (1.0, top), (1.0, bottom - _MARKER), (0.0, bottom), (-1.0, bottom - _MARKER)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(x + side * (_MARKER - 1), y) for side, y in shape]))
