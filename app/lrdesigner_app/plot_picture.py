"""The plot as a picture for a report: a legend over the curves, no controls."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner.document import Group
from lrdesigner.numbers import rate
from lrdesigner.tracks import TRACK_KINDS, track_of
from lrdesigner_app.plot import PlotPanel, View
from lrdesigner_app.plot.views import has_view, slot_of
from lrdesigner_app.swatches import swatch
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label
from lrdesigner_app.workspace import Workspace

_LEAST_WIDTH, _LEAST_HEIGHT = 640, 400


class PlotPicture(QWidget):
    """Stands alone: says which colour is which group. `like`: of that size, with those axes and that part in view."""

    def __init__(self, workspace: Workspace, view: View = "lr", like: PlotPanel | None = None) -> None:
        super().__init__()
        self.setObjectName("ground")
        legend = QHBoxLayout()
        legend.setSpacing(GRID)
        shown = (group for group in workspace.design.groups if workspace.display.look.shows(group.id))
        for group in (group for group in shown if has_view(group, view)):
            colour = label("")
            colour.setPixmap(swatch(workspace.theme.group_colour(group.colour)).pixmap(14, 14))
            legend.addWidget(colour)
            legend.addWidget(label(_words(group, view)))
            legend.addSpacing(GRID)
        legend.addStretch(1)
        self.plot = PlotPanel(workspace)
        self.plot.set_view(view)
        self.plot.show_as_picture()
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(legend)
        column.addWidget(self.plot, 1)
        if like is not None:
            self.resize(max(like.width(), _LEAST_WIDTH), max(like.height(), _LEAST_HEIGHT))
            self.plot.look_like(like)


def _words(group: Group, view: View) -> str:
    """The group, and the base value of its track if the view is of one."""
    slot = slot_of(view)
    if slot is None:
        return group.name
    title = "base lr" if slot == "lr" else TRACK_KINDS[slot].title.lower()
    return f"{group.name} · {title} {rate(track_of(group, slot).base)}"
