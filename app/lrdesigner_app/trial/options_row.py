"""The options of a trial that are seldom changed, in rows that are folded away at first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QWidget

from lrdesigner.errors import UserError
from lrdesigner_app.flow import FlowLayout
from lrdesigner_app.theme import GRID
from lrdesigner_app.trial.typed import clip_typed, whole_typed
from lrdesigner_app.widgets import LineEdit, button, label, restyle

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
_T = TypeVar("_T")
_NUMBER_PX, _FILE_PX = 56, 150


class OptionsRow(QWidget):
    """Fields for what `TrialOptions` has beside data, budget and extent."""

    def __init__(self, device: QComboBox, precision: QComboBox) -> None:
        super().__init__()
        self.device, self.precision = device, precision
        for text, value in _PRECISIONS:
            precision.addItem(text, value)
        self.numbers = {name: _field(text, default, tip) for name, text, default, _, tip in _NUMBERS}
        self.switches = {name: _switch(text, tip) for name, text, tip in _SWITCHES}
        self.clip = _field("Clip", "", "Largest total gradient norm; empty: gradients are not clipped")
        self.clip.setPlaceholderText("off")
        self.weights = _field("Checkpoint", "", "A checkpoint to begin with; empty: random weights")
        self.weights.setPlaceholderText("random weights")
        self.weights.setFixedWidth(_FILE_PX)
        self.browse = button("Browse…", "quiet", "Choose a checkpoint")
        self.browse.clicked.connect(self._on_browse)
        self._arrange()

    def values(self) -> dict[str, Any]:
        """The fields of `TrialOptions`; raises `UserError` after marking the field that is wrong."""
        found: dict[str, Any] = {"device": self.device.currentData(), "precision": self.precision.currentData()}
        for name, text, default, (low, high), _ in _NUMBERS:
            found[name] = checked(self.numbers[name], _whole_reader(text, default, low, high))
        found["clip"] = checked(self.clip, clip_typed)
        found["weights"] = self.weights.text().strip()
        return {**found, **{name: switch.isChecked() for name, switch in self.switches.items()}}

    def _arrange(self) -> None:
        numbers, switches = self.numbers, self.switches
        flow = FlowLayout(self, 2 * GRID)
        for name, *fields in (
            ("Device", self.device),
            ("Precision", self.precision),
            ("Batch size", numbers["batch_size"]),
            ("Accumulation", numbers["accumulation"]),
            ("Clip", self.clip),
            ("Seed", numbers["seed"]),
            ("Checkpoint", self.weights, self.browse),
            ("Critical-rate probes", numbers["probes"]),
            ("Diagnose every", numbers["diagnose_every"]),
        ):
            flow.addWidget(_named(name, *fields))
        flow.addWidget(switches["one_batch"])
        flow.addWidget(switches["compile"])
        flow.addWidget(_named("Processes", numbers["processes"]))
        flow.addWidget(switches["sharded"])

    def _on_browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Choose a checkpoint", self.weights.text())
        if name:
            self.weights.setText(name)


def checked(field: LineEdit, read: Callable[[str], _T]) -> _T:
    """What a field says; one that cannot be read is marked, and gets the focus."""
    try:
        value = read(field.text())
    except UserError:
        mark(field, invalid=True)
        field.setFocus()
        raise
    mark(field, invalid=False)
    return value


def mark(field: LineEdit, invalid: bool) -> None:
    """Show whether what stands in a field cannot be used."""
    wanted = "true" if invalid else "false"
    if field.property("invalid") != wanted:
        field.setProperty("invalid", wanted)
        restyle(field)


def _whole_reader(name: str, default: str, low: int, high: int) -> Callable[[str], int]:
    return lambda text: whole_typed(text if text.strip() else default, name, low, high)


def _field(name: str, text: str, tip: str) -> LineEdit:
    field = LineEdit()
    field.setText(text)
    field.setAccessibleName(name)
    field.setToolTip(tip)
    field.setFixedWidth(_NUMBER_PX)
    field.textEdited.connect(lambda: mark(field, invalid=False))
    return field


def _switch(name: str, tip: str) -> QCheckBox:
    switch = QCheckBox(name)
    switch.setToolTip(tip)
    return switch


def _named(name: str, *fields: QWidget) -> QWidget:
    """Fields with their name before them, which is the same for those who hear it."""
    cell = QWidget()
    row = QHBoxLayout(cell)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID // 2)
    row.addWidget(label(name, "secondary"))
    for field in fields:
        row.addWidget(field)
    return cell
