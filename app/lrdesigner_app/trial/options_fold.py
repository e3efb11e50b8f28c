"""Options that are folded away at first, and scroll where there is no room for all of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_SCROLL_BAR_PX, _LEAST_PX = 14, 36


class OptionsFold(QScrollArea):
    """Holds one widget whose height follows from its width."""

    def __init__(self, options: QWidget, name: str) -> None:
        super().__init__()
        self._options = options
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(options)
        self.setAccessibleName(name)
        self.hide()

    def set_room(self, width: int, plenty: bool) -> None:
        """Whether there is room for all lines that the options have at this width; else they scroll."""
        high = self._options.heightForWidth(max(width - _SCROLL_BAR_PX, 100))
        self.setMaximumHeight(high)
        self.setMinimumHeight(high if plenty else min(high, _LEAST_PX))
