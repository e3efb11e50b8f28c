"""The controls of a range test: start and end it, on what, of which groups, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from lrdesigner.errors import UserError
from lrdesigner.numbers import rate
from lrdesigner.trials.options import NOT_OF_RANGE_TESTS, RangeOptions, TrialOptions
from lrdesigner_app.flow import flowing
from lrdesigner_app.trial.data_field import DataField
from lrdesigner_app.trial.fields import combo
from lrdesigner_app.trial.options_fold import OptionsFold
from lrdesigner_app.trial.options_row import OptionsRow
from lrdesigner_app.trial.range_fields import RangeFields
from lrdesigner_app.widgets import button, restyle

_ALL = "All groups together"


class RangeControls(QWidget):
    """One row, and the options under it when they are unfolded."""

    run_clicked, use_clicked = Signal(), Signal()
    entered = Signal()
    """Return was pressed in a field."""
    folded = Signal()
    """The options were folded or unfolded."""

    def __init__(self) -> None:
        super().__init__()
        self.run = button("Test rates", "primary", "Train copies of the model with growing rates")
        self.data_field = DataField()
        self.group = combo("Which rates grow", ((_ALL, ""),))
        self.group.setToolTip("All rates keep their ratios, or one group's grows while the others are as planned")
        self.critical = QCheckBox("Critical rates")
        self.critical.setToolTip(
            "Run a short trial at the planned rates afterwards, which looks for each group's critical rate"
        )
        self.unfold = button("Options", tip="Range, updates, seeds, device, precision, batch size and more")
        self.unfold.setCheckable(True)
        self.use = button("Use", tip="Multiply the base rates by the middle of the suggested range; one edit")
        self.range = RangeFields()
        self.options = OptionsRow(without=NOT_OF_RANGE_TESTS, before=self.range.cells)
        self._fold = OptionsFold(self.options, "Options of the range test")
        self._arrange()
        self._connect()

    def typed(self) -> tuple[RangeOptions, TrialOptions]:
        """What is asked for; raises `UserError` after marking the field that is wrong, and showing it."""
        data = self.data_field.typed()
        try:
            return self.range.typed(self.group.currentData()), TrialOptions(data=data, **self.options.values())
        except UserError:
            self.unfold.setChecked(True)
            raise

    def list_groups(self, names: Sequence[str]) -> None:
        """Offer these, each alone, after all together."""
        if list(names) == [self.group.itemData(i) for i in range(1, self.group.count())]:
            return
        chosen = self.group.currentData()
        self.group.clear()
        self.group.addItem(_ALL, "")
        for name in names:
            self.group.addItem(f"{name} alone", name)
        self.group.setCurrentIndex(max(self.group.findData(chosen), 0))

    def show_state(self, busy: bool, multiple: float | None) -> None:
        """Offer what can be done now: a test, or its end; and to use a multiple where one is suggested."""
        text, role = ("Stop", "") if busy else ("Test rates", "primary")
        if self.run.text() != text:
            self.run.setText(text)
            self.run.setAccessibleName(text)
            self.run.setProperty("role", role)
            restyle(self.run)
        self.use.setEnabled(not busy and multiple is not None)
        self.use.setVisible(multiple is not None)
        self.use.setText("Use" if multiple is None else f"Use × {rate(multiple)}")
        for made in (self.group, self.data_field, self.critical, self.options):
            made.setEnabled(not busy)

    def set_room(self, plenty: bool) -> None:
        """Whether there is room for all lines of the options; else they scroll."""
        self._fold.set_room(plenty)

    def _arrange(self) -> None:
        row = flowing(self.run, self.data_field, self.group, self.critical, self.unfold, self.use)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(row)
        column.addWidget(self._fold)

    def _connect(self) -> None:
        self.run.clicked.connect(self.run_clicked)
        self.use.clicked.connect(self.use_clicked)
        self.data_field.entered.connect(self.entered)
        for field in self.range.all:
            field.returnPressed.connect(self.entered)
        self.unfold.toggled.connect(self._fold.setVisible)
        self.unfold.toggled.connect(self.folded)
