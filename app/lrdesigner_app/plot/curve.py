"""One group's curve: its points, and what draws it and the fan of its layers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lrdesigner.document import Plan
from lrdesigner.schedules import depends_on_base
from lrdesigner_app.charts import AxisMap
from lrdesigner_app.charts.fan import Fan
from lrdesigner_app.charts.framing import Extremes, extremes
from lrdesigner_app.charts.simplify import kept_points
from lrdesigner_app.charts.stroke import Drawable, Stroke
from lrdesigner_app.plot.lines import Lines
from lrdesigner_app.plot.views import Drawn

POINTS = 1000

Window = tuple[int, int] | None


@dataclass(slots=True)
class Curve:
    """Computed and drawn anew only where something that it is made of is another."""

    stroke: Stroke = field(default_factory=Stroke)
    source: Drawn | None = None
    plan: Plan | None = None
    window: Window = None
    axis_map: AxisMap | None = None
    steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    extremes: Extremes | None = None
    xs: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    ys: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    drawn: bool = False
    look: tuple[object, ...] = ()
    lines: Lines | None = None
    fan: Fan | None = None
    tolerance: float = 0.0
    known: tuple[object, ...] = ()
    """What `lines` were made of, compared by identity."""

    def evaluate(self, lines: Lines, plan: Plan, window: Window) -> bool:
        """Compute the points anew if they are of another source, plan or detail; True when they were."""
        same_fan, self.lines = lines == self.lines, lines
        if not same_fan:
            self.axis_map = None
        if bool(lines.scales) != (self.fan is not None):
            self.fan, self.axis_map, self.look = (Fan() if lines.scales else None), None, ()
        source = lines.source
        if source == self.source and plan is self.plan and window == self.window:
            return False
        if self.source is not None and plan is self.plan and window == self.window and source.scales(self.source):
            self.values = source.values(plan, self.steps)
        else:
            whole = source.points(plan, 0, plan.total_steps, POINTS)
            self.steps, self.values = whole.steps, whole.values
            if window is not None:
                self.steps = np.union1d(whole.steps, source.points(plan, *window, POINTS).steps)
                self.values = source.values(plan, self.steps)
        self.source, self.plan, self.window, self.axis_map = source, plan, window, None
        self.extremes = extremes(self.values)
        return True

    def draw(self, axis_map: AxisMap, tolerance: float) -> bool:
        """Place the points, if they are not there yet; True when they were moved.

        `tolerance`: how far a line may be off, in view coordinates. Points closer together than pixels would not only
        be slow to draw: where the pieces between them overlap, a thin line looks like a string of beads.
        """
        if axis_map == self.axis_map and tolerance == self.tolerance:
            return False
        if axis_map != self.axis_map:
            self.axis_map, self.xs, self.ys = axis_map, axis_map.xs(self.steps), axis_map.ys(self.values)
        self.tolerance = tolerance
        kept = kept_points(self.xs, self.ys, tolerance / 2)
        self.drawn = self.stroke.set_line(self.xs[kept], self.ys[kept])
        if self.fan is not None and self.lines is not None and self.plan is not None:
            self._draw_fan(self.fan, self.lines, self.plan, axis_map)
        return True

    @property
    def drawables(self) -> list[Drawable]:
        """What is painted, the fan first."""
        return [self.stroke] if self.fan is None else [self.fan, self.stroke]

    @property
    def peak(self) -> float:
        """Its highest value; NaN where it has none."""
        return math.nan if self.extremes is None else self.extremes.high

    def lowest_peak(self) -> float:
        """The highest value of the faintest line of the fan; infinite without a fan."""
        if self.lines is None or not self.lines.scales or not math.isfinite(self.peak):
            return math.inf
        return self.peak * min(self.lines.scales)

    def _draw_fan(self, fan: Fan, lines: Lines, plan: Plan, axis_map: AxisMap) -> None:
        """The layers have the group's shape, so its values are scaled, unless the shape itself knows the base."""
        if any(depends_on_base(lane.track.schedule) for lane in lines.source.lanes):
            rows = [lines.scaled(scale).values(plan, self.steps) for scale in lines.scales]
            fan.set_lines(self.xs, axis_map.ys(np.array(rows)))
            return
        kept = kept_points(self.xs, self.ys, self.tolerance)
        fan.set_lines(self.xs[kept], axis_map.ys(np.outer(lines.scales, self.values[kept])))
