"""The trial panel: start and stop a trial, watch it, read what came out."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QStackedWidget, QWidget

from lrdesigner.errors import UserError
from lrdesigner.schedules import Span, parse_length, resolve
from lrdesigner.store import Change
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.throttle import Throttle
from lrdesigner_app.trial.charts import TrialCharts
from lrdesigner_app.trial.details import ResultLine
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.trial.words import NO_EVIDENCE, progress_text
from lrdesigner_app.widgets import LineEdit, Panel, button, label, plain_tip, restyle
from lrdesigner_app.workspace import Workspace

_DEVICES = (("Auto", "auto"), ("CPU", "cpu"), ("CUDA", "cuda"), ("MPS", "mps"))
_DATA = (("Handwritten digits", "demo"), ("Random images", "synthetic"))
_EMPTY = (
    "Run a trial: the exported code trains this model for a few minutes, and every learning rate\n"
    "that the real optimizer used is laid over the plan."
)
_REFRESH_MS = 50
_STEPS_PX = 136
_MOST_STEPS = 10**9
_BAR_PARTS = 1000
_SEPARATORS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
"""Commas between thousands."""


class TrialPanel(Panel):
    """Controls in one row, two charts, one line of result."""

    def __init__(self, workspace: Workspace, runner: TrialRunner, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setObjectName("trial")  # it stands in a panel already, and must not draw another one
        self.body.setContentsMargins(0, GRID, 0, 0)
        self._workspace, self._runner = workspace, runner
        self._shown: TrialRecord | None = None
        self._build()
        self._throttle = Throttle(self._refresh, _REFRESH_MS, self)
        self._connect()
        self._refresh()

    def _build(self) -> None:
        self.run_button = button("Run trial", "primary", "Train the model with the exported code")
        self.device = _combo("Device", _DEVICES)
        self.data = _combo("Data", _DATA)
        self.data.setItemData(1, NO_EVIDENCE.capitalize(), Qt.ItemDataRole.ToolTipRole)
        self.steps = LineEdit()
        self.steps.setAccessibleName("Steps of the trial")
        self.steps.setToolTip("How long to train: 500 steps, 2 epochs or 5%; empty: the whole plan")
        self.steps.setFixedWidth(_STEPS_PX)
        self.status = label("", "secondary")
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.status.setAccessibleName("Progress of the trial")
        self.bar = QProgressBar()
        self.bar.setObjectName("thin")
        self.bar.setTextVisible(False)
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.setAccessibleName("Progress")
        self.charts = TrialCharts(self._workspace.theme)
        self.empty = label(_EMPTY, "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.result = ResultLine(self._workspace.theme)
        self._arrange()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for made in (self.run_button, self.device, self.data, self.steps):
            row.addWidget(made)
        row.addStretch(1)
        progress = QHBoxLayout()
        progress.setSpacing(GRID)
        progress.addWidget(self.bar, 1)
        progress.addWidget(self.status)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.charts)
        self.body.addLayout(row)
        self.body.addLayout(progress)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.result)

    def _connect(self) -> None:
        self.run_button.clicked.connect(self._on_run_or_stop)
        self.steps.returnPressed.connect(self._on_run_or_stop)
        self.steps.textEdited.connect(lambda: self._mark_steps(invalid=False))
        self.data.currentIndexChanged.connect(self._refresh)
        self.result.toggle.toggled.connect(self._refresh)
        self._workspace.signals.trial_changed.connect(self._on_trial_changed)
        self._workspace.signals.design_changed.connect(self._on_design_changed)

    def run(self) -> None:
        """Run a trial with what the controls say."""
        try:
            steps = steps_typed(self.steps.text(), self._workspace.design.plan.span)
        except UserError as error:
            self._mark_steps(invalid=True)
            self._workspace.post(Notice(str(error), "bad"))
            return
        self._mark_steps(invalid=False)
        # A field that asks for more than the plan has means all of it.
        steps = min(steps, self._workspace.design.plan.total_steps) if steps else None
        self._runner.run(TrialOptions(steps=steps, device=self.device.currentData(), data=self.data.currentData()))

    def _mark_steps(self, invalid: bool) -> None:
        self.steps.setProperty("invalid", "true" if invalid else "false")
        restyle(self.steps)

    def _on_run_or_stop(self) -> None:
        if self._runner.running:
            self._runner.stop()
        else:
            self.run()

    def _on_trial_changed(self, record: TrialRecord) -> None:
        self._shown = record
        self._throttle.request()

    def _on_design_changed(self, change: Change) -> None:
        if change.before.plan is not change.after.plan:
            self._refresh()

    def _refresh(self) -> None:
        """Bring every part up to date with the record."""
        record = self._shown
        self.steps.setPlaceholderText(f"All {self._workspace.design.plan.total_steps:,} steps")
        self._show_controls(record)
        self._show_progress(record)
        self._stack.setCurrentWidget(self.empty if record is None else self.charts)
        self._stack.setVisible(not self.result.toggle.isChecked())
        if record is not None:
            self.charts.show_record(record)
        self.result.show_record(record)

    def _show_controls(self, record: TrialRecord | None) -> None:
        running = record is not None and record.running
        stopping = record is not None and record.state == "stopping"
        text = ("Stopping" if stopping else "Stop") if running else "Run trial"
        if self.run_button.text() != text:
            self.run_button.setText(text)
            self.run_button.setAccessibleName(text)
            self.run_button.setProperty("role", "" if running else "primary")
            restyle(self.run_button)
        self.run_button.setEnabled(not stopping)
        for control in (self.device, self.data, self.steps):
            control.setEnabled(not running)

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
        self.status.setToolTip(plain_tip(self.status.text()))


def steps_typed(text: str, span: Span) -> int | None:
    """What stands in the steps field, as for any length of the plan; None for all of it; raises `UserError`."""
    if not text.strip():
        return None
    length = parse_length(_SEPARATORS.sub("", text))
    if length.unit == "rest":
        return None
    steps = resolve(length, span)
    if steps < 1:
        raise UserError("A trial needs at least 1 step.")
    return min(steps, _MOST_STEPS)


def _combo(name: str, entries: tuple[tuple[str, str], ...]) -> QComboBox:
    combo = QComboBox()
    for text, value in entries:
        combo.addItem(text, value)
    combo.setAccessibleName(name)
    combo.setToolTip(name)
    return combo
