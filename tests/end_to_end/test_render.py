"""The script that renders the window for the documentation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "resources" / "screenshots" / "render.py"


def test_the_window_is_rendered_without_a_display_at_twice_the_density(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--only", "window-dark", "--scale", "2", "--to", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    picture = QImage(str(tmp_path / "window-dark.png"))
    assert (picture.width(), picture.height()) == (2880, 1800)
    colours = {picture.pixelColor(x, y).name() for x in range(0, 2880, 7) for y in range(0, 1800, 7)}
    assert len(colours) > 50
    assert picture.pixelColor(4, 4).lightnessF() < 0.2
