"""What the diagnostics of a trial cost, against a training loop in plain torch.

    OMP_NUM_THREADS=1 python benchmarks/diagnostics.py [--quick]

A language model of 6 blocks, 1.2 million parameters and 7 param groups is trained on text, from the same weights and
on the same batches, by

    bare        forward, backward, AdamW, LambdaLR and `loss.item()`, as a person would write it; and once more, which
                tells how much the ratios vary by themselves
    watched     the bare loop with the check of every gradient, and the watch of the groups at every 10th update
    training    the updates of a trial without diagnostics, which have that check too, and no reports
    trial       a whole trial with diagnostics at every 10th update, whose reports are encoded and written to a pipe

(aim: the trial takes at most 1.02 times as long as the bare loop). All of them make one update in turn, in this
process, on one thread, and each is counted by this process's own CPU time. A repeat is 10 updates of each, one of them
measured. Ratios are medians of the ratios of each repeat, with the lowest and highest; the losses must be the same.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lrdesigner.child.bad_numbers import bad_gradients
from lrdesigner.child.build_model import build_model
from lrdesigner.child.channel import Channel
from lrdesigner.child.data.trial_data import trial_data
from lrdesigner.child.diagnostics import Watch
from lrdesigner.child.exported import Groups
from lrdesigner.child.randomness import seed_everything
from lrdesigner.child.training import Training
from lrdesigner.child.trial_job import train
from lrdesigner.document import Design, Group, Model, Pin, Plan, Track, new_design
from lrdesigner.export import export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.jobs.protocol import encode_request
from lrdesigner.proof import trial_request
from lrdesigner.schedules import Cosine, Length, Linear, Segment, Sequence
from lrdesigner.trials.options import TrialOptions

EVERY = 10
BLOCKS = 6
TOTAL, WARM_UP = 1_000, 50
BASE_LR, BASE_DECAY = 1e-3, 0.01
OPTIONS = TrialOptions(device="cpu", data="text", diagnose_every=EVERY)

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(128, 128)
        self.position = nn.Embedding(256, 128)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True, norm_first=True) for _ in range(6)
        )
        self.norm = nn.LayerNorm(128)

    def forward(self, ids):
        length = ids.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        hidden = self.token(ids) + self.position(torch.arange(length))
        for block in self.blocks:
            hidden = block(hidden, src_mask=mask, is_causal=True)
        return self.norm(hidden) @ self.token.weight.T / 128**0.5
"""


def main() -> None:
    """Run and print everything."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few repeats, for a look")
    repeats = 5 if parser.parse_args().quick else 31
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "net.py").write_text(MODEL)
        source = f"{Path(folder) / 'net.py'}:Net"
        design = _design(source)
        exported = Path(folder) / "exported.py"
        exported.write_text(export(design))
        request = json.loads(encode_request(trial_request(design, exported, OPTIONS)))
        _compare(source, request, repeats)


def _compare(source: str, request: Mapping[str, Any], repeats: int) -> None:
    quiet = {**request, "options": {**request["options"], "diagnose_every": 0}}
    bare, again, watched = _Bare(source), _Bare(source), _Watched(source)
    training = Training(quiet, Channel(*os.pipe()))
    others: dict[str, Callable[[], object]] = {
        "bare": bare.update,
        "bare again": again.update,
        "watched": watched.update,
        "training": training.update,
    }
    turns = _Turns(others, (repeats + 1) * EVERY)
    gc.disable()
    train(request, turns)
    gc.enable()
    losses = [float(report["loss"]) for report in turns.reports if report["kind"] == "metrics"]
    if not bare.losses == again.losses == watched.losses == training.losses == losses:
        raise SystemExit("The losses differ: these are not the same runs.")
    if sum(report["kind"] == "diagnostics" for report in turns.reports) != repeats + 1:
        raise SystemExit("The trial has not measured every 10th update.")
    _print(_repeats(turns.seconds), _repeats(watched.seconds), sum(p.numel() for p in bare.model.parameters()))


def _repeats(seconds: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The sums over every 10 updates, without the first 10, which warm up."""
    return {
        name: [sum(each[start : start + EVERY]) for start in range(EVERY, len(each), EVERY)]
        for name, each in seconds.items()
    }


def _print(loops: Mapping[str, list[float]], parts: Mapping[str, list[float]], parameters: int) -> None:
    each = {name: 1e3 * statistics.median(found) / EVERY for name, found in loops.items()}
    print(f"{parameters:,} parameters, an update: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in each.items()))
    for name in ("bare again", "watched", "training", "trial"):
        print(f"    {name} / bare: {_ratios(loops[name], loops['bare'], 4)}")
    print("the parts of the watched loop, by themselves:")
    for name, often in (("watch", 1), ("check", EVERY)):
        milliseconds = 1e3 * statistics.median(parts[name]) / often
        share = _ratios(parts[name], loops["bare"], 5)
        print(f"    {name}: {milliseconds:.2f} ms each time; / bare: {share}")


def _ratios(ours: list[float], theirs: list[float], digits: int) -> str:
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return f"{statistics.median(ratios):.{digits}f} ({min(ratios):.{digits}f} to {max(ratios):.{digits}f})"


class _Turns(Channel):
    """The channel of the trial: before each update, where the trial would pause, all others make theirs."""

    def __init__(self, others: Mapping[str, Callable[[], object]], updates: int) -> None:
        self._pipe_out, pipe_in = os.pipe()
        super().__init__(self._pipe_out, pipe_in)
        self._others, self._updates = list(others.items()), updates
        self._began: float | None = None
        self._lines = b""
        self.seconds: dict[str, list[float]] = {name: [] for name in (*others, "trial")}

    def wait_while_paused(self) -> float:
        ended, paused = time.process_time(), time.monotonic()
        if self._began is not None:
            self.seconds["trial"].append(ended - self._began)
        if len(self.seconds["trial"]) == self._updates:
            self.stop.set()
        else:
            self._let_others_go()
        if len(self.seconds["trial"]):
            self._lines += os.read(self._pipe_out, 1 << 20)
        pause = time.monotonic() - paused
        self._began = time.process_time()
        return pause

    def _let_others_go(self) -> None:
        gc.collect()
        self._others.append(self._others.pop(0))  # each comes first in its turn
        for name, update in self._others:
            began = time.process_time()
            update()
            self.seconds[name].append(time.process_time() - began)

    @property
    def reports(self) -> list[dict[str, Any]]:
        """What the trial has sent."""
        return [json.loads(line) for line in self._lines.splitlines()]


class _Bare:
    """A training loop in plain torch."""

    def __init__(self, source: str) -> None:
        import torch

        seed_everything(OPTIONS.seed)
        self.model = build_model(source, {}, "cpu", fresh=True)
        self.batches = trial_data(OPTIONS.data, self.model, OPTIONS.batch_size, OPTIONS.seed).batches
        groups = [
            {"params": list(block.parameters()), "name": f"block{number}"}
            for number, block in enumerate(self.model.blocks)  # type: ignore[arg-type]
        ]
        held = {id(parameter) for group in groups for parameter in group["params"]}
        rest = [parameter for parameter in self.model.parameters() if id(parameter) not in held]
        groups.append({"params": rest, "name": "rest"})
        self.optimizer = torch.optim.AdamW(groups, lr=BASE_LR, weight_decay=BASE_DECAY)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, [_factor] * len(groups))
        self.losses: list[float] = []
        self.model.train()

    def update(self) -> None:
        """Make one."""
        self.gradients()
        self.optimizer.step()
        self.scheduler.step()

    def gradients(self) -> None:
        """Forward and backward."""
        from torch.nn import functional

        batch = next(self.batches)
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(self.model(*batch.positional).flatten(0, 1), batch.targets.flatten())
        self.losses.append(loss.item())
        loss.backward()  # type: ignore[no-untyped-call]


class _Watched(_Bare):
    """The same with the check and the watch; `seconds` tells what these take, for each update."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._groups = Groups([self.optimizer])
        self._watch = Watch([self.optimizer], self._groups.names, lambda update: update % EVERY == 0)
        self.seconds: dict[str, list[float]] = {"check": [], "watch": []}

    def update(self) -> None:
        """Make one."""
        self.gradients()
        began = time.process_time()
        bad_gradients(self._groups.members, self.model)
        checked = time.process_time()
        self._watch.before(len(self.losses) - 1)
        kept = time.process_time()
        self.optimizer.step()
        stepped = time.process_time()
        self._watch.after()
        self.seconds["check"].append(checked - began)
        self.seconds["watch"].append(kept - checked + time.process_time() - stepped)
        self.scheduler.step()


def _factor(step: int) -> float:
    if step < WARM_UP:
        return 0.1 + 0.9 * step / WARM_UP
    return 0.02 + 0.49 * (1 + math.cos(math.pi * (step - WARM_UP) / (TOTAL - WARM_UP)))


def _design(source: str) -> Design:
    """A group for each block, and one for what remains."""
    import torch

    model = build_model(source, {}, "cpu", fresh=True)
    if not isinstance(model, torch.nn.Module):
        raise TypeError(source)
    modules = tuple(ModuleInfo(name, type(module).__name__) for name, module in model.named_modules())
    parameters = tuple(
        ParameterInfo(name, tuple(p.shape), "float32", p.numel(), True) for name, p in model.named_parameters()
    )
    design = new_design(Model(source, {}, Inventory(modules, parameters)), Plan(TOTAL, 1))
    warm_up = Segment(Linear(start=0.1), Length(float(WARM_UP), "steps"))
    lr = Track(BASE_LR, Sequence((warm_up, Segment(Cosine(floor=0.02)))))
    names = (*(f"block{number}" for number in range(BLOCKS)), "rest")
    groups = tuple(Group(number + 1, name, lr=lr) for number, name in enumerate(names))
    pins = tuple(Pin(f"blocks.{number}", number + 1) for number in range(BLOCKS))
    return replace(design, groups=groups, pins=pins, remainder=len(groups))


if __name__ == "__main__":
    main()
