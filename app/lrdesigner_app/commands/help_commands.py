"""About the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

import lrdesigner
from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class HelpCommands:
    """The Help menu."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("begin_tour", "Help", "&Tour of the window", "F1", "Three hints on what is where"),
        ActionSpec(
            "show_keys", "Help", "&Keys and mouse", "Shift+F1", "Every key, and what the mouse does beside them"
        ),
        ActionSpec("about", "Help", "&About LR Designer", "", "Version and versions of what it is built on"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def begin_tour(self) -> None:
        """The hints of the first start."""
        self._window.tour.begin()

    def show_keys(self) -> None:
        """The sheet of keys."""
        from lrdesigner_app.commands import ACTIONS
        from lrdesigner_app.key_sheet import KeySheet

        sheet = KeySheet(ACTIONS, self._window)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.show()  # it may stay open beside the work

    def about(self) -> None:
        """Versions."""
        import numpy
        import pyqtgraph
        import PySide6

        versions = {"PySide6": PySide6.__version__, "pyqtgraph": pyqtgraph.__version__, "numpy": numpy.__version__}
        text = (
            f"LR Designer {lrdesigner.__version__}\n\n"
            + ", ".join(f"{name} {version}" for name, version in versions.items())
            + "\n\nMIT licence. Demo data: handwritten digits, E. Alpaydin and C. Kaynak, UCI repository, CC BY 4.0."
        )
        QMessageBox.about(self._window, "About LR Designer", text)
