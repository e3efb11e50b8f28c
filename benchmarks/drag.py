"""How long a drag of a handle takes from the mouse to the screen, beside matplotlib redrawn by the same mouse.

    python benchmarks/drag.py [--moves N] [--peer PYTHON] [--scale S]

The whole main window, 1600x1000, with 16 groups and with 64 of different shapes over a million steps: every move of the
mouse is timed from the event being sent to the end of the frame that shows what came of it; "outside" is what of it
is not painting. The code's tab is open, and the hand rests now and then, so that code and findings have their chance
to be in the way; "stall" is the longest time that the program kept to itself while the handle was held. The peer is a
plain matplotlib canvas as large as our plot, with as many lines of the same points on a log axis, one of which follows
the mouse: `set_ydata` and `draw`. It runs in the interpreter PYTHON, which needs matplotlib and PySide6; without it
there is no ratio. Aims: 16 groups: median under 16 ms, 95th percentile under 25 ms; 64 groups: median under 33 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

GROUPS = (16, 64)
WIDTH, HEIGHT = 1600, 1000
PACE_S, PAUSE_EVERY = 0.010, 40
HERE = Path(__file__).parent


def main() -> None:
    """Measure ours and the peer in turns, each in a process of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=400)
    parser.add_argument("--peer", default=sys.executable, help="an interpreter with matplotlib and PySide6")
    parser.add_argument("--scale", default="1", help="device pixels per pixel")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        os.write(1, json.dumps(_ours(asked.one, asked.moves)).encode())
        os._exit(0)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LRDESIGNER_CONFIG_DIR": folder, "QT_SCALE_FACTOR": asked.scale}
        if not environment.get("DISPLAY"):
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        peer = _has_matplotlib(asked.peer)
        for groups in GROUPS:
            mine = _measured([sys.executable, __file__, "--one", str(groups), "--moves", str(asked.moves)], environment)
            _print(f"{groups} groups, ours", mine)
            if peer:
                command = [asked.peer, str(HERE / "drag_peer.py"), str(asked.moves)]
                other = _measured(command, environment, mine)
                _print(f"{groups} groups, matplotlib", other)
                ratio = np.median(other["latencies"]) / np.median(mine["latencies"])
                print(f"{'':24} matplotlib takes {ratio:.1f} times as long")
    if not peer:
        print(f"{asked.peer} has no matplotlib, so nothing is measured beside it.")


def _ours(groups: int, moves: int) -> dict[str, Any]:
    """The main window under the mouse."""
    from drag_design import many_groups
    from pointer import Dragger, dragged

    from lrdesigner_app.window_command import start

    _, window, _ = start("")
    window.resize(WIDTH, HEIGHT)
    window.workspace.store.open(many_groups(groups, 10 * groups))
    plot, chosen = window.plot, window.workspace.design.groups[0].id
    curve = plot._curves._curves  # noqa: SLF001 - what the next frame will show
    handles = plot._handles  # noqa: SLF001 - where to take hold
    canvas = plot.chart.viewport()
    drag = Dragger(window, canvas, lambda: curve[chosen].source and curve[chosen].source.lanes[0].track.base)
    drag.rest(3.0)
    item = next(item for item, stack in zip(handles.items(), handles.stacks(), strict=True) if "base_lr" in stack.names)
    at = plot.chart.mapFromScene(item.scenePos())
    found = dragged(drag, at, moves, PACE_S, PAUSE_EVERY)
    points = [[_drawn(one.xs), _drawn(one.ys)] for one in curve.values()]
    ranges = plot.chart.view.viewRange()
    return {**found, "points": points, "ranges": ranges, "size": [plot.chart.width(), plot.chart.height()]}


def _drawn(values: Any) -> list[float]:
    return [float(value) if np.isfinite(value) else -99.0 for value in values]


def _has_matplotlib(python: str) -> bool:
    return (
        subprocess.run([python, "-c", "import matplotlib, PySide6"], capture_output=True, check=False).returncode == 0
    )


def _measured(command: list[str], environment: dict[str, str], given: object = None) -> dict[str, Any]:
    """What a fresh process measures."""
    text = json.dumps(given).encode()
    said = subprocess.run(command, input=text, stdout=subprocess.PIPE, env=environment, check=True).stdout
    found: dict[str, Any] = json.loads(said)
    return found


def _print(name: str, found: dict[str, Any]) -> None:
    whole, outside = 1e3 * np.array(found["latencies"]), 1e3 * np.array(found["outside"])
    middle, late, worst = (float(value) for value in np.percentile(whole, (50, 95, 100)))
    print(
        f"{name:24} median {middle:6.1f} ms   95 % {late:6.1f} ms   longest {worst:6.1f} ms   "
        f"outside painting {np.median(outside):5.1f} ms   stall {1e3 * found['stall']:6.1f} ms   ({found['events']})"
    )


if __name__ == "__main__":
    main()
