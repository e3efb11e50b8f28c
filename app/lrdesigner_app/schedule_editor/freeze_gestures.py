"""What a held mouse button does on the freeze lane: draws a stretch, moves it, or drags one of its edges."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from lrdesigner.document import Design, Group
from lrdesigner.freeze_edits import add_stretch, move_stretch, resize_stretch, stretch_of
from lrdesigner.handle_values import whole_step
from lrdesigner.segment_rows import rows_along
from lrdesigner.snap_lines import caught
from lrdesigner.tracks import Stretch
from lrdesigner_app.boundary_drag import REACH_PX
from lrdesigner_app.held_edit import HeldEdit
from lrdesigner_app.schedule_editor.freeze_layout import Grip
from lrdesigner_app.schedule_editor.strip_words import times_words
from lrdesigner_app.schedule_editor.time_scale import TimeScale
from lrdesigner_app.workspace import Workspace


class FreezeGesture(HeldEdit):
    """Previews while the pointer moves; one entry of the history at the end. Of a new stretch `index` is None."""

    def __init__(
        self, workspace: Workspace, scale: TimeScale, start: QPointF, held: tuple[int, Grip] | None = None
    ) -> None:
        super().__init__(workspace)
        self._scale, self._start = scale, start.x()
        self._group = workspace.selected_group
        self._lines = freeze_lines(workspace.store.committed, self._group)
        self.index: int | None = held[0] if held is not None else None
        self._grip: Grip = held[1] if held is not None else "end"

    @property
    def text(self) -> str:
        """The stretch as it is now."""
        freeze, plan = self._workspace.selected_group.freeze, self._workspace.design.plan
        index = len(self._group.freeze) if self.index is None else self.index
        if index >= len(freeze):
            return "not frozen"
        return stretch_text(stretch_of(freeze[index], plan), plan.steps_per_epoch)

    def move(self, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Where the pointer is now; Ctrl snaps, or does not."""
        ctrl = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        snap = self._workspace.display.look.snapping != ctrl
        if self.index is None:
            self._draw(self._stop(self._scale.step(self._start), snap), self._stop(self._scale.step(to.x()), snap))
            return
        by = (to.x() - self._start) / self._scale.per_step
        start, end = stretch_of(self._group.freeze[self.index], self._workspace.design.plan)
        if self._grip == "body":
            self._show(move_stretch, self.index, self._moved(start, end, by, snap))
        else:
            edge = start if self._grip == "start" else end
            self._show(resize_stretch, self.index, self._grip, self._stop(edge + by, snap and bool(round(by))))

    def _draw(self, first: int, last: int) -> None:
        if first == last:
            self.cancel()
        else:
            self._show(add_stretch, first, last)

    def _moved(self, start: int, end: int, by: float, snap: bool) -> int:
        """Where it would begin; when it snaps, its start or its end, whichever is nearer to a line, lies on that."""
        ways = [
            line - edge for edge in (start, end) if snap and round(by) and (line := self._caught(edge + by)) is not None
        ]
        return start + min(ways, key=lambda way: abs(way - by), default=round(by))

    def _stop(self, step: float, snap: bool) -> int:
        line = self._caught(step) if snap else None
        return line if line is not None else whole_step(step, self._workspace.store.committed.plan.total_steps)

    def _caught(self, step: float) -> int | None:
        playhead, reach = self._workspace.display.look.playhead, REACH_PX / self._scale.per_step
        return caught(self._workspace.store.committed, step, self._lines, playhead, reach)

    def _show(self, edit: Callable[..., Design], *arguments: object) -> None:
        self._preview(freezing_label(self._group), edit, self._group.id, *arguments)


def freezing_label(group: Group) -> str:
    """What the history calls a change of the stretches."""
    return f"Freezing of {group.name}"


def freeze_lines(design: Design, group: Group) -> tuple[int, ...]:
    """Steps that an edge catches on beside the epochs: boundaries of the learning rate, edges of other groups."""
    row = rows_along(group, "lr", (), design.plan)[0]
    others = [stretch_of(part, design.plan) for other in design.groups if other.id != group.id for part in other.freeze]
    return (*(start for start in row.starts if start <= design.plan.total_steps), *(s for pair in others for s in pair))


def stretch_text(stretch: Stretch, steps_per_epoch: int) -> str:
    """What stands beside the pointer: "frozen · epoch 1 to 3 · step 45 to 135"."""
    return f"frozen · {times_words(*stretch, steps_per_epoch)}"
