"""The page of the range test: run it, see between which rates the loss falls, take a rate over as one edit."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import AnyReport, Progress, RangePoint
from lrdesigner.jobs.reader import Outcome
from lrdesigner.numbers import rate
from lrdesigner.trials.headroom import probing_options
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.range_result import RangeCurves, Suggestion, range_curves, suggestion, suggestion_text
from lrdesigner.trials.range_view import reading
from lrdesigner.trials.rate_scaling import full_rate_step, use_multiplier
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.throttle import Throttle
from lrdesigner_app.trial.headroom import Headroom
from lrdesigner_app.trial.progress_line import ProgressLine
from lrdesigner_app.trial.range_chart import RangeChart
from lrdesigner_app.trial.range_controls import RangeControls
from lrdesigner_app.trial.range_words import reading_text
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.widgets import label
from lrdesigner_app.workspace import Workspace

_DRAW_MS = 100
_ROOM_FOR_BOTH = 300
"""Pixels of height from which on all options are in sight beside the chart."""
_EMPTY = (
    "Copies of the model train with rates that grow, usually from a thousandth to a thousand times the planned ones.\n"
    "The design stays as it is until you take a rate over."
)


class RatePage(QWidget):
    """Controls, charts, and a sentence; "Use" multiplies base rates by the middle of what is suggested."""

    def __init__(self, workspace: Workspace, runner: TrialRunner) -> None:
        super().__init__()
        self._workspace, self._runner = workspace, runner
        self._points: list[RangePoint] = []
        self._total = 0
        self._group = ""
        self._mine = False
        self._curves: RangeCurves | None = None
        self._probe: TrialRecord | None = None
        self._design, self._options = workspace.store.committed, TrialOptions()
        self.found: Suggestion | None = None
        self._build()
        self._arrange()
        self._draw = Throttle(self._show_points, _DRAW_MS, self)
        self.controls.run_clicked.connect(self._on_run_or_stop)
        self.controls.use_clicked.connect(self._on_use)
        self.controls.entered.connect(self.run)
        self.controls.folded.connect(self._make_room)
        self.chart.read.connect(self._on_read)
        workspace.signals.design_changed.connect(self._list_groups)
        workspace.signals.range_test_changed.connect(self._refresh)
        workspace.signals.trial_changed.connect(self._on_trial_changed)
        self._list_groups()
        self._refresh()

    def run(self) -> None:
        """Start a range test with what the controls say."""
        design = self._workspace.store.committed
        try:
            wanted, options = self.controls.typed()
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        options = replace(options, start=full_rate_step(design))
        self._mine = True
        job = self._runner.test_range(wanted, options)
        if job is None:
            self._mine = False
            return
        self._points, self._group, self.found = [], wanted.group, None
        self._options, self._design, self._probe = options, design, None
        job.report_received.connect(self._on_report)
        job.ended.connect(self._on_ended)
        self._total = 0
        self.progress.begin("Starting …")
        self.words.setText("")
        self.chart.show_curves(None, None)
        self._refresh()

    def _build(self) -> None:
        self.controls = RangeControls()
        self.run_button, self.use = self.controls.run, self.controls.use
        self.progress = ProgressLine("Progress of the range test")
        self.words = label(_EMPTY, "secondary")
        self.words.setWordWrap(True)
        self.words.setAccessibleName("Result of the range test")
        self.chart = RangeChart(self._workspace.theme)
        self.headroom = Headroom(self._workspace.theme)
        self.headroom.hide()

    def _arrange(self) -> None:
        charts = QHBoxLayout()
        charts.setSpacing(2 * GRID)
        charts.addWidget(self.chart, 1)
        charts.addWidget(self.headroom, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.controls)
        column.addWidget(self.progress)
        column.addLayout(charts, 1)
        column.addWidget(self.words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """The unfolded options scroll where there is no room for them beside the chart."""
        self.controls.set_room(plenty=self.height() >= _ROOM_FOR_BOTH)

    def _list_groups(self) -> None:
        self.controls.list_groups([group.name for group in self._workspace.design.groups])

    def _on_run_or_stop(self) -> None:
        if self._busy:
            self._runner.stop()
        else:
            self.run()

    def _on_report(self, report: AnyReport) -> None:
        match report:
            case Progress():
                if not self._total:  # it comes anew with every seed
                    self._total = report.total
                    self.progress.begin(f"{report.stage.capitalize()} …")
            case RangePoint():
                self._points.append(report)
                self._draw.request()

    def _on_ended(self, outcome: Outcome) -> None:
        self._mine = False
        self._draw.cancel()
        self._show_points()
        if outcome.state not in ("finished", "stopped"):
            self.words.setText(outcome.message)
        if outcome.state == "finished" and self.controls.critical.isChecked():
            self._probe_rates()
        self._refresh()

    def _probe_rates(self) -> None:
        """The trial that looks for critical rates, which is a trial like any other: it can be stopped, and is kept."""
        if self._workspace.store.committed is not self._design:
            self._workspace.post(
                Notice("The design was changed during the range test: test again to see its critical rates.")
            )
        elif self._runner.run(probing_options(self._options, self._design.plan.total_steps)):
            self._probe = self._runner.record
            self.progress.begin("Critical rates …")

    def _on_trial_changed(self, record: TrialRecord) -> None:
        if record is not self._probe:
            return
        if record.updates:
            self.progress.show_share(
                record.done, f"Critical rates: {len(record.steps):,} of {record.updates:,} updates"
            )
        self.headroom.show_record(record)
        if record.state == "failed":
            self.words.setText(f"No critical rates: {record.message}")
        self._refresh()

    def _show_points(self) -> None:
        curves = range_curves(self._points)
        self._curves = curves
        self.found = suggestion(curves) if curves is not None else None
        self.chart.show_curves(curves, self.found)
        if self._total:
            done = len(self._points)
            self.progress.show_share(done / self._total, f"{done:,} of {self._total:,} updates")
        if self.found is not None:
            self.words.setText(suggestion_text(self.found))

    def _on_read(self, multiplier: float | None) -> None:
        if multiplier is not None and self._curves is not None:
            self.chart.show_reading(reading_text(reading(self._curves, multiplier), self._design, self._group))

    def _on_use(self) -> None:
        middle = self._middle
        if middle is None:
            return
        ids = {group.name: group.id for group in self._workspace.design.groups}
        if self._group and self._group not in ids:
            return
        self._workspace.commit(f"Use {rate(middle)} × the rates", use_multiplier, middle, ids.get(self._group))

    @property
    def _middle(self) -> float | None:
        """Of the suggested range, to two digits: it is known to no more."""
        middle = self.found.middle if self.found is not None else None
        return None if middle is None else float(f"{middle:.2g}")

    @property
    def _busy(self) -> bool:
        """Whether the test, or the search for critical rates after it, is under way."""
        return self._mine or (self._probe is not None and self._probe.running)

    def _refresh(self) -> None:
        self.controls.show_state(self._busy, self._middle)
        if not self._busy:
            self.progress.end()
        self.headroom.setVisible(self._probe is not None)
