"""The Trial tab: its pages are built when they are first needed, since charts would slow the window's start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from lrdesigner_app.choice import Choice
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.workspace import Workspace

if TYPE_CHECKING:
    from lrdesigner_app.trial.panel import TrialPanel

Factory = Callable[[Workspace, TrialRunner], QWidget]


def _run_page(workspace: Workspace, runner: TrialRunner) -> QWidget:
    from lrdesigner_app.trial.panel import TrialPanel

    return TrialPanel(workspace, runner)


def _rate_page(workspace: Workspace, runner: TrialRunner) -> QWidget:
    from lrdesigner_app.trial.rate_page import RatePage

    return RatePage(workspace, runner)


def _variants_page(workspace: Workspace, runner: TrialRunner) -> QWidget:
    from lrdesigner_app.trial.variants_page import VariantsPage

    return VariantsPage(workspace, runner)


def _history_page(workspace: Workspace, runner: TrialRunner) -> QWidget:
    from lrdesigner_app.trial.history_page import HistoryPage

    return HistoryPage(workspace, runner)


PAGES: tuple[tuple[str, Factory], ...] = (
    ("Run", _run_page),
    ("Range test", _rate_page),
    ("Variants", _variants_page),
    ("History", _history_page),
)
"""Titles of the pages and what builds them; the first one is the run view."""
_VARIANTS = 2


class TrialTab(QWidget):
    """Holds its pages from the first time they are shown or asked for; `choice` stands where there is room for it."""

    def __init__(
        self, workspace: Workspace, runner: TrialRunner, pages: tuple[tuple[str, Factory], ...] = PAGES
    ) -> None:
        super().__init__()
        self._workspace, self._runner, self._factories = workspace, runner, pages
        self._built: dict[int, QWidget] = {}
        self._stack = QStackedWidget()
        self.choice = Choice("Page of trials", [title for title, _ in pages])
        self.choice.chosen.connect(self.show_page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    @property
    def panel(self) -> TrialPanel:
        """The run view."""
        from lrdesigner_app.trial.panel import TrialPanel

        panel = self.page(0)
        assert isinstance(panel, TrialPanel)
        return panel

    def page(self, index: int) -> QWidget:
        """A page by its place, built if it was not yet."""
        if index not in self._built:
            self._built[index] = self._factories[index][1](self._workspace, self._runner)
            self._stack.addWidget(self._built[index])
        return self._built[index]

    def show_page(self, index: int) -> None:
        """Bring a page to the front."""
        self._stack.setCurrentWidget(self.page(index))
        self.choice.show_chosen(index)

    def show_results(self, folder: Path) -> None:
        """Show the results of a sweep that lie in a folder."""
        from lrdesigner_app.trial.variants_page import VariantsPage

        self.show_page(_VARIANTS)
        page = self.page(_VARIANTS)
        assert isinstance(page, VariantsPage)
        page.open_results(folder)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._built:
            self.show_page(0)
