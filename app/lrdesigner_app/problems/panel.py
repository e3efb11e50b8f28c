"""The Problems tab: what the core's checks found, each with its place and, where there is one, its fix."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from lrdesigner.findings import Finding, check
from lrdesigner_app.debounce import Debounce
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label
from lrdesigner_app.workspace import Workspace

DELAY_MS = 200

MOST_ROWS = 200
"""Findings that are listed; a file with thousands of faults must not hold the window up."""


class ProblemsPanel(QWidget):
    """A list of findings; clicking a place selects its group."""

    count_changed = Signal(int)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._findings: tuple[Finding, ...] | None = None
        self._list = QWidget()
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, GRID, 0, 0)
        self._rows.setSpacing(GRID)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(self._list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self._debounce = Debounce(DELAY_MS, self.refresh, self)
        workspace.signals.design_changed.connect(self._debounce.request)
        self._debounce.request()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is listed."""
        return self._findings or ()

    def refresh(self) -> None:
        """Check now."""
        self._debounce.forget()
        found = check(self._workspace.design, self._workspace.file_faults)
        if found == self._findings:
            return
        self._findings = found
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for finding in found[:MOST_ROWS]:
            self._rows.addWidget(self._row(finding))
        if len(found) > MOST_ROWS:
            self._rows.addWidget(label(f"{len(found) - MOST_ROWS:,} more are not listed.", "secondary"))
        if not found:
            self._rows.addWidget(label("No problems found.", "secondary"))
        self._rows.addStretch(1)
        self.count_changed.emit(len(found))

    def _row(self, finding: Finding) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        place = button(finding.where, "quiet", "Select this group")
        place.setEnabled(finding.group is not None)
        place.clicked.connect(lambda: self._select(finding.group))
        text = label(finding.message)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(label(finding.severity.capitalize(), "bad" if finding.severity == "error" else "secondary"))
        layout.addWidget(place)
        layout.addWidget(text, 1)
        if finding.fix is not None:
            fix = button(finding.fix.label)
            fix.clicked.connect(lambda: self._fix(finding))
            layout.addWidget(fix)
        return row

    def _select(self, group: int | None) -> None:
        if group is not None:
            self._workspace.select_group(group)

    def _fix(self, finding: Finding) -> None:
        if finding.fix is not None:
            self._workspace.commit(finding.fix.label, finding.fix.edit)
