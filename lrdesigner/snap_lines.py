"""What a boundary that is being dragged may catch on, beside the lines of the epochs."""

from __future__ import annotations

import numpy as np

from lrdesigner.curves import breakpoints
from lrdesigner.document import Design
from lrdesigner.handle_values import nearest_line
from lrdesigner.tracks import Slot, moves, slots_of, track_of


def corners_beside(design: Design, group: int, slot: Slot) -> tuple[int, ...]:
    """Corners of the group's other tracks, and of the same track of other groups; the first of those in a row."""
    tracks = [
        track_of(other, kind)
        for other in design.groups
        for kind in slots_of(other)
        if moves(other, kind) and ((other.id == group) != (kind == slot))
    ]
    if not tracks:
        return ()
    found = np.unique(np.concatenate([breakpoints(track, design.plan) for track in tracks]))
    return tuple(int(step) for step in found[np.diff(found, prepend=-2) > 1])


def caught(design: Design, step: float, lines: tuple[int, ...], playhead: int | None, reach: float) -> int | None:
    """The epoch, end of the run, playhead or line nearest to a step; None where none is within so many steps."""
    marked = () if playhead is None else (playhead,)
    found = nearest_line(step, design.plan.total_steps, design.plan.steps_per_epoch, (*lines, *marked))
    return found if abs(found - step) <= reach else None
