"""Where frozen stretches lie on the lane: a large row for the selected group, thin ones for others that freeze."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF

from lrdesigner.document import Design, Group, Plan
from lrdesigner.freeze_edits import stretch_of
from lrdesigner_app.schedule_editor.time_scale import TimeScale

ROW, THIN, SPACE = 18, 5, 2
MOST_OTHERS = 5
LEAST_WIDTH = 6.0
EDGE_REACH = 4.0

Grip = Literal["start", "body", "end"]


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of the selected group; `index` is its place in `group.freeze`."""

    index: int
    rect: QRectF


def others_of(design: Design, selected: int) -> list[Group]:
    """The groups beside the selected one that freeze; none where they are too many to be told apart."""
    found = [group for group in design.groups if group.freeze and group.id != selected]
    return found if len(found) <= MOST_OTHERS else []


def lane_height(others: int) -> int:
    """Of all rows."""
    return ROW + others * (THIN + SPACE)


def blocks_of(group: Group, plan: Plan, scale: TimeScale) -> list[Block]:
    """The stretches of a group that are in view, in the large row; one without a step is a stub."""
    found: list[Block] = []
    for index, part in enumerate(group.freeze):
        start, end = stretch_of(part, plan)
        if start <= scale.last and end >= scale.first:
            left, right = scale.within(start), scale.within(end)
            left = min(left, scale.right - LEAST_WIDTH)
            found.append(Block(index, QRectF(left, 1, max(right - left, LEAST_WIDTH), ROW - 2)))
    return found


def thin_rects(group: Group, plan: Plan, scale: TimeScale, place: int) -> list[QRectF]:
    """The stretches of another group, in a thin row beneath."""
    top = ROW + SPACE + place * (THIN + SPACE)
    stretches = [stretch_of(part, plan) for part in group.freeze]
    inside = [(start, end) for start, end in stretches if start <= scale.last and end >= scale.first]
    return [QRectF(scale.within(a), top, max(scale.within(b) - scale.within(a), 2.0), THIN) for a, b in inside]


def thin_row_at(y: float) -> int | None:
    """The place of the thin row at a height."""
    return int((y - ROW) // (THIN + SPACE)) if y >= ROW else None


def grip_at(blocks: list[Block], at: QPointF) -> tuple[int, Grip] | None:
    """The stretch at a point, and whether it is held at an edge; of several on top of each other the last one."""
    if at.y() >= ROW:
        return None
    for block in reversed(blocks):
        left, right = block.rect.left(), block.rect.right()
        inner = min(EDGE_REACH, block.rect.width() / 3)
        if abs(at.x() - right) <= EDGE_REACH and at.x() > right - inner:
            return block.index, "end"
        if abs(at.x() - left) <= EDGE_REACH and at.x() < left + inner:
            return block.index, "start"
        if left <= at.x() <= right:
            return block.index, "body"
    return None
