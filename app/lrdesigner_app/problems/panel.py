"""The Problems tab: what the core's checks and the last trial found, each with its place and, if any, its fix."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from lrdesigner.document import Design
from lrdesigner.findings import Finding, check, in_order
from lrdesigner.findings.finding import Severity
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.debounce import Debounce
from lrdesigner_app.problems.rows import FindingRows
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, calling, exclusive, label
from lrdesigner_app.workspace import Workspace

DELAY_MS = 200

CHECKED = (
    "Checked: groups, rules and pins, rates over the whole run, where segments join, floors and peaks, weight decay, "
    "freezing, and what torch and the optimizers can do."
)

MOST_ROWS = 200
"""Findings that are listed; a file with thousands of faults must not hold the window up."""

_KINDS: tuple[tuple[Severity | None, str], ...] = (
    (None, "All"),
    ("error", "Errors"),
    ("warning", "Warnings"),
    ("info", "Info"),
)


class ProblemsPanel(QWidget):
    """A list of findings; clicking a place shows it: its group, track and part."""

    count_changed = Signal(int)
    """How many errors and warnings there are; what is only good to know is listed but does not alarm."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._findings: tuple[Finding, ...] | None = None
        self._current: Finding | None = None
        self._trial: TrialRecord | None = None
        self._wanted: Severity | None = None
        self.list = FindingRows(workspace.theme)
        self.words = label("", "secondary")
        self.tabs = {severity: button(title, "tab") for severity, title in _KINDS}
        self._head, self._area = QWidget(), QScrollArea(widgetResizable=True)
        self._build()
        self.list.place_asked.connect(self._look)
        self.list.mending_asked.connect(self._mend)
        self.list.row_reached.connect(self._area.ensureWidgetVisible)
        self._debounce = Debounce(DELAY_MS, self.refresh, self)
        workspace.signals.design_changed.connect(self._debounce.request)
        workspace.signals.trial_changed.connect(self._on_trial_changed)
        self._debounce.request()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that was found."""
        return self._findings or ()

    @property
    def listed(self) -> tuple[Finding, ...]:
        """What is in the list: of the severity that is asked for."""
        return tuple(row.finding for row in self.list.rows)

    def refresh(self) -> None:
        """Check now."""
        self._debounce.forget()
        design = self._workspace.design
        found = in_order((*check(design, self._workspace.file_faults), *self._of_the_trial(design)))
        if found == self._findings:
            return
        self._findings = found
        self._show()
        self.count_changed.emit(sum(finding.severity != "info" for finding in found))

    def show_only(self, severity: Severity | None) -> None:
        """List what is of one severity; None for all."""
        self._wanted = severity
        self.tabs[severity].setChecked(True)
        self._show()

    def step(self, by: int) -> None:
        """Show the next finding (1) or the one before (-1), around the end; the keyboard goes to its place."""
        self.refresh()
        listed = self.listed
        if not listed:
            return
        at = listed.index(self._current) if self._current in listed else (-1 if by > 0 else 0)
        at = (at + by) % len(listed)
        self._look(listed[at])
        self.list.go_to(at)

    def _of_the_trial(self, design: Design) -> tuple[Finding, ...]:
        if self._trial is None:
            return ()
        from lrdesigner.trials.findings import trial_findings  # what a window that starts does not need

        return trial_findings(self._trial, design)

    def _on_trial_changed(self, record: TrialRecord) -> None:
        """What the last trial said stays until another one has ended; one that was cancelled says nothing."""
        if record is not self._trial and not record.running and not record.discarded:
            self._trial = record
            self._findings = None  # repairs may differ where the sentences do not
            self._debounce.request()

    def _build(self) -> None:
        exclusive(self, *self.tabs.values())
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, GRID // 2, 0, 0)
        head.setSpacing(2)
        for severity, made in self.tabs.items():
            made.clicked.connect(calling(self.show_only, severity))
            head.addWidget(made)
        head.addStretch(1)
        self.words.setWordWrap(True)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, GRID // 2, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(self.list)
        column.addWidget(self.words)
        column.addStretch(1)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head)
        layout.addWidget(self._area)

    def _show(self) -> None:
        found = self.findings
        counts = Counter(finding.severity for finding in found)
        for severity, title in _KINDS:
            number = len(found) if severity is None else counts[severity]
            self.tabs[severity].setText(f"{title}  {number:,}" if number else title)
            self.tabs[severity].setToolTip(f"List {'all' if severity is None else title.lower()} (Space when focused)")
        self._head.setVisible(bool(found))
        wanted = [finding for finding in found if self._wanted in (None, finding.severity)]
        self.list.show_findings(wanted[:MOST_ROWS])
        self.list.setVisible(bool(wanted))
        self.words.setText(self._summary(len(wanted)))
        self.words.setVisible(bool(self.words.text()))

    def _summary(self, wanted: int) -> str:
        if not self.findings:
            return f"No problems found.\n{CHECKED}"
        if not wanted:
            return f"No {dict(_KINDS)[self._wanted].lower()} among what was found."
        return f"{wanted - MOST_ROWS:,} more are not listed." if wanted > MOST_ROWS else ""

    def _look(self, finding: Finding) -> None:
        self._current = finding
        self._workspace.reveal(finding.shown_at)

    def _mend(self, finding: Finding) -> None:
        """By its fix or, where a person has to decide, by the way to its place."""
        if finding.fix is not None:
            self._workspace.commit(finding.fix.label, finding.fix.edit)
        else:
            self._current = finding
            self._workspace.reveal(finding.shown_at, edit=True)
