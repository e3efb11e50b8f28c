"""The quiet line in the plot that says how many curves are not shown, and shows them again."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QHBoxLayout, QWidget

from lrdesigner.document import Design
from lrdesigner_app.curve_display import Look
from lrdesigner_app.plot.views import View, has_view
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, calling, label
from lrdesigner_app.workspace import Workspace


class HiddenNote(QWidget):
    """Stands in the plot while a curve is hidden."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.quiet = False
        """Whether it never says anything: in a picture nothing can be clicked."""
        self.text = label("", "secondary")
        self.show_all = button("Show all", "crumb", "Show every curve (Shift+H)")
        self.show_all.setAccessibleName("Show all curves")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.text)
        row.addWidget(self.show_all)
        self.show_all.clicked.connect(calling(workspace.display.show_all))
        self.hide()

    def show_for(self, design: Design, look: Look, view: View, place: QPoint) -> None:
        """Say it at a place, or go away where there is nothing to say."""
        words = "" if self.quiet else hidden_words(design, look, view)
        if words != self.text.text():
            self.text.setText(words)
        self.adjustSize()
        self.move(place)
        self.setVisible(bool(words))


def hidden_words(design: Design, look: Look, view: View) -> str:
    """ "head alone · 3 curves hidden ·"; "" where everything is shown."""
    there = [group for group in design.groups if has_view(group, view)]
    number = sum(not look.shows(group.id) for group in there)
    if not number:
        return ""
    alone = next((group.name for group in design.groups if group.id == look.solo), None)
    if alone is not None:
        return f"{alone if len(alone) <= 28 else alone[:27] + '…'} alone ·"
    return f"{number} curve{'s' if number != 1 else ''} {'hidden' if look.passed is None else 'not shown'} ·"
