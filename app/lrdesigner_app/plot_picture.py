"""The plot as a picture for a report: a legend over the curves, no controls."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner.numbers import rate
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.swatches import swatch
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label
from lrdesigner_app.workspace import Workspace


class PlotPicture(QWidget):
    """Stands alone: says which colour is which group."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("ground")
        legend = QHBoxLayout()
        legend.setSpacing(GRID)
        for group in workspace.design.groups:
            colour = label("")
            colour.setPixmap(swatch(workspace.theme.group_colour(group.colour)).pixmap(14, 14))
            legend.addWidget(colour)
            legend.addWidget(label(f"{group.name} · base lr {rate(group.lr.base)}"))
            legend.addSpacing(GRID)
        legend.addStretch(1)
        self.plot = PlotPanel(workspace)
        self.plot.show_as_picture()
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(legend)
        column.addWidget(self.plot, 1)
