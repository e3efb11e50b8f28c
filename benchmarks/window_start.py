"""How long the window takes to open, against an empty pyqtgraph window, in fresh processes that take turns.

    python benchmarks/window_start.py [REPEATS]

Each process reports the time from its very start until its window has been painted. The aim is a ratio of at most 1.5.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

EMPTY = """
import pyqtgraph
from PySide6.QtWidgets import QApplication
application = QApplication([])
window = pyqtgraph.PlotWidget()
window.resize(1440, 900)
window.show()
application.processEvents()
window.grab()
"""

OURS = """
from lrdesigner_app.window_command import start
application, window, _ = start("")
window.resize(1440, 900)
application.processEvents()
window.grab()
import sys
assert "torch" not in sys.modules
"""

END = "import os; os.write(1, b'painted'); os._exit(0)"


def seconds(code: str, environment: dict[str, str]) -> float:
    """Wall time of a fresh process until its window is painted."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code + END], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    assert said == b"painted", said
    return time.perf_counter() - began


def main() -> None:
    """Measure in turns and print medians and their ratio."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LRDESIGNER_CONFIG_DIR": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
        if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        for code in (EMPTY, OURS):  # once unmeasured: bytecode and disk caches
            seconds(code, environment)
        empty, ours = [], []
        for _ in range(repeats):
            empty.append(seconds(EMPTY, environment))
            ours.append(seconds(OURS, environment))
    for name, values in (("empty pyqtgraph window", empty), ("LR Designer's window", ours)):
        print(f"{name:24} median {statistics.median(values):.3f} s  ({min(values):.3f} .. {max(values):.3f})")
    print(f"ratio of the medians     {statistics.median(ours) / statistics.median(empty):.2f}")


if __name__ == "__main__":
    main()
