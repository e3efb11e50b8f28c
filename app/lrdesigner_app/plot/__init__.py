"""The plot: every group's learning rate on one time axis, with handles on the selected one."""

from lrdesigner_app.plot.panel import PlotPanel as PlotPanel
