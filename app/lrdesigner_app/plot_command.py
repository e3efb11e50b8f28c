"""`lrdesigner plot`: the window's own plot, drawn into a file without a display."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lrdesigner.cli.design_commands import DesignArgument, faultless_design
from lrdesigner.cli.output import say
from lrdesigner.design_file import write_atomically
from lrdesigner.document import Design
from lrdesigner.errors import UserError

if TYPE_CHECKING:
    from lrdesigner_app.plot import View

WIDTH, HEIGHT = 1200, 720
TRACKS: tuple[View, ...] = ("lr", "weight_decay", "momentum", "beta2", "lr_wd")
"""The plot's views; named here too, so that the command line need not load Qt to know them."""


def plot(
    design_file: DesignArgument,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Picture to write: .png or .svg.")],
    track: Annotated[
        str, typer.Option("--track", metavar="NAME", help=f"What to draw: {', '.join(TRACKS)} (their product).")
    ] = "lr",
) -> None:
    """Draw the learning rate, or another track, of every group over time."""
    if output.suffix.lower() not in (".png", ".svg"):
        raise UserError(f"{output} must end in .png or .svg.")
    view = next((name for name in TRACKS if name == track), None)
    if view is None:
        raise UserError(f"--track must be one of {', '.join(TRACKS)}, not {track!r}.")
    picture = draw(faultless_design(design_file), output.suffix.lower(), view)
    write_atomically(output, picture)
    say(f"Wrote {output}.")


def draw(design: Design, kind: str, track: View = "lr") -> bytes:
    """The picture's bytes, as ".png" or ".svg"; raises `UserError` where no group has the track."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from lrdesigner.store import Store
    from lrdesigner_app.picture import as_png, as_svg
    from lrdesigner_app.plot import views_of
    from lrdesigner_app.plot_picture import PlotPicture
    from lrdesigner_app.theme import Theme
    from lrdesigner_app.workspace import Workspace

    if track not in views_of(design):
        raise UserError(f"No group of this design has the track {track}.")
    application = QApplication.instance() or QApplication(["lrdesigner"])
    assert isinstance(application, QApplication)
    theme = Theme(application)
    theme.apply()
    picture = PlotPicture(Workspace(Store(design), theme), track)
    picture.resize(WIDTH, HEIGHT)
    return as_svg(picture) if kind == ".svg" else as_png(picture)
