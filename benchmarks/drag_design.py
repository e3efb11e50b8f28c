"""The designs that the benchmarks of the window open: many groups of different shapes, over a million steps."""

from __future__ import annotations

from lrdesigner import edits
from lrdesigner.document import Design, LayerDecay, Model, Plan, new_design
from lrdesigner.expansion_edits import use_layer_decay
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.schedules import (
    AnySchedule,
    Cosine,
    CosineRestarts,
    Exponential,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    Segment,
    Sequence,
    StepDecay,
)

PLAN = Plan(10_000, 100)
LAYERED = 5
"""The group, by its place, that has a fan of layers."""


def many_groups(groups: int, parameters: int) -> Design:
    """A design whose groups hold so many parameters together; each group is a part of the model with blocks."""
    blocks = max(parameters // groups // 2, 1)
    modules, tensors = [ModuleInfo("", "Model")], []
    for part in range(groups):
        modules += [ModuleInfo(f"part{part}", "Part"), ModuleInfo(f"part{part}.blocks", "ModuleList")]
        for number in range(blocks):
            block = f"part{part}.blocks.{number}"
            modules += [ModuleInfo(block, "Block"), ModuleInfo(f"{block}.linear", "Linear")]
            tensors.append(ParameterInfo(f"{block}.linear.weight", (64, 64), "float32", 4096, True))
            tensors.append(ParameterInfo(f"{block}.linear.bias", (64,), "float32", 64, True))
    design = new_design(Model("model.py:Model", {}, Inventory(tuple(modules), tuple(tensors))), PLAN)
    for part in range(1, groups):
        design = edits.add_group(design, f"group {part}", [f"part{part}"])
    for number, group in enumerate(design.groups):
        design = edits.set_schedule(design, group.id, _shape(number))
        design = edits.set_base_lr(design, group.id, 1e-4 * 1.06**number)
        if number == LAYERED:
            design = use_layer_decay(design, group.id, LayerDecay(0.9))
    return design


def _shape(number: int) -> AnySchedule:
    warm_up = Segment(Linear(1e-3), Length(2.0 + number % 7, "epochs"))
    match number % 6:
        case 0:
            return Sequence((warm_up, Segment(Cosine(0.01))))
        case 1:
            ends = tuple(Length(float(percent), "percent") for percent in (0, 10, 35, 60, 100))
            return Keyframes(tuple(Keyframe(at, 1.0 / (place + 1), "smooth") for place, at in enumerate(ends)))
        case 2:
            return StepDecay(Length(7.0 + number % 5, "epochs"), 0.7)
        case 3:
            return Sequence((warm_up, Segment(CosineRestarts(Length(10.0 + number % 9, "epochs")))))
        case 4:
            return Sequence((warm_up, Segment(Exponential())))
        case _:
            return Sequence((warm_up, Segment(Linear(1.0, 0.05))))
