"""Started by torchrun: trains a small model through exported files, and tells what each process held."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

STEPS, MIDDLE = 12, 7


class Net(nn.Module):
    """What the designs are for: a norm layer and two matrices."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.head = nn.Linear(8, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.head(self.body(inputs))
        return scores


class Run:
    """One training run through a file, as its docstring says."""

    def __init__(self, file: Any) -> None:
        torch.manual_seed(0)
        self.file, self.step = file, 0
        self.sharded = hasattr(file, "shard")
        self.model = (file.shard if self.sharded else file.wrap)(Net())
        several = hasattr(file, "build_optimizers")
        built = (file.build_optimizers if several else file.build_optimizer)(self.model)
        made = (file.build_schedulers if several else file.build_scheduler)(built)
        self.optimizers, self.schedulers = (built, made) if several else ((built,), (made,))
        every = getattr(file, "METRIC_EVERY", None)
        self.every = every if isinstance(every, tuple) else (every,) * len(self.schedulers)
        self.found: list[dict[str, float]] = []

    def train(self, steps: int) -> None:
        for _ in range(steps):
            self.model.train()
            if hasattr(self.file, "apply_freeze"):
                self.file.apply_freeze(self.model, self.step)
            generator = torch.Generator().manual_seed(1000 * self.step + dist.get_rank())
            inputs = torch.randn(6, 4, generator=generator)
            loss = self.model(inputs).square().mean()
            if loss.requires_grad:
                loss.backward()
            groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
            self.found.append({group["name"]: float(group["lr"]) for group in groups})
            self.step += 1
            for optimizer, scheduler, every in zip(self.optimizers, self.schedulers, self.every, strict=True):
                optimizer.step()
                optimizer.zero_grad()
                if every is None:
                    scheduler.step()
                elif self.step % every == 0:
                    scheduler.step(self.file.mean_over_processes(loss))

    def weights(self) -> dict[str, list[float]]:
        found = {}
        for name, parameter in self.model.named_parameters():
            whole = parameter.full_tensor() if hasattr(parameter, "full_tensor") else parameter
            found[name.removeprefix("module.")] = whole.detach().flatten().tolist()
        return found

    def save(self, path: str) -> None:
        """As the docstring says, by the first process."""
        if self.sharded:
            pairs = zip(self.optimizers, self.schedulers, strict=True)
            states: Any = [self.file.gather_state(self.model, *pair) for pair in pairs]
        else:
            pairs = zip(self.optimizers, self.schedulers, strict=True)
            states = {"weights": self.model.module.state_dict(), "pairs": [self.file.save_state(*p) for p in pairs]}
        if dist.get_rank() == 0:
            torch.save(states, path)
        dist.barrier()

    def load(self, path: str) -> None:
        states = torch.load(path, weights_only=True)
        pairs = list(zip(self.optimizers, self.schedulers, strict=True))
        if self.sharded:
            for state, pair in zip(states, pairs, strict=True):
                self.file.scatter_state(state, self.model, *pair)
        else:
            self.model.module.load_state_dict(states["weights"])
            for state, pair in zip(states["pairs"], pairs, strict=True):
                self.file.load_state(state, *pair)


def report(file: Any, folder: str) -> dict[str, Any]:
    straight = Run(file)
    straight.train(STEPS)
    first, second = Run(file), Run(file)
    first.train(MIDDLE)
    first.save(os.path.join(folder, f"{file.__name__}.pt"))
    second.load(os.path.join(folder, f"{file.__name__}.pt"))
    second.step = MIDDLE
    second.train(STEPS - MIDDLE)
    return {
        "rates": straight.found,
        "resumed": second.found,
        "weights": straight.weights(),
        "resumed_weights": second.weights(),
        "statistics": [float(x) for x in straight.model.state_dict()[statistic(straight)].flatten()],
    }


def statistic(run: Run) -> str:
    return next(name for name in run.model.state_dict() if name.endswith("running_mean"))


def main() -> None:
    folder = sys.argv[1]
    sys.path.insert(0, folder)
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    names = sorted(path.stem for path in Path(folder).glob("case_*.py"))
    found = {name: report(importlib.import_module(name), folder) for name in names}
    Path(folder, f"rank{dist.get_rank()}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
