"""Keys that move the view of the plot, and what asks for its menu."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent

from lrdesigner_app.charts import ChartSurface
from lrdesigner_app.plot.plot_view import PlotView

_ZOOM = 1.25
_PAN, _PAN_FAR = 0.1, 0.5
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_NEARER = (Qt.Key.Key_Plus, Qt.Key.Key_Equal)
_FARTHER = (Qt.Key.Key_Minus, Qt.Key.Key_Underscore)
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_STILL_PX = 4


class ViewKeys(QObject):
    """`+`, `-` and the arrow keys of the plot, unless a handle has the keyboard; right click and the Menu key."""

    menu_requested = Signal(QPoint)
    """A point of the chart's viewport that a menu is wanted for: by the right button, while no other one is down."""
    menu_key_pressed = Signal()

    def __init__(self, chart: ChartSurface, plane: PlotView, parent: QObject) -> None:
        super().__init__(parent)
        self._chart, self._plane = chart, plane
        self._right: QPoint | None = None
        chart.installEventFilter(self)
        chart.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at what the chart gets first."""
        if isinstance(event, QContextMenuEvent):
            if event.reason() == QContextMenuEvent.Reason.Keyboard:
                self.menu_key_pressed.emit()
            event.accept()
            return True
        if isinstance(event, QMouseEvent) and watched is self._chart.viewport():
            self._watch_right_button(event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self._chart:
            return self._moves(event)
        return super().eventFilter(watched, event)

    def _moves(self, event: QKeyEvent) -> bool:
        """Whether a key has moved the view."""
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        if key in (*_NEARER, *_FARTHER) and not modifiers & _CTRL:
            self._plane.zoom_by(1 / _ZOOM if key in _NEARER else _ZOOM)
            return True
        if key not in _ARROWS or self._chart.scene().focusItem() is not None:
            return False
        share = _PAN_FAR if modifiers & _SHIFT else _PAN
        across, up = _ARROWS[key]
        if modifiers & _CTRL:  # as with the wheel: along an axis it zooms
            factor = 1 / _ZOOM if across + up > 0 else _ZOOM
            self._plane.zoom_by(factor, axis=0 if across else 1)
        else:
            self._plane.pan_by(across * share, up * share)
        return True

    def _watch_right_button(self, event: QMouseEvent) -> None:
        """A click alone asks for the menu: not what cancels a drag, and not a drag."""
        right = Qt.MouseButton.RightButton
        if event.type() == QEvent.Type.MouseButtonPress:
            alone = event.button() == right and event.buttons() == right
            self._right = event.position().toPoint() if alone else None
        elif event.type() == QEvent.Type.MouseButtonRelease and event.button() == right and self._right is not None:
            place, self._right = self._right, None
            if (event.position().toPoint() - place).manhattanLength() <= _STILL_PX:
                self.menu_requested.emit(place)
