"""The field that says how many variants run side by side."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from lrdesigner.trials.slots import slots_for
from lrdesigner_app.background import Background
from lrdesigner_app.trial.typed import whole_typed
from lrdesigner_app.widgets import LineEdit

_WIDTH_PX = 44
_MOST = 64
_TIP = (
    "How many run side by side, each in a process of its own; empty: one per GPU, or one. One alone is shown live on "
    "the Run page; several share the cores of a CPU"
)


class AtATime(LineEdit):
    """Empty it means what it shows in grey: one per GPU, which is found out meanwhile, or one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setFixedWidth(_WIDTH_PX)
        self.setAccessibleName("At a time")
        self.setToolTip(_TIP)
        self._default = 1
        self.setPlaceholderText("1")
        # The driver's program, which tells of the GPUs, may take its time.
        self._background = Background(self, lambda text: None)  # nothing can be wrong without a wish
        self._background.ask(lambda task: len(slots_for("auto")), self._take)

    @property
    def typed(self) -> int:
        """How many at a time; raises `UserError`."""
        text = self.text().strip()
        return whole_typed(text, "The number of runs at a time", 1, _MOST) if text else self._default

    def _take(self, number: int) -> None:
        self._default = number
        self.setPlaceholderText(str(number))
