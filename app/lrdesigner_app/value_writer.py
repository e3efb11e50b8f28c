"""Writes a table of values piece by piece, so that the window stays alive and it can be cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

from PySide6.QtCore import QObject, QTimer

from lrdesigner.curve_table import csv_text, every_step_or_knots, track_table
from lrdesigner.document import Design
from lrdesigner.tracks import Slot
from lrdesigner_app.notice_bar import BusyBar

_SLICE_S = 0.02
_VALUES_AT_ONCE = 4000


class ValueWriter(QObject):
    """One table at a time; another one takes the place of what is still being written."""

    def __init__(self, busy: BusyBar, parent: QObject) -> None:
        super().__init__(parent)
        self._busy = busy
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)
        self._rows: Iterator[list[str]] = iter(())
        self._at_once = 1
        self._parts: list[str] = []
        self._give: Callable[[str], None] = lambda _: None

    @property
    def writing(self) -> bool:
        """Whether something is not done yet."""
        return self._timer.isActive()

    def begin(
        self, design: Design, slots: tuple[Slot, ...], shown: frozenset[int], give: Callable[[str], None]
    ) -> None:
        """Write the tracks of the groups that are shown, or their product, and give the text when it is done."""
        self.cancel()
        table = track_table(design, slots, every_step_or_knots(design, slots, shown), shown)
        self._at_once = max(_VALUES_AT_ONCE // (len(table.columns) + 2), 1)
        self._rows, self._parts, self._give = table.rows(), [csv_text([table.titles])], give
        self._busy.begin("Writing values", self.cancel)
        self._timer.start()

    def cancel(self) -> None:
        """Give nothing."""
        if self.writing:
            self._timer.stop()
            self._busy.end()

    def _go_on(self) -> None:
        until = time.monotonic() + _SLICE_S
        while time.monotonic() < until:
            rows = list(islice(self._rows, self._at_once))
            if not rows:
                self.cancel()
                self._give("".join(self._parts))
                return
            self._parts.append(csv_text(rows))
