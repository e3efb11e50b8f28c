"""The plot for other programs: as a picture, and as a table of values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtGui import QGuiApplication

from lrdesigner.design_file import write_atomically
from lrdesigner.errors import UserError
from lrdesigner.store import Store
from lrdesigner_app.actions import ActionSpec
from lrdesigner_app.file_question import ask_where_to_save
from lrdesigner_app.notices import Notice
from lrdesigner_app.picture import as_image, as_png, as_svg
from lrdesigner_app.plot.views import KINDS
from lrdesigner_app.plot_picture import PlotPicture
from lrdesigner_app.value_writer import ValueWriter
from lrdesigner_app.workspace import Workspace

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow

SCALE = 2.0
"""Pixels of a copied picture for each pixel of the plot."""

_PICTURES = "PNG picture (*.png);;SVG drawing (*.svg)"
_TABLES = "Comma-separated values (*.csv)"


class PlotExportCommands:
    """What is exported is what the plot shows: its view, its axes, and the curves that are not hidden."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("save_plot", "File", "Save &plot as picture…", "", "Save the plot as a PNG or an SVG file"),
        ActionSpec("save_values", "File", "Save &values as CSV…", "", "Save the values of the shown curves as a table"),
        ActionSpec(
            "copy_plot_image",
            "Edit",
            "Copy plot as &image",
            "Ctrl+Shift+I",
            "Put a picture of the plot on the clipboard",
            scope="plot",
        ),
        ActionSpec(
            "copy_values",
            "Edit",
            "Copy &values as CSV",
            "Ctrl+Shift+V",
            "Put the values of the shown curves on the clipboard, one column per param group",
            scope="plot",
        ),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window, self._workspace = window, window.workspace
        self._writer = ValueWriter(window.busy, window)

    def save_plot(self) -> None:
        """Into a file that is asked for; its name says of which kind."""
        path = self._ask("Save plot", f"{self._window.plot.view}.png", _PICTURES, (".png", ".svg"))
        if path is not None:
            picture = self._picture()
            self._write(path, as_svg(picture) if path.suffix.lower() == ".svg" else as_png(picture))
            picture.deleteLater()

    def save_values(self) -> None:
        """Into a file that is asked for."""
        path = self._ask("Save values", f"{self._window.plot.view}.csv", _TABLES, (".csv",))
        if path is not None:
            self._begin_values(lambda text: self._write(path, text.encode()))

    def copy_plot_image(self) -> None:
        """Onto the clipboard."""
        picture = self._picture()
        QGuiApplication.clipboard().setImage(as_image(picture, SCALE))
        picture.deleteLater()
        self._workspace.post(Notice("The plot is on the clipboard, as a picture.", "good"))

    def copy_values(self) -> None:
        """Onto the clipboard."""
        self._begin_values(self._put_on_clipboard)

    def _put_on_clipboard(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        rows, columns = text.count("\n") - 1, text.partition("\n")[0].count(",") - 1
        words = f"{rows:,} steps of {columns:,} param group{'s' if columns != 1 else ''} are on the clipboard, as CSV."
        self._workspace.post(Notice(words, "good"))

    def _begin_values(self, give: Callable[[str], None]) -> None:
        look, design = self._workspace.display.look, self._workspace.design
        shown = frozenset(group.id for group in design.groups if look.shows(group.id))
        self._writer.begin(design, KINDS[self._window.plot.view].slots, shown, give)

    def _picture(self) -> PlotPicture:
        """The plot as it is now, for a report; of a workspace of its own, so that nothing is left of it."""
        shown = self._workspace
        own = Workspace(Store(shown.store.committed), shown.theme)
        own.display.look = shown.display.look
        own.select_group(shown.selected_group.id)
        own.select_slot(shown.selected_slot)
        return PlotPicture(own, self._window.plot.view, like=self._window.plot)

    def _ask(self, title: str, name: str, kinds: str, suffixes: tuple[str, ...]) -> Path | None:
        folder = Path(self._window.settings.text("folder"))
        return ask_where_to_save(self._window, title, folder / name, kinds, suffixes[0], suffixes)

    def _write(self, path: Path, content: bytes) -> None:
        try:
            write_atomically(path, content)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        self._workspace.post(Notice(f"Saved {path.name}.", "good"))
