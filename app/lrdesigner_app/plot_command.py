"""`lrdesigner plot`: the window's own plot, drawn into a file without a display."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from lrdesigner.cli.design_commands import DesignArgument
from lrdesigner.cli.output import say
from lrdesigner.design_file import load, write_atomically
from lrdesigner.document import Design
from lrdesigner.errors import UserError

WIDTH, HEIGHT = 1200, 720


def plot(
    design_file: DesignArgument,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Picture to write: .png or .svg.")],
) -> None:
    """Draw the learning rate of every group over time."""
    if output.suffix.lower() not in (".png", ".svg"):
        raise UserError(f"{output} must end in .png or .svg.")
    picture = draw(load(design_file), output.suffix.lower())
    write_atomically(output, picture)
    say(f"Wrote {output}.")


def draw(design: Design, kind: str) -> bytes:
    """The picture's bytes, as ".png" or ".svg"."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from lrdesigner.store import Store
    from lrdesigner_app.picture import as_png, as_svg
    from lrdesigner_app.plot_picture import PlotPicture
    from lrdesigner_app.theme import Theme
    from lrdesigner_app.workspace import Workspace

    application = QApplication.instance() or QApplication(["lrdesigner"])
    assert isinstance(application, QApplication)
    theme = Theme(application)
    theme.apply()
    picture = PlotPicture(Workspace(Store(design), theme))
    picture.resize(WIDTH, HEIGHT)
    return as_svg(picture) if kind == ".svg" else as_png(picture)
