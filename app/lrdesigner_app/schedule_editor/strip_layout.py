"""Where the segments of a row and their boundaries lie on the strip."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from lrdesigner.segment_rows import PlacedRow
from lrdesigner_app.boundary_drag import Boundaries
from lrdesigner_app.schedule_editor.time_scale import TimeScale

GAP = 2
STUB = 7.0
"""Width of what stands for a segment that is too short to be seen."""

EDGE_REACH = 4.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One segment; `stub`: it is narrower than it can be drawn."""

    index: int
    rect: QRectF
    stub: bool = False


def cells_of(row: PlacedRow, scale: TimeScale, height: float) -> list[Cell]:
    """One for each segment, of no width where it lies outside of what is shown."""
    found: list[Cell] = []
    for index in range(len(row.segments)):
        start, end = row.stretch(index)
        left, right = scale.within(start), scale.within(end)
        width = right - left - GAP
        stub = width < STUB and start <= scale.last and end >= scale.first
        found.append(Cell(index, QRectF(left, 1, max(width, 0), height - 2), stub))
    return _with_stubs(found, scale)


def cell_at(cells: list[Cell], point: QPointF) -> Cell | None:
    """What is drawn on top at a point."""
    ordered = sorted(cells, key=lambda cell: not cell.stub)
    return next((cell for cell in ordered if cell.rect.width() > 0 and cell.rect.contains(point)), None)


def edge_at(edges: list[Boundaries], scale: TimeScale, x: float) -> Boundaries | None:
    """The boundary near a pixel."""
    near = [edge for edge in edges if scale.shows(edge.step) and abs(scale.x(edge.step) - GAP / 2 - x) <= EDGE_REACH]
    return min(near, key=lambda edge: abs(scale.x(edge.step) - x), default=None)


def gap_at(cells: list[Cell], x: float) -> int:
    """Before which segment something would be put that is let go at a pixel; one more than there are at the end."""
    return sum(cell.rect.center().x() < x for cell in cells)


def gap_x(cells: list[Cell], gap: int) -> float:
    """The pixel of the place before a segment."""
    return cells[gap].rect.left() - GAP / 2 if gap < len(cells) else cells[-1].rect.right() + GAP / 2


def _with_stubs(cells: list[Cell], scale: TimeScale) -> list[Cell]:
    """Segments in a row that are too narrow stand side by side, as near to their place as there is room."""
    found = list(cells)
    begin = 0
    while begin < len(found):
        end = begin
        while end < len(found) and found[end].stub:
            end += 1
        if end > begin:
            width = min(STUB + GAP, (scale.right - scale.left) / (end - begin))
            left = max(min(found[begin].rect.left(), scale.right - width * (end - begin)), scale.left)
            for place in range(begin, end):
                rect = QRectF(found[place].rect)
                rect.setLeft(left + (place - begin) * width)
                rect.setWidth(max(width - GAP, 1.0))
                found[place] = Cell(found[place].index, rect, True)
        begin = end + 1
    return found
