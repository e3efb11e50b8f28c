"""Options that are folded away at first, and scroll where there is no room for all of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_SCROLL_BAR_PX, _LEAST_PX = 14, 36


class OptionsFold(QScrollArea):
    """Holds one widget whose height follows from its width."""

    def __init__(self, options: QWidget, name: str) -> None:
        super().__init__()
        self._options, self._plenty = options, True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(options)
        self.setAccessibleName(name)
        self.hide()

    def set_room(self, plenty: bool) -> None:
        """Whether there is room for all lines of the options; else they scroll."""
        self._plenty = plenty
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as the lines are at this width."""
        high = self._options.heightForWidth(max(self.width() - _SCROLL_BAR_PX, 100))
        self.setMaximumHeight(high)
        self.setMinimumHeight(high if self._plenty else min(high, _LEAST_PX))
