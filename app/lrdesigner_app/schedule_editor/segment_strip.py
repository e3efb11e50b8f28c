"""The strip under the plot: the segments of the row that is edited, each as wide as it lasts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip

from lrdesigner.places import Place
from lrdesigner.segment_rows import rows_along
from lrdesigner_app.boundary_drag import Boundaries, boundaries_of, nudge_boundary
from lrdesigner_app.schedule_editor.strip_gestures import EdgeGesture, Gesture, ReorderGesture
from lrdesigner_app.schedule_editor.strip_layout import (
    GAP,
    Cell,
    cell_at,
    cells_of,
    edge_at,
    gap_x,
)
from lrdesigner_app.schedule_editor.strip_menu import fill_strip_menu
from lrdesigner_app.schedule_editor.strip_painter import StripPainter
from lrdesigner_app.schedule_editor.strip_words import segment_words
from lrdesigner_app.schedule_editor.time_lane import TimeLane
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.widgets import plain_tip
from lrdesigner_app.workspace import Workspace

HEIGHT = 26
_CARRY_PX = 6.0
_TIP = """Drag a segment to another place, or a gap to move the boundary (Alt: the next one keeps its end).
+ adds one, Delete removes it, Ctrl+K splits, Ctrl+D duplicates, Ctrl+C and Ctrl+V copy and paste.
Alt+←/→ moves it, Shift+←/→ its end (with Ctrl by epochs). Double click shows it alone."""
_OWN_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CLIPBOARD = (QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.Cut, QKeySequence.StandardKey.Paste)
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class SegmentStrip(TimeLane):
    """Click or arrow keys select a segment, Enter goes into one that has parts, Esc out again.

    While a nested row is edited, the segments around it are drawn faintly and lead back by a click.
    """

    def __init__(self, workspace: Workspace, selection: SegmentSelection) -> None:
        super().__init__(workspace, "Segments of the schedule")
        self._selection = selection
        self._hovered_edge: Boundaries | None = None
        self._shown: tuple[object, ...] = ()
        self.own_keys = _OWN_KEYS
        self.setAccessibleDescription(_TIP)
        self.menu = QMenu(self)
        selection.changed.connect(self._on_selection_changed)
        self._on_selection_changed()

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def segment_rects(self) -> list[QRectF]:
        """Where each segment of the row is drawn; of no width where it lies outside of what is shown."""
        return [cell.rect for cell in self.cells()]

    def cells(self) -> list[Cell]:
        """The segments of the row."""
        return cells_of(self._selection.row, self.scale, self.height())

    def edges(self) -> list[Boundaries]:
        """The boundaries that can be dragged: none of a group that is locked or hidden."""
        per_epoch = self.workspace.design.plan.steps_per_epoch
        return boundaries_of(self._selection.row, per_epoch) if self.free else []

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        drawing = StripPainter(painter, self.workspace.theme)
        row, selected, whole = self._selection.row, self._selection.row_index, self._selection.whole
        for cell in self._outer_cells():
            drawing.cell(cell, self._selection.segments[cell.index], chosen=False, focused=False, faint=True)
        carried = self.gesture if isinstance(self.gesture, ReorderGesture) else None
        cells = self.cells()
        for cell in sorted(cells, key=lambda cell: cell.stub):
            chosen = whole or cell.index == selected
            faint = carried is not None and cell.index == carried.index
            drawing.cell(cell, row.segments[cell.index], chosen=chosen, focused=self.hasFocus(), faint=faint)
        edge = self.gesture.edge if isinstance(self.gesture, EdgeGesture) else self._hovered_edge
        if edge is not None and self.scale.shows(edge.step):
            drawing.edge(self.scale.x(edge.step) - GAP / 2, self.height())
        if carried is not None and carried.gap is not None:
            drawing.insertion(gap_x(cells, carried.gap), self.height())
        painter.end()

    def begin(self, at: QPointF, moved: float) -> Gesture | None:
        scale = self.scale
        edge = edge_at(self.edges(), scale, at.x())
        if edge is not None:
            return EdgeGesture(self.workspace, edge, scale, at)
        cell = cell_at(self.cells(), at)
        if cell is None or moved < _CARRY_PX or len(self._selection.row.segments) < 2:
            return None
        return ReorderGesture(self._selection, self.cells(), cell.index)

    def pressed(self, at: QPointF) -> None:
        if edge_at(self.edges(), self.scale, at.x()) is None:
            self._select_at(at)

    def clicked(self, at: QPointF) -> None:
        self._select_at(at)

    def hovered(self, at: QPointF) -> None:
        inside = QRectF(self.rect()).contains(at)
        edge = edge_at(self.edges(), self.scale, at.x()) if inside else None
        self.setCursor(Qt.CursorShape.ArrowCursor if edge is None else Qt.CursorShape.SplitHCursor)
        if edge != self._hovered_edge:
            self._hovered_edge = edge
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Bring the segment into view, alone."""
        cell = cell_at(self.cells(), event.position())
        if event.button() != Qt.MouseButton.LeftButton or cell is None:
            self.mousePressEvent(event)  # a quick second press
            return
        self._selection.select_in_row(cell.index)
        self.show_in_plot()

    def show_in_plot(self) -> None:
        """Ask the plot to show the selected segment alone."""
        group, slot = self._selection.place
        steps = self._selection.row.stretch(self._selection.row_index)
        self.workspace.reveal(Place(group=group, slot=slot, path=self._selection.path, steps=steps))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel()
        step: float | None = None
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self._select_at(QPointF(event.pos()))
            step = self.scale.step(event.pos().x())
        fill_strip_menu(self.menu, self, self._selection, step)
        self.menu.popup(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Keys that mean something here are no shortcuts; the tooltip is that of what is under the pointer."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if any(event.matches(key) for key in _CLIPBOARD):
                event.accept()
                return True
        elif isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = cell_at(self.cells(), QPointF(event.pos()))
            words = segment_words(self.workspace, self._selection.row, cell.index) if cell is not None else ""
            QToolTip.showText(event.globalPos(), plain_tip(f"{words}\n\n{_TIP}" if words else _TIP), self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.takes_key(event, down=True):
            return
        selection, key = self._selection, Qt.Key(event.key())
        if key in _MOVES:
            self._move(_MOVES[key], event.modifiers())
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.Cut):
            self.cut()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            selection.remove()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            selection.go_in()
        elif key == Qt.Key.Key_Escape and selection.path:
            selection.go_out()
        elif event.text() == "+":
            selection.add_after()
        else:
            super().keyPressEvent(event)

    def copy(self) -> bool:
        """The selected segment to the clipboard."""
        text = self._selection.copied()
        if text:
            QGuiApplication.clipboard().setText(text)
        return bool(text)

    def cut(self) -> None:
        """The selected segment to the clipboard, and away."""
        if self.copy():
            self._selection.remove()

    def paste(self) -> None:
        """The segment on the clipboard after the selected one."""
        self._selection.paste(QGuiApplication.clipboard().text())

    def _move(self, by: int, modifiers: Qt.KeyboardModifier) -> None:
        selection = self._selection
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            index = selection.row_index
            edge = next((edge for edge in self.edges() if edge.first <= index <= edge.last), None)
            if edge is not None:
                nudge_boundary(self.workspace, edge, by, modifiers)
        elif modifiers & Qt.KeyboardModifier.AltModifier:
            selection.move(by)
        else:
            selection.select_in_row(selection.row_index + by)

    def _outer_cells(self) -> list[Cell]:
        """While a nested row is edited: the segments of the schedule around it."""
        selection = self._selection
        if not selection.row.path:
            return []
        group, slot = selection.place
        outer = rows_along(self.workspace.design.group(group), slot, (), self.workspace.design.plan)[0]
        return [c for c in cells_of(outer, self.scale, self.height()) if c.index != selection.row.path[0]]

    def _select_at(self, at: QPointF) -> None:
        cell = cell_at(self.cells(), at)
        if cell is not None:
            self._selection.select_in_row(cell.index)
            return
        outer = cell_at(self._outer_cells(), at)
        if outer is not None:
            self._selection.select(outer.index)

    def _on_selection_changed(self) -> None:
        row, selection = self._selection.row, self._selection
        drawn = row.path, row.segments, row.starts, row.first, row.end, self.workspace.design.plan
        shown = drawn, selection.row_index, selection.whole, selection.place
        if shown == self._shown:
            return  # a drag of the curve's height changes nothing here
        self._shown = shown
        self._hovered_edge = None
        words = segment_words(self.workspace, row, self._selection.row_index)
        self.setAccessibleName(f"Segments of the schedule: {words.partition(chr(10))[0]}")
        self.update()
