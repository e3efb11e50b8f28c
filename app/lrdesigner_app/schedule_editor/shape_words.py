"""What the shape in use does: a sentence, and on request its formula, torch's class and its source."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner.schedules import Shape
from lrdesigner_app.schedule_editor.shape_chooser import summary
from lrdesigner_app.widgets import button, label


class ShapeWords(QWidget):
    """Stays as it was opened or closed when the shape becomes another."""

    def __init__(self) -> None:
        super().__init__()
        self._shape: Shape | None = None
        self.summary = label("", "secondary")
        self.details = label("", "secondary")
        self.toggle = button("Formula and source", "crumb", "Show the formula, torch's class and the source")
        self.toggle.setCheckable(True)
        for text in (self.summary, self.details):
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.summary)
        column.addWidget(self.toggle, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.details)
        self.toggle.toggled.connect(self.details.setVisible)

    def show_shape(self, shape: Shape) -> None:
        """Show the words of a shape."""
        if shape is self._shape:
            return
        self._shape = shape
        rest = shape.doc.replace("`", "").split("\n\n")[1:]
        self.summary.setText(summary(shape))
        self.details.setText("\n".join(" ".join(part.split()) for part in rest))
