"""A box drawn on empty ground selects the keys inside of it; Esc and a click beside everything select none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from lrdesigner.schedule_edits import Path
from lrdesigner.tracks import Slot
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.plot.seen_keys import key_curves, pixel_of, taken_points
from lrdesigner_app.workspace import Workspace

_OPACITY = 0.14
_ABOVE_CURVES = 90


@dataclass(frozen=True, slots=True)
class _Curve:
    """One curve's keys in pixels of the view, in order of time."""

    path: Path
    pixels: tuple[tuple[int, QPointF], ...]

    def inside(self, box: QRectF) -> tuple[int, ...]:
        return tuple(index for index, pixel in self.pixels if box.contains(pixel))


class BoxSelect(QObject):
    """Takes left drags of the plane where the shown track has keys. `busy` tells whether something else is held."""

    changed = Signal()
    """A box is being drawn, or no longer."""

    def __init__(self, workspace: Workspace, chart: ChartSurface, busy: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._chart, self._busy = workspace, chart, busy
        self._slot: Slot | None = None
        self._map = AxisMap()
        self._curves: tuple[_Curve, ...] = ()
        self._before: tuple[int, ...] = ()
        self._of: tuple[object, ...] = ()
        self._modifiers = Qt.KeyboardModifier.NoModifier
        self._drawing = False
        self.item = QGraphicsRectItem(chart.view)
        self.item.setZValue(_ABOVE_CURVES)
        self.item.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.item.hide()
        chart.installEventFilter(self)
        chart.viewport().installEventFilter(self)
        for signal in (workspace.signals.selected_group_changed, workspace.signals.selected_slot_changed):
            signal.connect(self.cancel)
        workspace.signals.design_changed.connect(self.cancel)

    @property
    def drawing(self) -> bool:
        """Whether a box is being drawn."""
        return self._drawing

    def show(self, slot: Slot | None, axis_map: AxisMap) -> None:
        """Which track is shown, and how."""
        self._slot, self._map = slot, axis_map

    def take(self, event: Any) -> bool:
        """A `lrdesigner_app.plot.plot_view.Taker`: of a drag that it has taken, also what comes after a cancel."""
        if event.isStart() and not self._begin(event):
            return False
        if self._drawing:
            self._draw(event)
            if event.isFinish():
                self._finish()
        return True

    def click(self, event: Any, on_curve: bool) -> None:
        """A click beside everything selects no keys."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier and event.button() == Qt.MouseButton.LeftButton
        if plain and not on_curve and not event.isAccepted():
            self._workspace.keys.clear()

    def cancel(self, *_: object) -> None:
        """Select what was selected before; the rest of the drag means nothing."""
        if self._drawing:
            self._end()
            if self._owner() == self._of:
                self._workspace.keys.select(self._before)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc, the right button and lost focus cancel; Esc while nothing is held selects no keys."""
        if event.type() == QEvent.Type.ShortcutOverride and (self._drawing or self._busy()):
            event.accept()  # while something is held no key means what it does otherwise
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() != Qt.Key.Key_Escape:
                return False
            if self._drawing:
                self.cancel()
                return True
            if self._workspace.keys.indices and not self._busy():
                self._workspace.keys.clear()
                return True
        elif self._drawing and watched is self._chart and event.type() == QEvent.Type.FocusOut:
            self.cancel()
        elif self._drawing and isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            self.cancel()
            return True
        return False

    def _owner(self) -> tuple[object, ...]:
        return (*self._workspace.segments.place, self._workspace.keys.path)

    def _begin(self, event: Any) -> bool:
        curves = []
        for keys in key_curves(self._workspace, self._slot):
            points = taken_points(self._workspace, keys)
            pixels = [(point.index, pixel_of(point, self._map, self._chart)) for point in points]
            found = tuple((index, pixel) for index, pixel in pixels if pixel is not None)
            if found:
                curves.append(_Curve(keys.path, found))
        if not curves:
            return False
        self._curves = tuple(curves)
        self._of, self._before = self._owner(), self._workspace.keys.indices
        self._modifiers, self._drawing = event.modifiers(), True
        accent = self._workspace.theme.colour("accent")
        fill = QColor(accent)
        fill.setAlphaF(_OPACITY)
        self.item.setPen(QPen(accent, 1))
        self.item.setBrush(fill)
        self.item.show()
        self.changed.emit()
        return True

    def _end(self) -> None:
        self._drawing = False
        self.item.hide()
        self.changed.emit()

    def _draw(self, event: Any) -> None:
        """Select as it is drawn, of the edited curve; that of another one only when the box is done."""
        view = self._chart.view
        corner, now = view.mapFromScene(event.buttonDownScenePos()), view.mapFromScene(event.scenePos())
        self.item.setRect(QRectF(corner, now).normalized())
        keys = self._workspace.keys
        edited = next((curve for curve in self._curves if curve.path == keys.path), None)
        if keys.node is not None and edited is not None:
            keys.select(self._selection(edited))

    def _finish(self) -> None:
        """Of several curves, the edited one counts; another one where only that has keys inside."""
        self._end()
        box = self.item.rect()
        hit = next((curve for curve in self._curves if curve.inside(box)), None)
        keys = self._workspace.keys
        if hit is not None and (hit.path != keys.path or keys.node is None):
            keys.select_in(hit.path, hit.inside(box))

    def _selection(self, curve: _Curve) -> tuple[int, ...]:
        inside = curve.inside(self.item.rect())
        if self._modifiers & Qt.KeyboardModifier.ShiftModifier:
            return (*self._before, *inside)
        if self._modifiers & Qt.KeyboardModifier.ControlModifier:
            kept = tuple(index for index in self._before if index not in inside)
            return (*kept, *(index for index in inside if index not in self._before))
        return inside
