"""What an edit costs outside of painting, and what ten thousand of them leave in memory.

    python benchmarks/edits.py [--edits N] [--many N]

The whole main window, 1600x1000, 64 groups over 10,000 parameters, the Code tab open. Each edit is committed as the
inspector does it; "edit" is the time until every panel has taken it, without painting; "later" is the longest turn of
the event loop in the half second after it, in which code and findings follow. Aim: 10 ms for an edit. Then many edits
of one field: what the process grows by, for each edit, and what is left of that when the history is dropped.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

GROUPS, PARAMETERS = 64, 10_000
WIDTH, HEIGHT = 1600, 1000
SETTLES_S = 0.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=40, help="of each kind, timed")
    parser.add_argument("--many", type=int, default=10_000, help="edits whose memory is looked at")
    asked = parser.parse_args()
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from drag_design import many_groups
    from pointer import FrameClock

    from lrdesigner_app.window_command import start

    _, window, _ = start("")
    window.resize(WIDTH, HEIGHT)
    window.workspace.store.open(many_groups(GROUPS, PARAMETERS))
    clock = FrameClock(window, window.plot.chart.viewport(), lambda: None)
    _rest(2.0)
    for name, edits in _kinds(window.workspace.design).items():
        _time(name, window, clock, edits, asked.edits)
    _memory(window, asked.many)
    os._exit(0)


def _kinds(design: Any) -> dict[str, Any]:
    """Edits without end, each another than the one before."""
    from lrdesigner import edits
    from lrdesigner.schedule_edits import set_node_fields
    from lrdesigner.schedules import Length

    first, second = design.groups[0].id, design.groups[1].id
    module = design.model.inventory.modules[2].path
    return {
        "base lr": ((edits.set_base_lr, (first, 1e-4 * (1.01 + n / 100))) for n in cycle(range(50))),
        "length of a segment": (
            (set_node_fields, (first, "lr", (0,), {"length": Length(10_000.0 + 100 * n, "steps")}))
            for n in cycle(range(50))
        ),
        "weight decay": ((edits.set_option, (second, "weight_decay", 0.01 * (1 + n))) for n in cycle(range(2, 9))),
        "pin": ((edits.assign, ((module,), group)) for group in cycle((first, second))),
        "name": ((edits.rename_group, (second, f"group one {n}")) for n in cycle(range(50))),
    }


def _time(name: str, window: Any, clock: Any, edits: Any, number: int) -> None:
    taken, later = [], []
    for _ in range(number):
        edit, arguments = next(edits)
        painting, began = clock.painting, time.perf_counter()
        if not window.workspace.store.commit(name, edit, *arguments):
            raise SystemExit(f"An edit of {name} has changed nothing.")
        _turn()
        taken.append(time.perf_counter() - began - (clock.painting - painting))
        later.append(_rest(SETTLES_S, clock))
    middle, late = (1e3 * float(value) for value in np.percentile(taken, (50, 95)))
    said = f"{name:20} edit: median {middle:5.1f} ms   95 % {late:5.1f} ms"
    print(f"{said}   later: longest turn {1e3 * max(later):6.1f} ms")


def _memory(window: Any, many: int) -> None:
    from lrdesigner import edits

    store, group = window.workspace.store, window.workspace.design.groups[0].id
    for warm in range(200):
        store.commit("", edits.set_base_lr, group, 2e-4 + 1e-7 * warm)
        _turn()
    _rest(1.0)
    before = _resident()
    for number in range(many):
        store.commit("", edits.set_base_lr, group, 3e-4 + 1e-9 * number)
        _turn()
    _rest(1.0)
    grown = _resident() - before
    store.open(store.design)
    _rest(1.0)
    left = _resident() - before
    print(
        f"{many:,} edits: the process grows by {grown / 2**20:.1f} MB ({grown / many:,.0f} bytes each); "
        f"{left / 2**20:.1f} MB when the history is dropped"
    )


def _turn() -> None:
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()


def _rest(seconds: float, clock: Any = None) -> float:
    """Let the program do what it wants; the longest turn of its loop, without painting."""
    longest, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        painting, began = clock.painting if clock else 0.0, time.perf_counter()
        _turn()
        longest = max(longest, time.perf_counter() - began - ((clock.painting if clock else 0.0) - painting))
        time.sleep(0.001)
    return longest


def _resident() -> int:
    """Bytes of memory that the process really has, after giving back what it can."""
    gc.collect()
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
