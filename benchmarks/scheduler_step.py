"""What a step of an exported scheduler costs, against torch's LambdaLR with the same number of groups in the same run.

    python benchmarks/scheduler_step.py

The peer is a warm-up and a cosine in a function written by hand, as a tutorial has it, one for each group; the exported
file has the same shapes from a design. CPU time of the process, medians of interleaved repeats; aim: at most 1.2 times
the peer. Below it: a file that moves weight decay too, and a class of torch where all groups share a cosine.
"""

from __future__ import annotations

import math
import statistics
import time
from typing import Any

from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.export import ExportOptions, export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.schedules import REST, Cosine, Length, Linear, Segment, Sequence

STEPS, WARM_UP, REPEATS = 4_000, 400, 9


def main() -> None:
    """Print a row for each number of groups and form."""
    for count in (8, 64):
        plain = _design(count)
        moving = replace(plain, groups=tuple(replace(g, weight_decay=Linear(1.0, 0.1)) for g in plain.groups))
        shared = plain
        for group in plain.groups:
            shared = edits.set_schedule(shared, group.id, Cosine())
        made = {
            "LambdaLR by hand": lambda count=count: _by_hand(count),
            "exported functions": lambda design=plain, count=count: _exported(design, count, "functions"),
            "exported GroupSchedule": lambda design=moving, count=count: _exported(design, count, "functions"),
            "exported native class": lambda design=shared, count=count: _exported(design, count, "native"),
        }
        times: dict[str, list[float]] = {name: [] for name in made}
        for _ in range(REPEATS):
            for name, make in made.items():
                times[name].append(_seconds(*make()))
        peer = statistics.median(times["LambdaLR by hand"])
        for name, found in times.items():
            middle = statistics.median(found)
            print(f"{count:3} groups  {name:24} {middle / STEPS * 1e6:7.1f} us a step  {middle / peer:5.2f} x")


def _seconds(optimizer: Any, scheduler: Any) -> float:
    optimizer.step()
    started = time.process_time()
    for _ in range(STEPS):
        scheduler.step()
    return time.process_time() - started


def _by_hand(count: int) -> tuple[Any, Any]:
    import torch

    def factor(step: int) -> float:
        if step < WARM_UP:
            return 0.05 + 0.95 * step / WARM_UP
        progress = (step - WARM_UP) / (STEPS - WARM_UP)
        return 0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * progress))

    parameters = [{"params": [torch.zeros(1)], "lr": 0.1 / (n + 1)} for n in range(count)]
    optimizer = torch.optim.AdamW(parameters)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, [factor] * count)


def _exported(design: Design, count: int, form: Any) -> tuple[Any, Any]:
    import torch

    scope: dict[str, Any] = {"__name__": "exported"}
    text = export(design, ExportOptions(form="snippet", schedule_form=form))
    exec(compile(text, "<exported>", "exec"), scope)
    model = torch.nn.ModuleDict({f"m{n}": torch.nn.Linear(1, 1, bias=False) for n in range(count)})
    optimizer = scope["build_optimizer"](model)
    return optimizer, scope["build_scheduler"](optimizer)


def _design(count: int) -> Design:
    modules = (ModuleInfo("", "ModuleDict"), *(ModuleInfo(f"m{n}", "Linear") for n in range(count)))
    parameters = tuple(ParameterInfo(f"m{n}.weight", (1, 1), "float32", 1, True) for n in range(count))
    design = new_design(Model("", {}, Inventory(modules, parameters)), Plan(STEPS, 1))
    for number in range(1, count):
        design = edits.add_group(design, f"g{number}", [f"m{number}"])
    shape = Sequence(
        (Segment(Linear(0.05, 1.0), Length(WARM_UP, "steps")), Segment(Cosine(floor=0.02), REST)),
    )
    for group in design.groups:
        design = edits.set_base_lr(edits.set_schedule(design, group.id, shape), group.id, 0.1 / group.id)
    return design


if __name__ == "__main__":
    main()
