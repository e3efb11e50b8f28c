"""The controls of a trial: start, pause and end it, on what, how long, and which part of the plan."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner.errors import UserError
from lrdesigner.schedules import Span
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.flow import flowing
from lrdesigner_app.trial.data_field import DataField
from lrdesigner_app.trial.fields import checked, combo, line
from lrdesigner_app.trial.options_fold import OptionsFold
from lrdesigner_app.trial.options_row import OptionsRow
from lrdesigner_app.trial.typed import budget_typed, whole_typed
from lrdesigner_app.widgets import button, restyle

_EXTENTS = (("First steps", "first"), ("Whole schedule, compressed", "whole"), ("From a step", "from"))
_EXTENT_TIPS = (
    "The plan's own steps, from the first one on",
    "The whole plan in as many updates as the budget has: its shape, not its pace",
    "The plan's own steps, from a later one on",
)
_BUDGET_PX, _START_PX = 114, 72


class TrialControls(QWidget):
    """One row, and the options under it when they are unfolded."""

    run_clicked, pause_clicked, cancel_clicked = Signal(), Signal(), Signal()
    changed = Signal()
    """Another choice was made, or the options were folded or unfolded."""

    def __init__(self) -> None:
        super().__init__()
        self.run = button("Run trial", "primary", "Train the model with the exported code")
        self.pause = button("Pause", tip="Let the trial wait after this update")
        self.cancel = button("Cancel", tip="End the trial and forget what it measured")
        self._data_field = DataField()
        self.data, self.own_data = self._data_field.combo, self._data_field.own
        self.budget = line(
            "Budget of the trial",
            "How long to train: 500, 2 epochs, 5%, 90 s or 2 min; empty: the whole plan",
            _BUDGET_PX,
        )
        self.extent = combo("Part of the plan", _EXTENTS)
        for index, tip in enumerate(_EXTENT_TIPS):
            self.extent.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
        self.start = line("First step", "The first step of the plan that the trial takes", _START_PX)
        self.start.setPlaceholderText("step 0")
        self.unfold = button("Options", tip="Device, batch size, precision, probes and more")
        self.unfold.setCheckable(True)
        self.options = OptionsRow()
        self._fold = OptionsFold(self.options, "Options of the trial")
        self._running = False
        self._arrange()
        self._connect()
        self._show_fields()

    def typed(self, span: Span) -> TrialOptions:
        """What the controls ask for; raises `UserError` after marking the field that is wrong."""
        total, extent = span.run_steps, self.extent.currentData()
        start = checked(self.start, lambda text: self._start_typed(text, total)) if extent == "from" else 0
        steps, seconds = checked(self.budget, lambda text: budget_typed(text, span))
        # A field that asks for more than the plan has means all of it.
        steps = min(steps, total - start) if steps else None
        data = self._data_field.typed()
        try:
            values: dict[str, Any] = self.options.values()
        except UserError:
            self.unfold.setChecked(True)
            raise
        return TrialOptions(steps=steps, seconds=seconds, whole=extent == "whole", start=start, data=data, **values)

    def show_record(self, record: TrialRecord | None, total_steps: int) -> None:
        """Offer what can be done with it now."""
        state = record.state if record is not None and record.running else ""
        self.budget.setPlaceholderText(f"All {total_steps:,} steps")
        _rename(self.run, "Run trial" if not state else "Stopping" if state == "stopping" else "Stop")
        _rename(self.pause, "Continue" if state == "paused" else "Pause")
        self.run.setToolTip("End the trial and keep what it measured" if state else "Train with the exported code")
        if (self.run.property("role") == "primary") == bool(state):
            self.run.setProperty("role", "" if state else "primary")
            restyle(self.run)
        self.run.setEnabled(state != "stopping")
        self.pause.setVisible(bool(state))
        self.cancel.setVisible(bool(state))
        self.pause.setEnabled(state in ("running", "paused"))
        self.options.setEnabled(not state)
        self._running = bool(state)
        self._show_fields()

    def set_room(self, plenty: bool) -> None:
        """Whether there is room for all lines of the options; else they scroll."""
        self._fold.set_room(plenty)

    def _arrange(self) -> None:
        row = flowing(
            *(self.run, self.pause, self.cancel, self._data_field),
            *(self.budget, self.extent, self.start, self.unfold),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(row)
        column.addWidget(self._fold, 100)
        column.addStretch(1)

    def _connect(self) -> None:
        self.run.clicked.connect(self.run_clicked)
        self.pause.clicked.connect(self.pause_clicked)
        self.cancel.clicked.connect(self.cancel_clicked)
        for field in (self.budget, self.start):
            field.returnPressed.connect(self.run_clicked)
        self._data_field.entered.connect(self.run_clicked)
        self._data_field.chosen.connect(self._on_chosen)
        self.extent.currentIndexChanged.connect(self._on_chosen)
        self.unfold.toggled.connect(self._on_chosen)

    def _on_chosen(self) -> None:
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        """While a trial runs, what it was asked for makes room for what can be done with it."""
        idle = not self._running
        for field in (self._data_field, self.budget, self.extent):
            field.setVisible(idle)
        self.start.setVisible(idle and self.extent.currentData() == "from")
        self._fold.setVisible(self.unfold.isChecked())

    @staticmethod
    def _start_typed(text: str, total: int) -> int:
        return whole_typed(text.removeprefix("step") if text.strip() else "0", "The first step", 0, total - 1)


def _rename(made: Any, text: str) -> None:
    if made.text() != text:
        made.setText(text)
        made.setAccessibleName(text)
