"""The row above the plot: what is drawn at the left, how the axes count at the right."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from lrdesigner_app.plot.views import KINDS, VIEWS, View
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, calling, exclusive, narrow_combo, small_button


class PlotHeader(QWidget):
    """Exclusive buttons; where there is little room, a box in place of those of the views.

    Only what the person clicks is told; the `show_` methods are silent.
    """

    view_chosen = Signal(str)
    log_chosen = Signal(bool)
    epochs_chosen = Signal(bool)
    filter_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.views: dict[View, QPushButton] = {view: _view_button(view) for view in VIEWS}
        self.linear = button("Linear", "tab", "Values on a linear axis")
        self.log = button("Log", "tab", "Values on a logarithmic axis")
        self.steps = button("Steps", "tab", "Time in optimizer steps")
        self.epochs = button("Epochs", "tab", "Time in passes over the data")
        self.find_curves = small_button("search", "Find curves by the name of their group (Ctrl+Shift+F)")
        self.combo = narrow_combo("What is plotted")
        self.combo.hide()
        self._offered: tuple[View, ...] = VIEWS
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID - 2)
        for made in self.views.values():
            row.addWidget(made)
        row.addWidget(self.combo, 4)
        row.addStretch(1)
        row.addWidget(self.find_curves)
        for made in (self.linear, self.log):
            row.addWidget(made)
        row.addSpacing(GRID)
        for made in (self.steps, self.epochs):
            row.addWidget(made)
        exclusive(self, *self.views.values())
        exclusive(self, self.linear, self.log)
        exclusive(self, self.steps, self.epochs)
        for view, made in self.views.items():
            made.clicked.connect(calling(self.view_chosen.emit, view))
        self.combo.activated.connect(lambda place: self.view_chosen.emit(self._offered[place]))
        self.find_curves.clicked.connect(calling(self.filter_requested.emit))
        self.linear.clicked.connect(lambda: self.log_chosen.emit(False))
        self.log.clicked.connect(lambda: self.log_chosen.emit(True))
        self.steps.clicked.connect(lambda: self.epochs_chosen.emit(False))
        self.epochs.clicked.connect(lambda: self.epochs_chosen.emit(True))

    def show_views(self, views: tuple[View, ...], chosen: View) -> None:
        """Offer these views, with the button of one checked."""
        if views != self._offered or self.combo.count() == 0:
            self._offered = views
            self.combo.clear()
            self.combo.addItems([KINDS[view].title for view in views])
        self.combo.setCurrentIndex(views.index(chosen))
        self.views[chosen].setChecked(True)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """As narrow as it is with the box."""
        return QSize(self._width_of(self.combo) + self._axes_width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @property
    def _axes_width(self) -> int:
        buttons = (self.find_curves, self.linear, self.log, self.steps, self.epochs)
        return sum(map(self._width_of, buttons)) + 2 * GRID

    def _fit(self) -> None:
        """A button for each view where there is room for all of them, else one box."""
        needed = sum(self._width_of(self.views[view]) for view in self._offered) + self._axes_width
        narrow = needed > self.width()
        self.combo.setVisible(narrow)
        for view, made in self.views.items():
            made.setVisible(view in self._offered and not narrow)

    def _width_of(self, widget: QWidget) -> int:
        return (widget.minimumSizeHint() if widget is self.combo else widget.sizeHint()).width() + GRID - 2

    def show_log(self, log: bool) -> None:
        """Check the button of this axis."""
        (self.log if log else self.linear).setChecked(True)

    def show_epochs(self, epochs: bool) -> None:
        """Check the button of this axis."""
        (self.epochs if epochs else self.steps).setChecked(True)


def _view_button(view: View) -> QPushButton:
    words = {
        "momentum": "The momentum, or Adam's beta 1, of every group over time",
        "lr_wd": "Learning rate times weight decay: by how much AdamW and SGD shrink the weights at each step",
    }
    tip = words.get(view, f"The {KINDS[view].title.lower()} of every group over time")
    return button(KINDS[view].title, "tab", tip)
