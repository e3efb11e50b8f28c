"""The window with a mixture of experts of 98,000 tensors in 131,000 modules, against a plain model of Qt's own.

    python benchmarks/tree.py [REPEATS]

Each measurement is a fresh process. The peer is what one would write without thinking of size: a `QStandardItemModel`
with an item for each cell and the group's colour on each row, filtered by a recursive `QSortFilterProxyModel`. Its
window holds nothing but the tree; ours is the whole main window with every panel connected. Told are medians: opening
(until painted), a filter (text until painted), a drop of half of the parameters (commit until painted), and the memory
of the process. Aims for ours: 500 ms, 50 ms, 100 ms, 300 MB.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

BLOCKS, EXPERTS = 32, 1024
FILTERS = ("experts.77.", "*.bias", "type:LayerNorm", "w2", "experts.1*.w2", "size>1M", "blocks.3|layers.4", "!experts")

INVENTORY = """
import resource, sys, time
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo

def memory_mb():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6

def inventory(blocks, experts):
    modules = [ModuleInfo("", "MoE"), ModuleInfo("layers", "ModuleList")]
    parameters = []
    def add(name, *shape):
        numel = 1
        for size in shape:
            numel *= size
        parameters.append(ParameterInfo(name, shape, "bfloat16", numel, True))
    for block in range(blocks):
        base = f"layers.{block}"
        modules += [ModuleInfo(base, "Block"), ModuleInfo(f"{base}.experts", "ModuleList")]
        for expert in range(experts):
            inner = f"{base}.experts.{expert}"
            modules.append(ModuleInfo(inner, "Expert"))
            for name in ("w1", "w2", "w3"):
                modules.append(ModuleInfo(f"{inner}.{name}", "Linear"))
                add(f"{inner}.{name}.weight", 4096, 1024)
        modules.append(ModuleInfo(f"{base}.norm", "LayerNorm"))
        add(f"{base}.norm.weight", 1024)
        add(f"{base}.norm.bias", 1024)
    return Inventory(tuple(modules), tuple(parameters))

def wait_for_paint():
    # Qt paints all that is to be painted in one go, so it is enough to watch the tree.
    from PySide6.QtCore import QEvent, QObject
    class Watch(QObject):
        seen = False
        def eventFilter(self, watched, event):
            self.seen |= event.type() == QEvent.Type.Paint
            return False
    watch = Watch()
    watched.installEventFilter(watch)
    watched.update()
    while not watch.seen:
        application.processEvents()
    application.processEvents()
    watched.removeEventFilter(watch)

def milliseconds(act):
    began = time.perf_counter()
    act()
    return 1e3 * (time.perf_counter() - began)
"""

OURS = """
from lrdesigner import edits
from lrdesigner.document import Model, new_design
from lrdesigner_app.window_command import start
application, window, _ = start("")
window.resize(1440, 900)
watched = window.tree.view.viewport()
wait_for_paint()
design = new_design(Model("moe.py:MoE", {}, inventory(BLOCKS, EXPERTS)))
design = edits.add_group(edits.add_group(design, "first"), "second")
from lrdesigner.model_rows import _rows_of
_rows_of.cache_clear()
def settle(seconds=1.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        application.processEvents()
def opened():
    window.workspace.store.open(design)
    wait_for_paint()
found = {"open": milliseconds(opened)}
settle()
def filtered(text):
    window.tree.set_filter(text)
    wait_for_paint()
filtered("layers")
filtered("")
found["filter"] = [milliseconds(lambda: filtered(text)) for text in FILTERS]
filtered("")
drops = []
for number in range(6):
    half = number % 2 * BLOCKS // 2
    paths = tuple(f"layers.{block}" for block in range(half, half + BLOCKS // 2))
    def dropped():
        window.workspace.commit("Assign", edits.assign, paths, 2 + number // 2 % 2)
        wait_for_paint()
    drops.append(milliseconds(dropped))
    idle = milliseconds(lambda: settle(0.0))
    settle(1.5)
found["drop"] = drops
found["memory"] = memory_mb()
"""

PEER = """
from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QTreeView
application = QApplication([])
view = QTreeView(uniformRowHeights=True)
view.resize(1440, 900)
view.show()
watched = view.viewport()
wait_for_paint()
listed = inventory(BLOCKS, EXPERTS)
items = {}
def row(path, kind, size):
    outer, _, name = path.rpartition(".")
    cells = [QStandardItem(text) for text in (name, kind, size)]
    items[path] = cells[0]
    (model.invisibleRootItem() if not path else items[outer]).appendRow(cells)
def opened():
    global model, proxy
    model = QStandardItemModel()
    for module in listed.modules:
        row(module.path, module.type, "")
    for parameter in listed.parameters:
        row(parameter.name, str(parameter.shape), str(parameter.numel))
    proxy = QSortFilterProxyModel(recursiveFilteringEnabled=True)
    proxy.setSourceModel(model)
    view.setModel(proxy)
    view.expandToDepth(1)
    wait_for_paint()
found = {"open": milliseconds(opened)}
def filtered(text):
    proxy.setFilterFixedString(text)
    wait_for_paint()
found["filter"] = [milliseconds(lambda: filtered(text)) for text in ("77", "bias", "")]
colours = [QColor("red"), QColor("green")]
def dropped(number):
    for block in range(BLOCKS // 2):
        prefix = f"layers.{block}."
        for path, item in items.items():
            if path.startswith(prefix):
                item.setData(colours[number % 2], Qt.ItemDataRole.DecorationRole)
    wait_for_paint()
found["drop"] = [milliseconds(lambda: dropped(1))]
found["memory"] = memory_mb()
"""

END = "import json, os; os.write(1, json.dumps(found).encode()); os._exit(0)"


def measured(code: str, environment: dict[str, str]) -> dict[str, float]:
    """What a fresh process measures; of several values the median, of filters the slowest."""
    sizes = f"BLOCKS, EXPERTS, FILTERS = {BLOCKS}, {EXPERTS}, {FILTERS!r}\n"
    whole = INVENTORY + sizes + code + END
    said = subprocess.run([sys.executable, "-c", whole], stdout=subprocess.PIPE, env=environment, check=True).stdout
    found = json.loads(said)
    return {**found, "filter": statistics.median(found["filter"]), "drop": statistics.median(found["drop"]),
            "slowest filter": max(found["filter"])}  # fmt: skip


def main() -> None:
    """Measure in turns and print medians and their ratios."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LRDESIGNER_CONFIG_DIR": folder}
        if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        runs = [(measured(OURS, environment), measured(PEER, environment)) for _ in range(repeats)]
    print(f"{'':16} {'ours':>10} {'peer':>10} {'ratio':>8}")
    for name in ("open", "filter", "slowest filter", "drop", "memory"):
        ours = statistics.median(mine[name] for mine, _ in runs)
        peer = statistics.median(other[name] for _, other in runs)
        unit = "MB" if name == "memory" else "ms"
        print(f"{name:16} {ours:7.1f} {unit} {peer:7.0f} {unit} {ours / peer:8.3f}")


if __name__ == "__main__":
    main()
