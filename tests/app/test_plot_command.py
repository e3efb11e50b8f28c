"""`lrdesigner plot`: the plot as a picture, of any track."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from lrdesigner import edits
from lrdesigner.design_file import encode
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner_app.plot import VIEWS
from lrdesigner_app.plot_command import TRACKS, draw, plot


def test_the_command_knows_the_views_of_the_plot() -> None:
    assert TRACKS == VIEWS


@pytest.mark.parametrize("track", TRACKS)
def test_every_track_is_drawn_into_a_picture(design: Design, track: str, tmp_path: Path, qapp: QApplication) -> None:
    file, picture = tmp_path / "design.lrd.json", tmp_path / "plot.png"
    file.write_bytes(encode(design))
    plot(file, picture, track)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_pictures_of_two_tracks_differ(design: Design, qapp: QApplication) -> None:
    assert draw(design, ".svg") != draw(design, ".svg", "momentum")


def test_a_track_that_is_none_or_that_no_group_has_is_refused(
    design: Design, tmp_path: Path, qapp: QApplication
) -> None:
    file = tmp_path / "design.lrd.json"
    file.write_bytes(encode(design))
    with pytest.raises(UserError, match="--track must be one of lr, weight_decay"):
        plot(file, tmp_path / "plot.png", "rate")
    for group in design.groups:
        design = edits.set_optimizer(design, group.id, "SGD")
    with pytest.raises(UserError, match="No group of this design has the track beta2"):
        draw(design, ".png", "beta2")
