"""One drag of the boundary between two segments, in the plot or in the strip: previews, then one commit or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt

from lrdesigner.handle_values import next_line, whole_step
from lrdesigner.schedule_edits import Path
from lrdesigner.schedules.boundaries import boundary_title
from lrdesigner.segment_edits import move_boundary
from lrdesigner.segment_rows import PlacedRow, rows_along
from lrdesigner.snap_lines import caught, corners_beside
from lrdesigner_app.held_edit import HeldEdit
from lrdesigner_app.held_keys import FINE, how_of
from lrdesigner_app.workspace import Workspace

REACH_PX = 8.0
"""How near a line must be to be caught."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The boundaries of a row at one step: `first` and `last` are the segments before them, of empty ones several."""

    path: Path
    first: int
    last: int
    step: int
    text: str


def boundaries_of(row: PlacedRow, steps_per_epoch: int) -> list[Boundaries]:
    """Those of a row that can be moved, in order of time."""
    found: list[Boundaries] = []
    for index, step in row.boundaries():
        first = found.pop().first if found and found[-1].step == step else index
        text = boundary_text(boundary_title(row.node, index), step, steps_per_epoch)
        found.append(Boundaries(row.path, first, index, step, text))
    return found


def boundary_text(title: str, step: int, steps_per_epoch: int) -> str:
    """What stands beside the pointer: "warm-up ends · epoch 2 · step 90"."""
    return f"{title} · epoch {step / steps_per_epoch:,.4g} · step {step:,}"


class BoundaryDrag(HeldEdit):
    """Follows the pointer by its movements in steps. Over empty segments, the first movement tells which one grows."""

    def __init__(self, workspace: Workspace, held: Boundaries, steps_per_pixel: float) -> None:
        super().__init__(workspace)
        self._held, self._reach = held, REACH_PX * steps_per_pixel
        self._group, self._slot = workspace.selected_group, workspace.selected_slot
        self._step = float(held.step)
        self._index: int | None = held.first if held.first == held.last else None
        self._lines = corners_beside(workspace.store.committed, self._group.id, self._slot)

    @property
    def place(self) -> tuple[Path, int]:
        """Path of the row and the segment before the boundary that is held."""
        return self._held.path, self._held.last if self._index is None else self._index

    @property
    def now(self) -> Boundaries | None:
        """The boundary as it is shown now; None where it is gone."""
        design, (path, index) = self._workspace.design, self.place
        rows = rows_along(design.group(self._group.id), self._slot, path, design.plan)
        found = boundaries_of(rows[-1], design.plan.steps_per_epoch) if rows[-1].path == path else []
        return next((b for b in found if b.first <= index <= b.last), None)

    def move(self, by: float, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer moved by so many steps: show what it now means. Ctrl snaps, or not; Alt rolls; both fine."""
        look, design = self._workspace.display.look, self._workspace.store.committed
        how = how_of(modifiers, look.snapping)
        self._step += by * (FINE if how.fine else 1.0)
        if self._index is None:
            if not by:
                return
            self._index = self._held.last if by > 0 else self._held.first
        step = whole_step(self._step, design.plan.total_steps)
        if how.snapping and step != self._held.step:
            line = caught(design, self._step, self._lines, look.playhead, self._reach)
            step = step if line is None else line
        path, index = self.place
        label = length_label(index, self._group.name)
        self._preview(label, move_boundary, self._group.id, self._slot, path, index, step, how.other)


def length_label(index: int, group: str) -> str:
    """What the history calls it."""
    return f"Length of segment {index + 1} of {group}"


def nudge_boundary(workspace: Workspace, held: Boundaries, direction: int, modifiers: Qt.KeyboardModifier) -> None:
    """One press of an arrow key: a step, with Ctrl to the next epoch; with Alt the next segment keeps its end."""
    group, slot, plan = workspace.selected_group, workspace.selected_slot, workspace.design.plan
    step = held.step + direction
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        step = next_line(held.step, direction, plan.total_steps, plan.steps_per_epoch, ())
    index = held.last if direction > 0 else held.first
    roll = bool(modifiers & Qt.KeyboardModifier.AltModifier)
    label = length_label(index, group.name)
    workspace.commit(label, move_boundary, group.id, slot, held.path, index, step, roll)
