"""Which part of the plane the plot shows: axes, framing, and how far away one may go."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.charts.framing import Limits, Range, extremes_range, fits, limits, time_range
from lrdesigner_app.plot.curve_set import POINTS, CurveSet, Window
from lrdesigner_app.plot.selection_frame import ranges_of, selection_of
from lrdesigner_app.plot.views import KINDS, View
from lrdesigner_app.workspace import Workspace

_BELOW_FAN = 0.5
"""Decades of a log axis below the peak of the lowest line of a fan."""


class Viewport(QObject):
    """The map between data and chart, and the chart's ranges. Framed by itself until someone moves it by hand."""

    moved = Signal()
    """Another part is in view, or the chart has another size."""

    def __init__(self, workspace: Workspace, chart: ChartSurface, curves: CurveSet, shown: Callable[[], View]) -> None:
        super().__init__()
        self._workspace, self._chart, self._curves, self._shown = workspace, chart, curves, shown
        self.map = AxisMap(log=True, epochs=True, steps_per_epoch=workspace.design.plan.steps_per_epoch)
        self._framed = True
        self._limits: Limits | None = None
        chart.set_map(self.map)
        view = chart.view
        view.sigRangeChangedManually.connect(self._on_moved_by_hand)
        view.sigRangeChanged.connect(lambda *_: self.moved.emit())
        view.sigResized.connect(lambda *_: self.moved.emit())

    def use(self, axis_map: AxisMap) -> None:
        """Another map. What is in view is another part of the plane then, until it is settled."""
        self.map = axis_map
        self._chart.set_map(axis_map)
        self._limits = None

    def use_epochs(self, epochs: bool) -> tuple[float, float]:
        """Count time in epochs or steps; gives the range of x that shows the same part of the run."""
        old, shown = self.map, self._chart.view.viewRange()[0]
        self.use(replace(self.map, epochs=epochs))
        return self.map.x(old.step(shown[0])), self.map.x(old.step(shown[1]))

    def follow_plan(self) -> None:
        """Take the length of an epoch from the design."""
        steps_per_epoch = self._workspace.design.plan.steps_per_epoch
        if steps_per_epoch != self.map.steps_per_epoch:
            self.map = replace(self.map, steps_per_epoch=steps_per_epoch)
            self._limits = None

    def forget(self) -> None:
        """Frame by itself again: another design is shown."""
        self._framed = True
        self._limits = None

    def frame_all(self) -> None:
        """Show the whole run and every curve."""
        self._framed = True
        self.settle(again=True)

    def frame(self, x: Range | None, y: Range | None) -> None:
        """Show exactly this part, in view coordinates, as if someone had moved there by hand."""
        self._framed = False
        self._chart.set_ranges(x=x, y=y)

    def frame_selection(self) -> None:
        """Show the selected keys, else the selected segment, else the selected curve."""
        group, view = self._workspace.selected_group.id, self._shown()
        framed = selection_of(self._workspace, view)
        if framed is not None:
            self.frame(*ranges_of(framed, self._curves.map_of(group)))

    def show_steps(self, first: int, last: int) -> None:
        """Show a stretch of time with a little on both sides; a single step only comes into view."""
        if last <= first:
            self.show_step(first)
            return
        low, high = self.map.x(first), self.map.x(last)
        self.frame((low - 0.06 * (high - low), high + 0.06 * (high - low)), None)

    def show_step(self, step: int) -> None:
        """Move along the time axis until a step is in view, if it is not."""
        (low, high), x = self._chart.view.viewRange()[0], self.map.x(step)
        if not low <= x <= high:
            self.frame((x - (high - low) / 2, x + (high - low) / 2), None)

    def settle(self, again: bool = False, held: bool = False) -> None:
        """Frame a view that nobody has moved by hand, unless something is `held` or only being tried out."""
        store = self._workspace.store
        if not again and (held or store.design is not store.committed):
            return
        wanted = self._value_range()
        self._limit(wanted)
        if self._framed:
            self._chart.set_ranges(x=time_range(self.map, store.design.plan.total_steps))
        if again or (self._framed and not fits(tuple(self._chart.view.viewRange()[1]), wanted)):
            self._chart.set_ranges(y=wanted)

    def apply_limits(self) -> None:
        """Let nobody get lost."""
        self._limit(self._value_range())

    def _limit(self, values: Range) -> None:
        found = limits(self.map, self._workspace.design.plan.total_steps, values)
        if found != self._limits:
            self._limits = found
            self._chart.set_limits(found.x, found.y, found.least_width, found.least_height)

    def detail(self) -> Window:
        """The part of a long run that is zoomed into, in blocks, so that small movements compute nothing."""
        total_steps = self._workspace.design.plan.total_steps
        low, high = (self.map.step(x) for x in self._chart.view.viewRange()[0])
        if total_steps <= 2 * POINTS or high - low > total_steps / 2:
            return None
        block = 1 << max(int(high - low), 1).bit_length()
        first, last = (int(low) // block) * block, (int(high) // block + 1) * block
        return max(first, 0), min(max(last, 1), total_steps)

    def time_axis(self) -> tuple[float, float, int, int]:
        """First and last step in view; pixels left and right of the time axis."""
        low, high = self._chart.view.viewRange()[0]
        area = self._chart.mapFromScene(self._chart.view.sceneBoundingRect()).boundingRect()
        right = self._chart.width() - area.left() - area.width()
        return self.map.step(low), self.map.step(high), area.left(), max(right, 0)

    def _value_range(self) -> Range:
        low, high = extremes_range(self.map, self._curves.extremes(), KINDS[self._shown()].from_zero)
        faintest = self.map.y(self._curves.lowest_peak()) if self.map.log else math.nan
        return (min(low, faintest - _BELOW_FAN) if math.isfinite(faintest) else low), high

    def _on_moved_by_hand(self) -> None:
        self._framed = False
