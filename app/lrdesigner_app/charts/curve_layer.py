"""All curves of a chart as one item: those at rest are kept as a picture, those that move are drawn in every frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from lrdesigner_app.charts.device_picture import DevicePicture
from lrdesigner_app.charts.stroke import Drawable


class CurveLayer(pg.GraphicsObject):  # type: ignore[misc]
    """Draws in the plane of a view, as far as it is in view. A frame costs one picture and what moves."""

    def __init__(self, view: Any) -> None:
        super().__init__()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._view = view
        self._resting: tuple[Drawable, ...] = ()
        self._moving: tuple[Drawable, ...] = ()
        self._told: object = None
        self.picture = DevicePicture()
        view.sigRangeChanged.connect(self._on_view_changed)
        view.sigResized.connect(self._on_view_changed)

    @property
    def moving(self) -> tuple[Drawable, ...]:
        """What is drawn in every frame."""
        return self._moving

    def show_curves(self, resting: Sequence[Drawable], moving: Sequence[Drawable]) -> None:
        """Draw these, the later the higher; all that move are above those at rest. Nothing happens if all is known."""
        self._resting, self._moving = tuple(resting), tuple(moving)
        told = _state(self._resting), _state(self._moving)
        if told != self._told:
            self._told = told
            self.update()

    def boundingRect(self) -> QRectF:
        """What is in view."""
        rect: QRectF = self._view.viewRect()
        return rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """The picture of what rests, and the rest."""
        if self._resting:
            self.picture.paint(painter, self.boundingRect(), _state(self._resting), self._paint_resting)
        for drawable in self._moving:
            drawable.paint(painter)

    def _paint_resting(self, painter: QPainter) -> None:
        for drawable in self._resting:
            drawable.paint(painter)

    def _on_view_changed(self) -> None:
        self.prepareGeometryChange()
        self.update()


def _state(drawables: tuple[Drawable, ...]) -> tuple[tuple[Drawable, int], ...]:
    return tuple((drawable, drawable.edition) for drawable in drawables)
