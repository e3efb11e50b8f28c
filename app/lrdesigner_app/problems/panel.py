"""The Problems tab: what the core's checks found, each with its place and, where there is one, its fix."""

from __future__ import annotations

from types import MappingProxyType

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from lrdesigner.findings import Finding, check
from lrdesigner.findings.finding import Severity
from lrdesigner_app.debounce import Debounce
from lrdesigner_app.icons import icon
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import SMALL_PX, button, calling, label, plain_tip
from lrdesigner_app.workspace import Workspace

DELAY_MS = 200

PLACE_PX = 260
"""Of the widest place; the sentences stand beside it in line."""

CHECKED = "Checked: groups, rules and pins, rates over the whole run, weight decay, freezing, and what torch can do."

MOST_ROWS = 200
"""Findings that are listed; a file with thousands of faults must not hold the window up."""


_SIGNS: MappingProxyType[Severity, str] = MappingProxyType(
    {"error": "circle-x", "warning": "triangle-alert", "info": "info"}
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
        self._places: list[QPushButton] = []
        self._list = QWidget()
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, GRID, 0, 0)
        self._rows.setSpacing(GRID)
        area = self._area = QScrollArea(widgetResizable=True)
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
        self._findings, self._places = found, []
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if found:
            self._rows.addWidget(self._table(found[:MOST_ROWS]))
        if len(found) > MOST_ROWS:
            self._rows.addWidget(label(f"{len(found) - MOST_ROWS:,} more are not listed.", "secondary"))
        if not found:
            self._rows.addWidget(label("No problems found.", "secondary"))
            self._rows.addWidget(label(CHECKED, "secondary"))
        self._rows.addStretch(1)
        self.count_changed.emit(sum(finding.severity != "info" for finding in found))

    def step(self, by: int) -> None:
        """Show the next finding (1) or the one before (-1), around the end; the keyboard goes to its place."""
        self.refresh()
        listed = self.findings[: len(self._places)]
        if not listed:
            return
        at = listed.index(self._current) if self._current in listed else (-1 if by > 0 else 0)
        at = (at + by) % len(listed)
        self._show(listed[at])
        self._places[at].setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._area.ensureWidgetVisible(self._places[at])

    def _table(self, findings: tuple[Finding, ...]) -> QWidget:
        """A row for each; severity, place, sentence and fix stand in columns."""
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID)
        grid.setColumnStretch(2, 1)
        for row, finding in enumerate(findings):
            text = label(finding.message)
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(self._severity(finding), row, 0)
            grid.addWidget(self._place(finding), row, 1, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(text, row, 2)
            grid.addWidget(self._mend(finding), row, 3)
        return table

    def _severity(self, finding: Finding) -> QWidget:
        """A sign and the word, since not everybody tells colours apart."""
        made, sign = QWidget(), label("")
        sign.setPixmap(
            icon(_SIGNS[finding.severity], "secondary").pixmap(QSize(SMALL_PX, SMALL_PX), self.devicePixelRatioF())
        )
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(sign)
        row.addWidget(label(finding.severity.capitalize(), "bad" if finding.severity == "error" else "secondary"))
        return made

    def _place(self, finding: Finding) -> QPushButton:
        made = button(finding.where, "quiet", "Show where this is")
        made.setText(made.fontMetrics().elidedText(finding.where, Qt.TextElideMode.ElideRight, PLACE_PX))
        if made.text() != finding.where:
            made.setToolTip(plain_tip(finding.where))
        made.clicked.connect(calling(self._show, finding))
        self._places.append(made)
        return made

    def _mend(self, finding: Finding) -> QPushButton:
        """The button of a finding: its fix or, where a person has to decide, the way to its place."""
        if finding.fix is not None:
            made = button(finding.fix.label, tip="Mend this; it can be undone")
            made.clicked.connect(calling(self._fix, finding))
            return made
        made = button("Show", tip="Show where this is, to mend it by hand")
        made.setAccessibleName(f"Show {finding.where}")
        made.clicked.connect(calling(self._show, finding))
        return made

    def _show(self, finding: Finding) -> None:
        self._current = finding
        self._workspace.reveal(finding.shown_at)

    def _fix(self, finding: Finding) -> None:
        if finding.fix is not None:
            self._workspace.commit(finding.fix.label, finding.fix.edit)
