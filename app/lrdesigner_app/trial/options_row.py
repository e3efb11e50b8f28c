"""The options of a trial that are seldom changed, in rows that are folded away at first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from PySide6.QtWidgets import QCheckBox, QFileDialog, QWidget

from lrdesigner_app.flow import FlowLayout
from lrdesigner_app.theme import GRID
from lrdesigner_app.trial.fields import checked, combo, line, named
from lrdesigner_app.trial.typed import clip_typed, whole_typed
from lrdesigner_app.widgets import button

_DEVICES = (("Auto", "auto"), ("CPU", "cpu"), ("CUDA", "cuda"), ("MPS", "mps"))
_PRECISIONS = (("float32", "float32"), ("bfloat16", "bfloat16"), ("float16", "float16"))
_NUMBERS = (
    ("batch_size", "Batch size", "32", (1, 10**9), "Samples in one forward pass"),
    ("accumulation", "Accumulation", "1", (1, 10**9), "Batches whose gradients make one update"),
    ("seed", "Seed", "0", (0, 2**53), "What the weights and the order of the batches follow from"),
    ("probes", "Critical-rate probes", "0", (0, 1000), "Moments at which each group's critical rate is looked for"),
    ("diagnose_every", "Diagnose every", "10", (0, 10**6), "Updates between measurements of the groups; 0: none"),
    ("processes", "Processes", "1", (1, 1024), "Above 1 the trial trains data-parallel, started by torchrun"),
)
_SWITCHES = (
    ("compile", "Compile", "Train the model as torch.compile makes it"),
    ("one_batch", "One batch", "Train on the first batch again and again: a sound model learns it by heart"),
    ("sharded", "Sharded", "Shard the model over the processes (FSDP2)"),
)
_ORDER = (
    *("device", "precision", "batch_size", "accumulation", "clip", "seed", "weights", "probes", "diagnose_every"),
    *("one_batch", "compile", "processes", "sharded"),
)
_NUMBER_PX, _FILE_PX = 56, 150


class OptionsRow(QWidget):
    """Fields for what `TrialOptions` has beside data, budget and extent."""

    def __init__(self, without: Collection[str] = (), before: Sequence[QWidget] = ()) -> None:
        """Without fields for these options, and with other cells before the first one."""
        super().__init__()
        self.device, self.precision = combo("Device", _DEVICES), combo("Precision", _PRECISIONS)
        self.numbers = {
            name: line(text, tip, _NUMBER_PX, default)
            for name, text, default, _, tip in _NUMBERS
            if name not in without
        }
        self.switches = {name: _switch(text, tip) for name, text, tip in _SWITCHES if name not in without}
        self.clip = line("Clip", "Largest total gradient norm; empty: gradients are not clipped", _NUMBER_PX)
        self.clip.setPlaceholderText("off")
        self.weights = line("Checkpoint", "A checkpoint to begin with; empty: random weights", _FILE_PX)
        self.weights.setPlaceholderText("random weights")
        self.browse = button("Browse…", "quiet", "Choose a checkpoint")
        self.browse.clicked.connect(self._on_browse)
        self._arrange(before)

    def values(self) -> dict[str, Any]:
        """The fields of `TrialOptions`; raises `UserError` after marking the field that is wrong."""
        found: dict[str, Any] = {"device": self.device.currentData(), "precision": self.precision.currentData()}
        for name, text, default, (low, high), _ in _NUMBERS:
            if name in self.numbers:
                found[name] = checked(self.numbers[name], _whole_reader(text, default, low, high))
        found["clip"] = checked(self.clip, clip_typed)
        found["weights"] = self.weights.text().strip()
        return {**found, **{name: switch.isChecked() for name, switch in self.switches.items()}}

    def _arrange(self, before: Sequence[QWidget]) -> None:
        flow = FlowLayout(self, 2 * GRID)
        cells: dict[str, QWidget] = {
            name: named(text, self.numbers[name]) for name, text, *_ in _NUMBERS if name in self.numbers
        }
        cells |= self.switches
        cells["device"], cells["precision"] = named("Device", self.device), named("Precision", self.precision)
        cells["clip"], cells["weights"] = named("Clip", self.clip), named("Checkpoint", self.weights, self.browse)
        for cell in (*before, *(cells[name] for name in _ORDER if name in cells)):
            flow.addWidget(cell)

    def _on_browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Choose a checkpoint", self.weights.text())
        if name:
            self.weights.setText(name)


def _whole_reader(name: str, default: str, low: int, high: int) -> Callable[[str], int]:
    return lambda text: whole_typed(text if text.strip() else default, name, low, high)


def _switch(name: str, tip: str) -> QCheckBox:
    switch = QCheckBox(name)
    switch.setToolTip(tip)
    return switch
