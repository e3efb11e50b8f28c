"""About the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QMessageBox

import lrdesigner
from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class HelpCommands:
    """The Help menu."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("begin_tour", "Help", "&Tour of the window", "F1", "Three hints on what is where"),
        ActionSpec("about", "Help", "&About LR Designer", "", "Version and versions of what it is built on"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def begin_tour(self) -> None:
        """The hints of the first start."""
        self._window.tour.begin()

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
