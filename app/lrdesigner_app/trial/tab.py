"""The Trial tab, built when it is first needed: its two charts would cost a tenth of the window's start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.workspace import Workspace

if TYPE_CHECKING:
    from lrdesigner_app.trial.panel import TrialPanel


class TrialTab(QWidget):
    """Holds the trial panel from the first time it is shown or asked for."""

    def __init__(self, workspace: Workspace, runner: TrialRunner) -> None:
        super().__init__()
        self._workspace, self._runner = workspace, runner
        self._panel: TrialPanel | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    @property
    def panel(self) -> TrialPanel:
        """The panel itself."""
        if self._panel is None:
            from lrdesigner_app.trial.panel import TrialPanel

            self._panel = TrialPanel(self._workspace, self._runner)
            self._layout.addWidget(self._panel)
        return self._panel

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.panel.show()
