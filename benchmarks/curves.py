"""How fast curves are computed, against torch's own schedulers stepped for the same values in the same run.

    python benchmarks/curves.py [--quick]

Rows: every value of 16 groups over 1e5 steps (aim: 50 times faster than torch); what a plot needs of 16 groups over
1e6 steps (aim: 3000 times); one group over 1e7 steps, by shape (aim: under 0.4 ms), and in brackets over 1e5 steps,
which should be about the same. Torch steps LinearLR then CosineAnnealingLR in a SequentialLR, as a tutorial has it,
with one shape for all groups; here they may differ in warm-up and floor, so that nothing is shared between them.
Medians; machines are noisy, look at ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from lrdesigner.curves import lanes_values
from lrdesigner.document import Plan, Track
from lrdesigner.plot_points import plot_points
from lrdesigner.schedules import SHAPES, Cosine, Expression, Length, Linear, Segment, Sequence, default_node
from lrdesigner.tracks import Lane

GROUPS = 16
WARM_UP = 2_000


def main() -> None:
    """Run and print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="torch over a tenth of the steps, scaled")
    share = 10 if parser.parse_args().quick else 1
    tracks = [_warm_up_and_cosine(number) for number in range(GROUPS)]
    alike = [Track(0.1 / (number + 1), tracks[0].schedule) for number in range(GROUPS)]
    torch = Torch(share)
    torch.against("every value, one shape for all groups", 100_000, lambda plan: _all_values(alike, plan), 50)
    torch.against("every value, each group with its own shape", 100_000, lambda plan: _all_values(tracks, plan), 50)
    torch.against("what a plot needs, each its own shape", 1_000_000, lambda plan: _plots(tracks, plan), 3000)
    _by_shape()


def _warm_up_and_cosine(number: int) -> Track:
    warm_up = Segment(Linear(start=1e-3), Length(WARM_UP + number, "steps"))
    return Track(0.1, Sequence((warm_up, Segment(Cosine(floor=number / 1000)))))


def _all_values(tracks: list[Track], plan: Plan) -> None:
    steps = np.arange(plan.total_steps)
    lanes_values([Lane(track) for track in tracks], plan, steps)


def _plots(tracks: list[Track], plan: Plan) -> None:
    for track in tracks:
        plot_points(Lane(track), plan, 0, plan.total_steps)


class Torch:
    """Runs torch once per length and compares with it; over `1 / share` of the steps, scaled."""

    def __init__(self, share: int) -> None:
        self._share = share
        self._seconds: dict[int, float] = {}

    def against(self, title: str, steps: int, ours: Callable[[Plan], None], aim: int) -> None:
        """Print one row."""
        plan = Plan(steps // 100, 100)
        ours(plan)  # parsing of formulas is done once a session
        if steps not in self._seconds:
            self._seconds[steps] = _torch_seconds(steps // self._share) * self._share
        mine, theirs = _median(lambda: ours(plan), 9), self._seconds[steps]
        print(
            f"{title}, {GROUPS} groups x {steps:.0e} steps: torch {theirs:.2f} s, here {1000 * mine:.2f} ms: "
            f"{theirs / mine:,.0f} times faster (aim {aim:,})"
        )


def _torch_seconds(steps: int) -> float:
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # SequentialLR warns of itself
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(GROUPS)]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    children: list[Any] = [
        LinearLR(optimizer, start_factor=1e-3, total_iters=WARM_UP),
        CosineAnnealingLR(optimizer, T_max=steps - WARM_UP),
    ]
    scheduler = SequentialLR(optimizer, children, milestones=[WARM_UP])
    values = np.empty((steps, GROUPS))
    optimizer.step()
    started = time.perf_counter()
    for step in range(steps):
        values[step] = [group["lr"] for group in optimizer.param_groups]
        scheduler.step()
    return time.perf_counter() - started


def _by_shape() -> None:
    print("one group, what a plot needs: ms over 1e7 steps (over 1e5 steps), points")
    nodes = {shape.tag: default_node(shape) for shape in SHAPES}
    nodes["warm-up + cosine"] = _warm_up_and_cosine(1).schedule
    nodes["formula sin(step)"] = Expression("1 + sin(step)")
    for name, node in sorted(nodes.items()):
        track = Track(0.1, node)
        long, short = (_plot_milliseconds(track, Plan(steps // 100, 100)) for steps in (10_000_000, 100_000))
        points = len(plot_points(Lane(track), Plan(100_000, 100), 0, 10_000_000).steps)
        print(f"  {name:20s} {long:7.3f} ({short:.3f})  {points:,}")


def _plot_milliseconds(track: Track, plan: Plan) -> float:
    _plots([track], plan)
    return 1000 * _median(lambda: _plots([track], plan), 15)


def _median(run: Callable[[], None], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
