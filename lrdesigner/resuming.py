"""Where a verification resumes a run: in the middle, and over what is easily lost, a turn of freezing or a metric."""

from __future__ import annotations

from lrdesigner.document import Design
from lrdesigner.export.freezing import freeze_steps
from lrdesigner.param_groups import param_groups, steering
from lrdesigner.schedules.formulas import steps_of

STEPS_AFTER = 10
"""Steps that a resumed run is compared for."""
_STEPS_TO_TURN = 3
"""Steps between a checkpoint and the turn that it is made for."""


def resumes(design: Design) -> tuple[tuple[int, int], ...]:
    """The step of each checkpoint, and the one to which the run is compared from there; in order, without overlap."""
    total = design.plan.total_steps
    middle = total // 2
    turns = [near for near in (_nearest(freeze_steps(design), middle), _evaluation(design, middle)) if near is not None]
    found: list[tuple[int, int]] = []
    for at in (*(max(turn - _STEPS_TO_TURN, 1) for turn in turns), middle):
        window = at, min(at + STEPS_AFTER, total)
        if 0 < at < total and all(window[1] <= start or end <= at for start, end in found):
            found.append(window)
    return tuple(sorted(found))


def _nearest(steps: list[int], middle: int) -> int | None:
    return min((step for step in steps if step), key=lambda step: abs(step - middle), default=None)


def _evaluation(design: Design, middle: int) -> int | None:
    """The step that first has the rates after an evaluation, of those near the middle."""
    nodes = [steering(groups[0].group) for groups in param_groups(design)]
    steps = [steps_of(node, "every", design.plan.span) for node in nodes if node]
    return _nearest([max(round(middle / every), 1) * every for every in steps], middle)
