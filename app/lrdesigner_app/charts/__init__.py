"""What every chart of the window shares: one map from data to view, ticks, axes, and a plain surface to draw on."""

from lrdesigner_app.charts.axis_map import AxisMap as AxisMap
from lrdesigner_app.charts.surface import ChartSurface as ChartSurface
from lrdesigner_app.charts.surface import set_line as set_line
