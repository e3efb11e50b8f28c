"""The run view of the Trial tab: start and stop a trial, watch it, read what came out."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStackedWidget, QWidget

from lrdesigner.errors import UserError
from lrdesigner.store import Change
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.throttle import Throttle
from lrdesigner_app.trial.charts import TrialCharts
from lrdesigner_app.trial.controls import TrialControls
from lrdesigner_app.trial.details import ResultLine
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.trial.words import NO_EVIDENCE, progress_text
from lrdesigner_app.widgets import Panel, label, plain_tip
from lrdesigner_app.workspace import Workspace

_EMPTY = (
    "Run a trial: the exported code trains this model for a few minutes, and every learning rate\n"
    "that the real optimizer used is laid over the plan."
)
_REFRESH_MS = 50
_BAR_PARTS = 1000
_ROOM_FOR_BOTH = 330
"""Pixels of height from which on the charts stay in sight beside the unfolded options."""


class TrialPanel(Panel):
    """Controls in one row, charts, one line of result."""

    def __init__(self, workspace: Workspace, runner: TrialRunner, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setObjectName("trial")  # it stands in a panel already, and must not draw another one
        self.body.setContentsMargins(0, GRID, 0, 0)
        self._workspace, self._runner = workspace, runner
        self._shown: TrialRecord | None = None
        self._before: TrialRecord | None = None
        self._build()
        self._throttle = Throttle(self._refresh, _REFRESH_MS, self)
        self._connect()
        self._refresh()

    def _build(self) -> None:
        self.controls = TrialControls()
        self.run_button, self.steps = self.controls.run, self.controls.budget
        self.device, self.data = self.controls.options.device, self.controls.data
        self.status = label("", "secondary")
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.status.setAccessibleName("Progress of the trial")
        self.bar = QProgressBar()
        self.bar.setObjectName("thin")
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.charts = TrialCharts(self._workspace.theme)
        self.empty = label(_EMPTY, "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMinimumWidth(1)
        self.empty.setWordWrap(True)
        self.result = ResultLine(self._workspace.theme)
        self._arrange()

    def _arrange(self) -> None:
        progress = QHBoxLayout()
        progress.setSpacing(GRID)
        progress.addWidget(self.bar, 1)
        progress.addWidget(self.status)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.charts)
        self.body.setSpacing(6)
        self.body.addWidget(self.controls)
        self.body.addLayout(progress)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.result)

    def _connect(self) -> None:
        self.controls.run_clicked.connect(self._on_run_or_stop)
        self.controls.pause_clicked.connect(self._runner.pause_or_go_on)
        self.controls.cancel_clicked.connect(self._runner.cancel)
        self.controls.changed.connect(self._refresh)
        self.result.toggle.toggled.connect(self._show_stack)
        self._workspace.signals.trial_changed.connect(self._on_trial_changed)
        self._workspace.signals.design_changed.connect(self._on_design_changed)

    def run(self) -> None:
        """Run a trial with what the controls say."""
        try:
            options = self.controls.typed(self._workspace.design.plan.span)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        self._runner.run(options)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_stack()

    def _on_run_or_stop(self) -> None:
        if self._runner.running:
            self._runner.stop()
        else:
            self.run()

    def _on_trial_changed(self, record: TrialRecord) -> None:
        if record is not self._shown and not record.discarded:
            self._before, self._shown = self._shown, record
        if record.discarded and not record.running and record is self._shown:
            self._shown, self._before = self._before, None
        self._throttle.request()

    def _on_design_changed(self, change: Change) -> None:
        if change.before.plan is not change.after.plan:
            self._refresh()

    def _refresh(self) -> None:
        """Bring every part up to date with the record."""
        record = self._shown
        self.controls.show_record(record, self._workspace.design.plan.total_steps)
        self._show_progress(record)
        self._stack.setCurrentWidget(self.empty if record is None else self.charts)
        self._show_stack()
        if record is not None:
            self.charts.show_record(record)
        self.result.show_record(record)

    def _show_stack(self) -> None:
        """The charts give way to the details of a failure, and to the options where there is no room for both."""
        crowded = self.controls.unfold.isChecked() and self.height() < _ROOM_FOR_BOTH
        self.controls.set_room(plenty=not crowded)
        self.body.setStretchFactor(self.controls, int(crowded))
        self._stack.setVisible(not self.result.toggle.isChecked() and not crowded)

    def _show_progress(self, record: TrialRecord | None) -> None:
        running = record is not None and record.running
        if record is not None and running:
            self.status.setText(progress_text(record))
            known = bool(len(record.steps))
            self.bar.setRange(0, _BAR_PARTS if known else 0)
            self.bar.setValue(round(_BAR_PARTS * record.done))
        else:
            self.status.setText(NO_EVIDENCE.capitalize() if self.data.currentData() == "synthetic" else "")
        self.bar.setVisible(running)
        self.status.setVisible(bool(self.status.text()))
        self.status.setToolTip(plain_tip(self.status.text()))
