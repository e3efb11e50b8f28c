"""The field that says how many variants run side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from lrdesigner.trials.slots import slots_for
from lrdesigner_app.mailbox import Mailbox
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
        self._mailbox: Mailbox[int] = Mailbox(self._take, self)
        self._mailbox.open()
        # The driver's program, which tells of the GPUs, may take its time.
        threading.Thread(target=_look, args=(self._mailbox.put,), name="GPUs", daemon=True).start()

    @property
    def typed(self) -> int:
        """How many at a time; raises `UserError`."""
        text = self.text().strip()
        return whole_typed(text, "The number of runs at a time", 1, _MOST) if text else self._default

    def _take(self, come: list[int]) -> None:
        self._mailbox.close()
        self._default = come[-1]
        self.setPlaceholderText(str(self._default))


def _look(tell: Callable[[int], None]) -> None:
    tell(len(slots_for("auto")))
