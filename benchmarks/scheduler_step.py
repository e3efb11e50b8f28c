"""What a step of an exported scheduler costs, against what a person would write by hand for the same groups.

    python benchmarks/scheduler_step.py [--quick]

Rows: a file with functions, against torch's LambdaLR with as many functions written by hand, a warm-up and a cosine
each (aim: at most 1.2 times as long); a file whose weight decay moves too, against the same LambdaLR and a loop that
writes the weight decay by hand (aim: at most 1.2), and against LambdaLR alone, which leaves the weight decay as it is.
Ours hold the value of the last step beyond the run, those by hand do not. Every group has numbers of its own.

Each repeat steps all of them in turn through the whole run, on optimizers that train nothing, and takes this process's
own CPU time. Ratios are medians of the ratios of each repeat, with the lowest and highest of them.
"""

from __future__ import annotations

import argparse
import gc
import math
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from lrdesigner.document import Design, Group, Model, Pin, Plan, Track, new_design
from lrdesigner.export import ExportOptions, export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.schedules import Cosine, Length, Linear, Segment, Sequence

if TYPE_CHECKING:
    import torch

STEPS = 3_000
BASE_LR, BASE_DECAY = 1e-3, 0.01

Factor = Callable[[int], float]


def main() -> None:
    """Run and print everything."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few repeats, for a look")
    repeats = 5 if parser.parse_args().quick else 31
    torch.set_num_threads(1)
    for count in (8, 64):
        _compare(count, repeats)


def _compare(count: int, repeats: int) -> None:
    runs: dict[str, Callable[[], Callable[[], object]]] = {
        "functions": lambda: _exported(count, moving=False),
        "by hand": lambda: _by_hand(count),
        "moving": lambda: _exported(count, moving=True),
        "moving by hand": lambda: _moving_by_hand(count),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, make in runs.items():
            seconds[name].append(_seconds(make()))
    each = {name: 1e6 * statistics.median(found) / STEPS for name, found in seconds.items()}
    print(f"{count} groups, a step: " + ", ".join(f"{name} {value:.1f} µs" for name, value in each.items()))
    for ours, theirs in (("functions", "by hand"), ("moving", "moving by hand"), ("moving", "by hand")):
        ratios = [a / b for a, b in zip(seconds[ours], seconds[theirs], strict=True)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"    {ours} / {theirs}: {statistics.median(ratios):.2f} ({spread})")


def _seconds(step: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    start = time.process_time()
    for _ in range(STEPS):
        step()
    found = time.process_time() - start
    gc.enable()
    return found


def _warm_up(number: int) -> int:
    return STEPS // 20 + number


def _schedule(number: int) -> Sequence:
    warm_up = Segment(Linear(start=0.1), Length(float(_warm_up(number)), "steps"))
    return Sequence((warm_up, Segment(Cosine(floor=0.02))))


def _design(count: int, *, moving: bool) -> Design:
    """Groups of one parameter each, with a schedule of their own."""
    names = [f"layer{number:02}" for number in range(count)]
    modules = (ModuleInfo("", "Net"), *(ModuleInfo(name, "Layer") for name in names))
    parameters = tuple(ParameterInfo(f"{name}.weight", (1,), "float32", 1, True) for name in names)
    design = new_design(Model("", {}, Inventory(modules, parameters)), Plan(STEPS, 1))
    groups = []
    for number, name in enumerate(names):
        schedule = _schedule(number)
        decay = schedule if moving else None
        groups.append(Group(number + 1, name, lr=Track(BASE_LR, schedule), weight_decay=decay))
    pins = tuple(Pin(name, number + 1) for number, name in enumerate(names))
    return replace(design, groups=tuple(groups), pins=pins, remainder=1)


def _exported(count: int, *, moving: bool) -> Callable[[], object]:
    """The step of the scheduler in an exported file."""
    import torch

    design = _design(count, moving=moving)
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export(design, ExportOptions(form="snippet")), "<exported>", "exec"), scope)
    model = torch.nn.Module()
    for number in range(count):
        layer = torch.nn.Module()
        layer.weight = torch.nn.Parameter(torch.zeros(1))
        model.add_module(f"layer{number:02}", layer)
    optimizer = scope["build_optimizer"](model)
    return _started(optimizer, scope["build_scheduler"](optimizer))


def _factor(number: int) -> Factor:
    warm_up = _warm_up(number)
    rest = STEPS - warm_up

    def factor(step: int) -> float:
        if step < warm_up:
            return 0.1 + 0.9 * step / warm_up
        return 0.02 + 0.49 * (1 + math.cos(math.pi * (step - warm_up) / rest))

    return factor


def _groups(count: int) -> list[dict[str, Any]]:
    import torch

    return [{"params": [torch.nn.Parameter(torch.zeros(1))], "name": f"layer{number:02}"} for number in range(count)]


def _by_hand(count: int) -> Callable[[], object]:
    """LambdaLR as torch's documentation has it."""
    import torch

    optimizer = torch.optim.AdamW(_groups(count), lr=BASE_LR)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, [_factor(number) for number in range(count)])
    return _started(optimizer, scheduler)


def _moving_by_hand(count: int) -> Callable[[], object]:
    """The same, and then the weight decay of each group."""
    import torch

    optimizer = torch.optim.AdamW(_groups(count), lr=BASE_LR, weight_decay=BASE_DECAY)
    factors = [_factor(number) for number in range(count)]
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factors)
    advance = _started(optimizer, scheduler)

    def step() -> None:
        advance()
        for group, factor in zip(optimizer.param_groups, factors, strict=True):
            group["weight_decay"] = BASE_DECAY * factor(scheduler.last_epoch)

    return step


def _started(optimizer: torch.optim.Optimizer, scheduler: Any) -> Callable[[], object]:
    optimizer.step()  # without gradients; torch wants it before the scheduler's first step
    return scheduler.step  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
