"""The design that a model starts with: one group for everything, or, for a demo, a small worked example."""

from __future__ import annotations

from typing import Any

from lrdesigner import edits
from lrdesigner.design_file import decode
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.inventory import Inventory
from lrdesigner.model_inputs import Inputs
from lrdesigner.models.source import ModelSource
from lrdesigner.schedules import REST, Constant, Cosine, Length, Linear, Segment, Sequence
from lrdesigner_resources import path as resource_path

# The demo's data: 1437 training images in batches of 32.
DEMO_PLAN = Plan(epoch=45, epochs=10)


def starting_design(
    source: ModelSource,
    inventory: Inventory,
    kwargs: dict[str, Any] | None = None,
    python: str = "",
    inputs: Inputs | None = None,
) -> Design:
    """A design to begin with, for a model that has just been opened."""
    interpreter = "" if source.is_read else python
    model = Model(source.stored, kwargs or {}, inventory, interpreter, inputs or [])
    design = new_design(model, DEMO_PLAN if source.is_demo else None)
    return _worked_example(design) if source.is_demo else design


def demo_design(name: str = "lenet") -> Design:
    """The demo's design, from its file: it needs neither a child process nor torch."""
    file = resource_path(f"demo/{name}.lrd.json")
    return decode(file.read_bytes(), str(file))


def _worked_example(design: Design) -> Design:
    """The classifier warms up, holds and comes down; the rest of LeNet follows half a cosine, more slowly."""
    design = edits.rename_group(design, design.remainder, "backbone")
    design = edits.set_base_lr(design, design.remainder, 1e-3)
    design = edits.set_schedule(
        design,
        design.remainder,
        Sequence(segments=(Segment(Linear(start=0.05), Length(1, "epochs")), Segment(Cosine(floor=0.02), REST))),
    )
    design = edits.add_group(design, "head", ["classifier.5"])
    head = design.groups[-1].id
    design = edits.set_base_lr(design, head, 4e-3)
    segments = (
        Segment(Linear(start=0.1), Length(0.5, "epochs")),
        Segment(Constant(), Length(50, "percent")),
        Segment(Linear(start=1.0, end=0.02), REST),
    )
    return edits.set_schedule(design, head, Sequence(segments=segments))
