"""The page of the range test: run it, see between which rates the loss falls, take a rate over as one edit."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from lrdesigner.jobs.protocol import AnyReport, Progress, RangePoint
from lrdesigner.jobs.reader import Outcome
from lrdesigner.numbers import rate
from lrdesigner.trials.options import RangeOptions, TrialOptions
from lrdesigner.trials.range_result import Suggestion, range_curves, suggestion
from lrdesigner.trials.rate_scaling import full_rate_step, use_multiplier
from lrdesigner_app.theme import GRID
from lrdesigner_app.throttle import Throttle
from lrdesigner_app.trial.range_chart import RangeChart
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.trial.words import suggested_text
from lrdesigner_app.widgets import button, label, restyle
from lrdesigner_app.workspace import Workspace

_DRAW_MS = 100
_ALL = "All groups together"
_EMPTY = (
    "Copies of the model train with rates that grow from a thousandth to a thousand times the planned ones.\n"
    "The design stays as it is until you take a rate over."
)


class RatePage(QWidget):
    """Controls, a chart, and a sentence; "Use" multiplies base rates by the middle of what is suggested."""

    def __init__(self, workspace: Workspace, runner: TrialRunner) -> None:
        super().__init__()
        self._workspace, self._runner = workspace, runner
        self._points: list[RangePoint] = []
        self._group = ""
        self._mine = False
        self.found: Suggestion | None = None
        self._build()
        self._arrange()
        self._draw = Throttle(self._show_points, _DRAW_MS, self)
        self.run_button.clicked.connect(self._on_run_or_stop)
        self.use.clicked.connect(self._on_use)
        workspace.signals.design_changed.connect(self._list_groups)
        workspace.signals.range_test_changed.connect(self._refresh)
        self._list_groups()
        self._refresh()

    def run(self) -> None:
        """Start a range test with what the controls say."""
        group = self.group.currentData()
        design = self._workspace.store.committed
        options = TrialOptions(data=self.data.currentData(), start=full_rate_step(design))
        self._mine = True
        job = self._runner.test_range(RangeOptions(group=group), options)
        if job is None:
            self._mine = False
            return
        self._points, self._group, self.found = [], group, None
        job.report_received.connect(self._on_report)
        job.ended.connect(self._on_ended)
        self.words.setText("Starting …")
        self.chart.show_curves(None, None)
        self._refresh()

    def _build(self) -> None:
        self.run_button = button("Test rates", "primary", "Train copies of the model with growing rates")
        self.group = QComboBox()
        self.group.setAccessibleName("Which rates grow")
        self.group.setToolTip("All rates keep their ratios, or one group's grows while the others are as planned")
        self.data = QComboBox()
        for text, value in (("Handwritten digits", "demo"), ("Text", "text")):
            self.data.addItem(text, value)
        self.data.setAccessibleName("Data of the range test")
        self.use = button("Use", tip="Multiply the base rates by the middle of the suggested range; one edit")
        self.bar = QProgressBar()
        self.bar.setObjectName("thin")
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the range test")
        self.words = label(_EMPTY, "secondary")
        self.words.setWordWrap(True)
        self.words.setAccessibleName("Result of the range test")
        self.chart = RangeChart(self._workspace.theme)

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for made in (self.run_button, self.group, self.data, self.use):
            row.addWidget(made)
        row.addWidget(self.bar, 1)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self.chart, 1)
        column.addWidget(self.words)

    def _list_groups(self) -> None:
        names = [group.name for group in self._workspace.design.groups]
        if names == [self.group.itemData(i) for i in range(1, self.group.count())]:
            return
        chosen = self.group.currentData()
        self.group.clear()
        self.group.addItem(_ALL, "")
        for name in names:
            self.group.addItem(f"{name} alone", name)
        self.group.setCurrentIndex(max(self.group.findData(chosen), 0))

    def _on_run_or_stop(self) -> None:
        if self._mine:
            self._runner.stop()
        else:
            self.run()

    def _on_report(self, report: AnyReport) -> None:
        match report:
            case Progress():
                self.bar.setRange(0, report.total)
                self.bar.setValue(report.done)
                if not report.total:
                    self.words.setText(f"{report.stage.capitalize()} …")
            case RangePoint():
                self._points.append(report)
                self.bar.setValue(len(self._points))
                self._draw.request()

    def _on_ended(self, outcome: Outcome) -> None:
        self._mine = False
        self._draw.cancel()
        self._show_points()
        if outcome.state not in ("finished", "stopped"):
            self.words.setText(outcome.message)
        self._refresh()

    def _show_points(self) -> None:
        curves = range_curves(self._points)
        self.found = suggestion(curves) if curves is not None else None
        self.chart.show_curves(curves, self.found)
        if self.found is not None:
            self.words.setText(suggested_text(self.found))

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

    def _refresh(self) -> None:
        text, role = ("Stop", "") if self._mine else ("Test rates", "primary")
        if self.run_button.text() != text:
            self.run_button.setText(text)
            self.run_button.setProperty("role", role)
            restyle(self.run_button)
        self.bar.setVisible(self._mine)
        middle = self._middle
        self.use.setEnabled(not self._mine and middle is not None)
        self.use.setText("Use" if middle is None else f"Use × {rate(middle)}")
        for made in (self.group, self.data):
            made.setEnabled(not self._mine)
