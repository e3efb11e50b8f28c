"""What a held mouse button does on the strip: drags a boundary, or puts a segment at another place."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, Qt

from lrdesigner.schedules import shape_of
from lrdesigner_app.boundary_drag import Boundaries, BoundaryDrag
from lrdesigner_app.schedule_editor.strip_layout import Cell, gap_at
from lrdesigner_app.schedule_editor.time_scale import TimeScale
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.workspace import Workspace


class Gesture(Protocol):
    """From the first movement to letting go; nothing is kept before `finish`."""

    @property
    def applying(self) -> bool:
        """Whether a change of the design that is told now is its own doing."""

    @property
    def text(self) -> str:
        """What it has come to."""

    def move(self, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer is elsewhere, or other modifier keys are held."""

    def finish(self) -> None:
        """Keep it."""

    def cancel(self) -> None:
        """As if nothing had been."""


class EdgeGesture:
    """A boundary follows the pointer."""

    def __init__(self, workspace: Workspace, edge: Boundaries, scale: TimeScale, start: QPointF) -> None:
        self._drag = BoundaryDrag(workspace, edge, 1 / scale.per_step)
        self._scale, self._last = scale, start.x()

    @property
    def applying(self) -> bool:
        return self._drag.applying

    @property
    def text(self) -> str:
        now = self._drag.now
        return now.text if now is not None else ""

    @property
    def edge(self) -> Boundaries | None:
        """The boundary as it is now."""
        return self._drag.now

    def move(self, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        by, self._last = (to.x() - self._last) / self._scale.per_step, to.x()
        self._drag.move(by, modifiers)

    def finish(self) -> None:
        self._drag.finish()

    def cancel(self) -> None:
        self._drag.cancel()


class ReorderGesture:
    """A segment is carried to another place of its row; a mark shows where it would go."""

    applying = False

    def __init__(self, selection: SegmentSelection, cells: list[Cell], index: int) -> None:
        self._selection, self._cells, self.index = selection, cells, index
        self._gap = index
        self._title = shape_of(selection.row.segments[index].schedule).title

    @property
    def gap(self) -> int | None:
        """Before which segment it would go; None where it stays."""
        return None if self._by == 0 else self._gap

    @property
    def text(self) -> str:
        return f"{self._title} · place {self.index + self._by + 1} of {len(self._cells)}"

    def move(self, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._gap = gap_at(self._cells, to.x())

    def finish(self) -> None:
        self._selection.move_in_row(self.index, self._by)

    def cancel(self) -> None:
        self._gap = self.index

    @property
    def _by(self) -> int:
        return self._gap - self.index - (1 if self._gap > self.index else 0)
