"""The peer of `drag.py`: a matplotlib canvas in a window, with one of its lines following the mouse.

Gets on stdin what ours drew, and prints what it measured, both as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import matplotlib as mpl
import numpy as np
from pointer import Dragger, dragged
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QMainWindow

mpl.use("QtAgg")
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure

PACE_S, PAUSE_EVERY = 0.010, 40


def main() -> None:
    """Measure."""
    given = json.load(sys.stdin)
    application = QApplication([])
    width, height = given["size"]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    canvas = FigureCanvasQTAgg(figure)
    axes = figure.add_subplot()
    axes.set_yscale("log")
    axes.grid(visible=True, alpha=0.3)
    lines = [axes.plot(xs, 10.0 ** np.array(ys), linewidth=1)[0] for xs, ys in given["points"]]
    (left, right), (bottom, top) = given["ranges"]
    axes.set_xlim(left, right)
    axes.set_ylim(10.0**bottom, 10.0**top)
    window = QMainWindow()
    window.setCentralWidget(canvas)
    window.resize(width, height)
    window.show()
    shape = 10.0 ** np.array(given["points"][0][1])
    state: list[float] = [1.0, 0.0]

    def pressed(event: Any) -> None:
        state[1] = event.y

    def moved(event: Any) -> None:
        if state[1]:
            state[0] = 10.0 ** ((event.y - state[1]) / axes.bbox.height * (top - bottom))
            lines[0].set_ydata(shape * state[0])
            canvas.draw()

    canvas.mpl_connect("button_press_event", pressed)
    canvas.mpl_connect("motion_notify_event", moved)
    canvas.draw()
    drag = Dragger(window, canvas, lambda: state[0])
    drag.rest(1.0)
    found = dragged(drag, QPoint(width // 2, height // 2), int(sys.argv[1]), PACE_S, PAUSE_EVERY)
    os.write(1, json.dumps(found).encode())
    application.processEvents()
    os._exit(0)


if __name__ == "__main__":
    main()
