"""How long the plot takes for layered groups: 12 groups of 100 layers each, beside 12 groups without layers.

    QT_QPA_PLATFORM=offscreen python benchmarks/fan.py

A row each for opening the design, for one step of dragging a rate (aim: under 16 ms), for painting, and for looking
what is under the pointer. Medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from lrdesigner import edits
from lrdesigner.document import Design, LayerDecay, Model, Plan, new_design
from lrdesigner.expansion_edits import use_layer_decay
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.schedules import Cosine, Length, Linear, Segment, Sequence
from lrdesigner.store import Store
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

GROUPS, LAYERS = 12, 100


def main() -> None:
    """Run and print everything."""
    application = QApplication([])
    theme = Theme(application)
    theme.apply()
    for layered in (False, True):
        _measure(layered, theme)


def _measure(layered: bool, theme: Theme) -> None:
    store = Store(_design(layered))
    start = time.perf_counter()
    panel = PlotPanel(Workspace(store, theme))
    panel.resize(800, 560)
    panel.show()
    QApplication.processEvents()
    opened = time.perf_counter() - start
    rates = iter(range(1, 1000))

    def drag() -> None:
        store.preview("", edits.set_base_lr, 1, 1e-3 * (1 + next(rates) / 1000))
        panel._throttle.flush()  # noqa: SLF001 - as the timer would

    view = panel.chart.view
    middle, pixel = QPointF(15.0, -4.0), view.viewPixelSize()
    curves = panel._curves  # noqa: SLF001 - what the pointer asks
    found = {
        "open": opened,
        "drag": _median(drag),
        "paint": _median(lambda: panel.chart.grab()),
        "under the pointer": _median(lambda: curves.nearest(middle, pixel, 7.0)),
    }
    name = f"{GROUPS} groups of {LAYERS} layers" if layered else f"{GROUPS} groups without layers"
    print(f"{name}: " + ", ".join(f"{what} {1000 * seconds:.1f} ms" for what, seconds in found.items()))
    panel.close()


def _median(call: Callable[[], object], times: int = 15) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def _design(layered: bool) -> Design:
    modules, tensors = [ModuleInfo("", "Model")], []
    for group in range(GROUPS):
        modules += [ModuleInfo(f"part{group}", "Part"), ModuleInfo(f"part{group}.blocks", "ModuleList")]
        for layer in range(LAYERS):
            block = f"part{group}.blocks.{layer}"
            modules += [ModuleInfo(block, "Block"), ModuleInfo(f"{block}.linear", "Linear")]
            tensors.append(ParameterInfo(f"{block}.linear.weight", (64, 64), "float32", 4096, True))
            tensors.append(ParameterInfo(f"{block}.linear.bias", (64,), "float32", 64, True))
    design = new_design(Model("", {}, Inventory(tuple(modules), tuple(tensors))), Plan(1000, 30))
    for group in range(1, GROUPS):
        design = edits.add_group(design, f"group {group}", [f"part{group}"])
    for number, group in enumerate(design.groups):
        shape = Sequence((Segment(Linear(1e-3), Length(2.0 + number, "epochs")), Segment(Cosine(0.01))))
        design = edits.set_schedule(design, group.id, shape)
        design = edits.set_base_lr(design, group.id, 1e-3 * (number + 1))
        if layered:
            design = use_layer_decay(design, group.id, LayerDecay(0.96))
    return design


if __name__ == "__main__":
    main()
