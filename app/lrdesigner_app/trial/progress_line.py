"""How far something is that takes a while: a thin bar, and beside it in words what is done and the time left."""

from __future__ import annotations

from time import monotonic

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from lrdesigner_app.theme import GRID
from lrdesigner_app.trial.words import duration
from lrdesigner_app.widgets import label

_PARTS = 1000
_SURE_S, _SURE_SHARE = 1.0, 0.02
"""Before so much time and so large a share the time left would be a guess."""


class ProgressLine(QWidget):
    """Seen from `begin` to `end`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._began = 0.0
        self.bar = QProgressBar()
        self.bar.setObjectName("thin")
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(name)
        self.words = label("", "secondary")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.bar, 1)
        row.addWidget(self.words)
        self.hide()

    def begin(self, text: str = "") -> None:
        """It starts now, and how long it is, is not known yet."""
        self._began = monotonic()
        self.bar.setRange(0, 0)
        self.words.setText(text)
        self.show()

    def show_share(self, share: float, text: str) -> None:
        """So much of it is done since `begin`, 0 to 1, in these words."""
        self.bar.setRange(0, _PARTS)
        self.bar.setValue(round(_PARTS * share))
        passed = monotonic() - self._began
        sure = passed > _SURE_S and share > _SURE_SHARE
        left = f"{duration(passed * (1 - share) / share)} left" if sure else ""
        self.words.setText(" · ".join(filter(None, (text, left))))

    def end(self) -> None:
        """It is over."""
        self.hide()
