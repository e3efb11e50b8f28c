"""Renders the window for the documentation, without a display: `python resources/screenshots/render.py`.

Each scene is the real window on a design file beside this script, painted by Qt's offscreen platform. `--scale 2`
renders for screens of twice the density, `--only NAME` one scene.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow

HERE = Path(__file__).resolve().parent
SIZE = (1440, 900)
SETTLED_MS = 1500
"""What is debounced and animated in the window is over by then."""


@dataclass(frozen=True)
class Scene:
    """One picture: its file, whether dark, and what is done in the window before it is painted."""

    name: str
    dark: bool
    prepare: Callable[[MainWindow], None]


def _head(window: MainWindow) -> None:
    window.workspace.select_group(next(g.id for g in window.workspace.design.groups if g.name == "head"))
    window.workspace.segments.select(2)


def _backbone(window: MainWindow) -> None:
    window.workspace.select_group(window.workspace.design.groups[0].id)


SCENES = (Scene("window-light", dark=False, prepare=_head), Scene("window-dark", dark=True, prepare=_backbone))


def render(scene: Scene, folder: Path) -> Path:
    """Make the window of a scene and paint it into a PNG in `folder`."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from lrdesigner.design_file import load
    from lrdesigner_app.application import make_window
    from lrdesigner_app.theme import DARK, LIGHT

    application = QApplication.instance() or QApplication(["lrdesigner"])
    assert isinstance(application, QApplication)
    window = make_window(application, load(HERE / "vit.lrd.json"))
    theme = window.workspace.theme
    theme.tokens = DARK if scene.dark else LIGHT
    theme.apply()
    theme.changed.emit()
    window.files.path = Path("vit-finetune.lrd.json")
    window.files.path_changed.emit()
    window.resize(*SIZE)
    window.show()
    scene.prepare(window)
    loop = QEventLoop()
    QTimer.singleShot(SETTLED_MS, loop.quit)
    loop.exec()
    file = folder / f"{scene.name}.png"
    window.grab().save(str(file))
    window.close()
    return file


def main() -> None:
    """Render every scene, or the one that is asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=[scene.name for scene in SCENES])
    options.add_argument("--scale", default="1", help="pixels of the picture for each of the window's")
    options.add_argument("--to", type=Path, default=HERE, metavar="FOLDER")
    wanted = options.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = wanted.scale
    with tempfile.TemporaryDirectory() as settings:
        os.environ["XDG_CONFIG_HOME"] = settings  # nobody's own window decides how the pictures look
        for scene in SCENES:
            if wanted.only in (None, scene.name):
                sys.stdout.write(f"Wrote {render(scene, wanted.to)}.\n")


if __name__ == "__main__":
    main()
