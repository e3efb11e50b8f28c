"""Bars that float over the window's bottom edge, so that their coming and going moves nothing else."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner_app.theme import GRID

WIDEST = 640
_STIRRING = (QEvent.Type.ShowToParent, QEvent.Type.HideToParent, QEvent.Type.LayoutRequest)


class Overlay(QWidget):
    """Holds bars one over the other, centred at the bottom of `ground`; is there only while one of them is."""

    def __init__(self, ground: QWidget, *bars: QWidget) -> None:
        super().__init__(ground)
        self._ground, self._bars = ground, bars
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for bar in bars:
            column.addWidget(bar)
            bar.installEventFilter(self)
        ground.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        stirred = event.type() == QEvent.Type.Resize if watched is self._ground else event.type() in _STIRRING
        if stirred:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.setVisible(any(not bar.isHidden() for bar in self._bars))
        width = min(WIDEST, self._ground.width() - 4 * GRID)
        layout = self.layout()
        assert layout is not None
        height = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
        left = (self._ground.width() - width) // 2
        self.setGeometry(left, self._ground.height() - height - 2 * GRID, width, height)
        self.raise_()
