"""The plot: one track of every group on one time axis, with handles on the selected one."""

from lrdesigner_app.plot.panel import PlotPanel as PlotPanel
from lrdesigner_app.plot.views import KINDS as KINDS
from lrdesigner_app.plot.views import VIEWS as VIEWS
from lrdesigner_app.plot.views import View as View
from lrdesigner_app.plot.views import views_of as views_of
