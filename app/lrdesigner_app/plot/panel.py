"""The plot panel: curves, handles, playhead, and the view of them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner.places import Place
from lrdesigner.store import Change
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.curve_display import Look
from lrdesigner_app.plot.boundary_layer import BoundaryLayer
from lrdesigner_app.plot.curve_filter import CurveFilter
from lrdesigner_app.plot.curve_set import CurveSet
from lrdesigner_app.plot.handle_layer import HandleLayer
from lrdesigner_app.plot.header import PlotHeader
from lrdesigner_app.plot.key_insertion import KeyInsertion
from lrdesigner_app.plot.key_tools import KeyTools
from lrdesigner_app.plot.plot_view import PlotView
from lrdesigner_app.plot.pointer import Pointer
from lrdesigner_app.plot.scenery import Scenery
from lrdesigner_app.plot.scrub_strip import ScrubStrip
from lrdesigner_app.plot.view_keys import ViewKeys
from lrdesigner_app.plot.viewport import Viewport
from lrdesigner_app.plot.views import KINDS, VIEWS, View, slot_of, views_of
from lrdesigner_app.throttle import Throttle
from lrdesigner_app.widgets import Panel
from lrdesigner_app.workspace import Workspace

REPAINT_MS = 8
_TAB_KEYS = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}


class PlotPanel(Panel):
    """One track of every group over time; the selected group's can be dragged."""

    view_changed = Signal()
    """`view`, `log` or `epochs` is another, by click or by call."""
    menu_requested = Signal(QPoint)
    """A place on the screen where the menu of the plot is wanted; the curve there is the selected one by now."""
    time_axis_moved = Signal(float, float, int, int)
    """First and last step in view; pixels left and right of the time axis, within the padding of this panel."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._workspace = workspace
        self._wanted: View = workspace.selected_slot
        self._shown: View = "lr"
        self._choosing = False
        self._logs = {view: kind.log for view, kind in KINDS.items()}
        self._unsettled = True
        self._framing = False
        self._drawn_look = Look()
        self._build()
        self._connect()
        self._redraw()
        self.frame_all()

    @property
    def view(self) -> View:
        """What is shown: a track, or the product of two."""
        return self._shown

    def set_view(self, view: View) -> None:
        """Show another track; the learning rate where no group has it."""
        self._wanted = view
        slots = KINDS[view].slots
        if self._workspace.selected_slot not in slots:  # of a product, its first one
            self._choosing = True
            self._workspace.select_slot(slots[0])
            self._choosing = False
        self._show_view()

    def next_view(self) -> None:
        """Show the next track that some group has."""
        views = views_of(self._workspace.design)
        self.set_view(views[(views.index(self._shown) + 1) % len(views)])

    @property
    def _map(self) -> AxisMap:
        return self.viewport.map

    @property
    def log(self) -> bool:
        """Whether values are on a logarithmic axis; each view has its own."""
        return self._map.log

    def log_of(self, view: View) -> bool:
        """Whether a view has its values on a logarithmic axis."""
        return self._logs[view]

    @property
    def epochs(self) -> bool:
        """Whether time counts epochs, not steps."""
        return self._map.epochs

    def set_log(self, log: bool, view: View | None = None) -> None:
        """Put the values of the shown view, or of another one, on a logarithmic or linear axis; shows all of them."""
        self._logs[view or self._shown] = log
        if view not in (None, self._shown):
            return
        self._header.show_log(log)
        if log != self._map.log:
            self._handles.cancel()
            self._use(replace(self._map, log=log))
            self.viewport.settle(again=True)
            self.view_changed.emit()

    def set_epochs(self, epochs: bool) -> None:
        """Count time in epochs or steps; the same part of the run stays in view."""
        self._header.show_epochs(epochs)
        if epochs != self._map.epochs:
            self._handles.cancel()
            shown = self.viewport.use_epochs(epochs)
            self._scenery.hide_playhead()
            self._redraw()
            self.viewport.apply_limits()
            self.chart.set_ranges(x=shown)
            self.view_changed.emit()

    def frame_all(self) -> None:
        """Show the whole run and every curve."""
        self.viewport.frame_all()

    def frame_soon(self) -> None:
        """Show everything once what has just changed is drawn, also what is only tried out."""
        self._framing = True
        self._throttle.request()

    def frame_selection(self) -> None:
        """Show the selected keys, else the selected segment, else the selected curve."""
        self.viewport.frame_selection()

    @property
    def pointed_step(self) -> int | None:
        """The step of the run that the pointer is at; None while it is not over the curves."""
        return self._pointer.step

    @property
    def middle_step(self) -> int:
        """The step of the run in the middle of what is in view."""
        low, high, *_ = self.viewport.time_axis()
        return min(max(round((low + high) / 2), 0), self._workspace.design.plan.total_steps)

    def show_as_picture(self) -> None:
        """Leave only what belongs into a report: the curves and their axes, without controls."""
        self._header.hide()
        self.scrub.hide()
        self._scenery.hidden_note.quiet = True
        self._handles.hide()
        self._boundaries.hide()

    def look_like(self, other: PlotPanel) -> None:
        """Have the axes of another plot of the same view, and the same part in view."""
        self.set_log(other.log)
        self.set_epochs(other.epochs)
        x, y = other.chart.view.viewRange()
        self.viewport.frame(tuple(x), tuple(y))

    def _build(self) -> None:
        theme = self._workspace.theme
        self._header = PlotHeader()
        self.plane = PlotView()
        self.chart = ChartSurface(theme, _chart_name("lr"), self.plane)
        self.chart.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.chart.setMinimumHeight(140)
        self.body.addWidget(self._header)
        self.filter = CurveFilter(self._workspace)
        self.body.addWidget(self.filter)
        self.scrub = ScrubStrip(self._workspace)
        stack = QVBoxLayout()
        stack.setSpacing(0)
        stack.addWidget(self.scrub)
        stack.addWidget(self.chart, 1)
        self.body.addLayout(stack, 1)
        self._curves = CurveSet(self.chart, theme)
        self.viewport = Viewport(self._workspace, self.chart, self._curves, lambda: self._shown)
        self._header.show_log(self._map.log)
        self._header.show_epochs(self._map.epochs)
        self._handles = HandleLayer(self._workspace, self.chart, self)
        self._scenery = Scenery(self._workspace, self.chart)
        self._pointer = Pointer(self._workspace, self.chart, self._curves, self._handles, self._scenery)
        self.key_insertion = KeyInsertion(self._workspace, self.chart, self.plane, self._pointer, self._handles)
        self.key_tools = KeyTools(self._workspace, self.chart, self.plane, self._pointer, self._handles)
        self._boundaries = BoundaryLayer(self._workspace, self.chart, self)
        self._view_keys = ViewKeys(self.chart, self.plane, self)
        self._throttle = Throttle(self._redraw, REPAINT_MS, self)

    def _connect(self) -> None:
        signals = self._workspace.signals
        signals.design_changed.connect(self._on_design_changed)
        signals.selected_group_changed.connect(self._on_selected_group_changed)
        signals.selected_slot_changed.connect(self._on_selected_slot_changed)
        self._workspace.theme.changed.connect(self._redraw)
        self._workspace.display.changed.connect(self._on_look_changed)
        self._header.view_chosen.connect(self.set_view)
        self._header.log_chosen.connect(self.set_log)
        self._header.epochs_chosen.connect(self.set_epochs)
        self._header.filter_requested.connect(self.filter.open_filter)
        self.filter.left.connect(self.chart.setFocus)
        signals.place_requested.connect(self._on_place_requested)
        self._handles.drag_changed.connect(self._on_drag_changed)
        self._handles.attended.connect(self._on_handle_attended)
        self._boundaries.attended.connect(self._on_handle_attended)
        self.key_tools.transform.drag_changed.connect(self._on_drag_changed)
        self._pointer.double_clicked.connect(self.frame_all)
        self.viewport.moved.connect(self._on_range_changed)
        self.time_axis_moved.connect(self.scrub.align_with)
        self.scrub.stepped.connect(self.viewport.show_step)
        self._view_keys.menu_requested.connect(self._ask_for_menu)
        self._view_keys.menu_key_pressed.connect(lambda: self._ask_for_menu(None))
        self.chart.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The Tab key goes from handle to handle."""
        tabs = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusIn and event.reason() in tabs:
            self._handles.focus_end(last=event.reason() == Qt.FocusReason.BacktabFocusReason)
        tab = _TAB_KEYS.get(Qt.Key(event.key()), 0) if isinstance(event, QKeyEvent) else 0
        if tab and event.type() == QEvent.Type.KeyPress and not self._handles.dragging:
            return self._focus_next(tab)
        return super().eventFilter(watched, event)

    def _focus_next(self, direction: int) -> bool:
        """From handle to handle, then from boundary to boundary."""
        if not self._boundaries.focused:
            if self._handles.focus_next(direction):
                return True
            return direction > 0 and self._boundaries.focus_next(direction)
        if self._boundaries.focus_next(direction):
            return True
        if direction < 0:
            self._handles.focus_end(last=True)
        return direction < 0 and bool(self._handles.items())

    def _on_design_changed(self, change: Change) -> None:
        if change.kind == "saved":
            return
        self._handles.follow_foreign_change()
        if change.kind == "open":
            self.viewport.forget()
        self._unsettled = True
        self._throttle.request()

    def _on_place_requested(self, place: Place) -> None:
        if place.steps is not None:
            self.viewport.show_steps(*place.steps)

    def _ask_for_menu(self, place: QPoint | None) -> None:
        """At a point of the chart, or by key: then over the middle of the plot."""
        near = None if place is None else self._pointer.near(self.chart.mapToScene(place))
        if near is not None:
            self._workspace.select_group(near.group)
        self.menu_requested.emit(self.chart.viewport().mapToGlobal(place or self.chart.viewport().rect().center()))

    def _on_look_changed(self) -> None:
        """What is framed is what is shown; on another scale everything is framed."""
        look = replace(self._workspace.display.look, playhead=None)
        if look == self._drawn_look:
            self._scenery.marked.show(self._shown, self._map)
            return
        self._drawn_look = look
        other_scale = self._workspace.display.look.normalised != self.chart.value_axis.shares
        if other_scale:
            self._handles.cancel()
        self._unsettled = True
        self._redraw()
        if other_scale:
            self.viewport.settle(again=True)

    def _on_selected_group_changed(self, _: int) -> None:
        self._handles.cancel()
        self._throttle.request()

    def _on_selected_slot_changed(self, slot: str) -> None:
        if not self._choosing and slot != slot_of(self._wanted):
            self._wanted = _as_view(slot)
            self._show_view()

    def _show_view(self) -> None:
        """Bring the view that is wanted, if some group has it, with its own axis."""
        offered = views_of(self._workspace.design)
        view = self._wanted if self._wanted in offered else "lr"
        self._header.show_views(offered, view)
        if view == self._shown:
            return
        self._handles.cancel()
        self._shown = view
        self.chart.setAccessibleName(_chart_name(view))
        self._header.show_log(self._logs[view])
        self._use(replace(self._map, log=self._logs[view]))
        self.viewport.settle(again=True)
        self.view_changed.emit()

    def _on_drag_changed(self) -> None:
        self._scenery.hide_playhead()
        self._unsettled = True
        self._redraw()

    def _on_handle_attended(self, on: bool) -> None:
        if on:
            self._scenery.hide_playhead()

    def _redraw(self) -> None:
        """Bring everything up to date with the design; only what differs is computed and drawn."""
        design, selected = self._workspace.design, self._workspace.selected_group.id
        self.viewport.follow_plan()
        self._show_view()
        look, settled = self._workspace.display.look, design is self._workspace.store.committed
        self.chart.show_shares(look.normalised)
        self._curves.show(design, self._shown, self._map, self.viewport.detail(), look, settled)
        self._curves.style(design, selected, self._shown, self._handles.dragging)
        if self._unsettled:  # not when the view has only moved: its move might be by hand
            self._unsettled = False
            self.viewport.settle(held=self._handles.dragging or self.key_tools.dragging)
        if self._framing:
            self._framing = False
            self.frame_all()
        slot = slot_of(self._shown) if look.takes(selected) else None
        self._handles.show(design, selected, slot, self._curves.map_of(selected))
        self.key_tools.refresh()
        self._boundaries.show(slot_of(self._shown), self._map)
        self._scenery.show_run(self._shown, self._map)
        self._scenery.show_hints([g.name for g in design.groups if not self._curves.drawn(g.id)])

    def _use(self, axis_map: AxisMap) -> None:
        self.viewport.use(axis_map)
        self._scenery.hide_playhead()
        self._redraw()

    def _on_range_changed(self) -> None:
        self._handles.place()
        self._boundaries.place()
        self.key_tools.place()
        self._throttle.request()
        self.time_axis_moved.emit(*self.viewport.time_axis())


def _chart_name(view: View) -> str:
    return f"{KINDS[view].title} of every group over time"


def _as_view(slot: str) -> View:
    return next(view for view in VIEWS if view == slot)
