"""The editor of the metric that a schedule is drawn for: assumed, or recorded in a trial."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner.checked import replaced
from lrdesigner.schedules import AssumedTrace, Field, RecordedTrace, Span
from lrdesigner_app.schedule_editor.outlet import FormOutlet, Outlet
from lrdesigner_app.schedule_editor.struct_form import StructForm
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label


class TraceField(QWidget):
    """Edits a `Trace`. Taking over a trial's loss is done by whoever knows the trial: `trial_wanted`."""

    trial_wanted = Signal()

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__()
        self._outlet = outlet
        self._trace: AssumedTrace | RecordedTrace = AssumedTrace()
        self.setAccessibleName(field.title)
        self.form = StructForm(FormOutlet(self._change, outlet.cancel, outlet.refuse))
        self.words = label("", "secondary")
        self.words.setWordWrap(True)
        self.from_trial = button("Use the loss of the last trial", tip="Draw it for the loss that was measured")
        self.assume = button("Assume a metric instead", tip="Draw it for a metric that falls as learning usually does")
        self.setFocusProxy(self.from_trial)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        for part in (self.form, self.words, self.from_trial, self.assume):
            column.addWidget(part)
        self.from_trial.clicked.connect(self.trial_wanted)
        self.assume.clicked.connect(lambda: self._outlet.keep(AssumedTrace()))

    def show_value(self, value: Any) -> None:
        """Show the trace of the design."""
        self._trace = value
        recorded = isinstance(value, RecordedTrace)
        self.form.setVisible(not recorded)
        self.assume.setVisible(recorded)
        self.words.setVisible(recorded)
        if isinstance(value, RecordedTrace):
            count = len(value.values)
            self.words.setText(f"Recorded: {count:,} value{'s' if count != 1 else ''} of {value.source or 'a trial'}")
        else:
            self.form.show_struct(value, self._span)

    def show_span(self, span: Span) -> None:
        """What the lengths in it refer to."""
        self._span = span

    def show_trial(self, available: bool) -> None:
        """Whether there is a trial whose loss could be used."""
        self.from_trial.setVisible(available)

    _span: Span | None = None

    def _change(self, name: str, value: Any, keep: bool) -> None:
        self._outlet.send(replaced(self._trace, **{name: value}), keep)
