"""Two processes that train through exported files together: a test's own, and one that runs this file."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 8
"""Samples of a step or, where gradients are accumulated, of one of its batches, in all processes together."""

PATIENCE = timedelta(seconds=60)
"""Longest wait of a process for the other."""


@dataclass(frozen=True)
class Job:
    """A file to train with.

    `metrics` are those of each optimizer by evaluation, `spoiled` the attempts at which a process gets a gradient that
    is not finite; then a GradScaler decides. `saved` is the checkpoint that the run writes at half its steps.
    """

    name: str
    target: str
    text: str
    steps: int
    net: str = "Net"
    accumulation: int = 1
    metrics: tuple[tuple[float, ...], ...] = ()
    spoiled: tuple[int, ...] = ()
    saved: Path | None = None


@dataclass(frozen=True)
class Work:
    """All jobs and scripts, and the ports of the stores: of the jobs, then of each script."""

    jobs: list[Job]
    scripts: dict[str, str]
    ports: tuple[int, ...]


@dataclass
class Record:
    """What a process saw: tracks and what is frozen before each step, the weights after it, at last the moments."""

    tracks: list[dict[str, dict[str, float]]] = field(default_factory=list)
    frozen: list[set[str]] = field(default_factory=list)
    weights: list[dict[str, np.ndarray]] = field(default_factory=list)
    stepped: list[bool] = field(default_factory=list)
    moments: dict[str, np.ndarray] = field(default_factory=dict)


def make_net(kind: str) -> Any:
    """A model of 64-bit numbers with blocks, for numbers below 7; of "Norms" each block has running statistics."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(5) if kind == "Norms" else nn.LayerNorm(5)
            self.mix = nn.Linear(5, 5)

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return values + torch.tanh(self.mix(self.norm(values)))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(7, 5, sparse=kind == "Sparse")
            self.blocks = nn.ModuleList([Block(), Block()])
            self.module = nn.Linear(5, 3)  # called like what wrappers put into names

        def forward(self, tokens: torch.Tensor, spoiled: bool = False) -> torch.Tensor:
            values = self.tokens(tokens)
            for block in self.blocks:
                values = block(values)
            scores: torch.Tensor = self.module(values)
            if spoiled:  # one gradient of the first row of the last weight
                aside = nn.functional.linear(values.detach(), self.module.weight)[:, :1]
                aside.register_hook(lambda gradient: torch.full_like(gradient, float("inf")))
                scores = scores + (aside - aside.detach())
            return scores

    return Net().double()


def plain(tensor: Any) -> np.ndarray:
    """A copy of a tensor, put together where processes share it."""
    found: np.ndarray = (tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor).detach().numpy().copy()
    return found


class Trainer:
    """A training loop of a person's own, around an exported file."""

    def __init__(self, job: Job, rank: int, world: int, *, seed: int = 0) -> None:
        import torch

        self.job, self.rank, self.world = job, rank, world
        self.exported: dict[str, Any] = {"__name__": "exported"}
        exec(compile(job.text, "<exported>", "exec"), self.exported)
        torch.manual_seed(seed + rank)  # what the processes begin with is the first one's
        self.model = self.called = make_net(job.net)
        if job.target == "ddp":
            self.called = self.exported["wrap"](self.model)
        elif job.target == "fsdp":
            self.exported["shard"](self.model)
        several = "build_optimizers" in self.exported
        self.built = self.exported["build_optimizers" if several else "build_optimizer"](self.model)
        self.made = self.exported["build_schedulers" if several else "build_scheduler"](self.built)
        self.optimizers, self.schedulers = (self.built, self.made) if several else ((self.built,), (self.made,))
        self.step = self.attempt = 0
        self.scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=bool(job.spoiled))
        every = self.exported.get("METRIC_EVERY")
        self.every = every if isinstance(every, tuple) else (every,) * len(self.optimizers)

    def train(self, until: int) -> Record:
        record = Record()
        while self.step < until:
            if "apply_freeze" in self.exported:
                self.exported["apply_freeze"](self.model, self.step)
            record.tracks.append({g["name"]: _tracks(g) for o in self.optimizers for g in o.param_groups})
            record.frozen.append({n for n, p in self.model.named_parameters() if not p.requires_grad})
            stepped = self._step()
            record.stepped.append(stepped)
            record.weights.append(self.weights())
            self.attempt += 1
            if stepped:
                self.step += 1
                for place, scheduler in enumerate(self.schedulers):
                    self._advance(place, scheduler)
        record.moments = self._moments()
        return record

    def weights(self) -> dict[str, np.ndarray]:
        return {name: plain(tensor) for name, tensor in self.model.state_dict().items()}

    def save(self, file: Path) -> None:
        self.exported["save_checkpoint"](str(file), self.step, self.model, self.built, self.made)

    def load(self, file: Path) -> None:
        self.step = self.exported["load_checkpoint"](str(file), self.model, self.built, self.made)
        self.attempt = self.step

    def _step(self) -> bool:
        closures = any(type(optimizer).__name__ == "LBFGS" for optimizer in self.optimizers)
        if closures:
            for optimizer in self.optimizers:
                optimizer.step(self._gradients)
            return True
        self._gradients()
        stepped = True
        if self.job.spoiled:
            stepped = self.exported["scaled_step"](self.scaler, *self.optimizers)
        else:
            for optimizer in self.optimizers:
                optimizer.step()
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        return stepped

    def _gradients(self) -> float:
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        for part in range(self.job.accumulation):
            last = part == self.job.accumulation - 1
            if self.job.target == "fsdp":
                self.model.set_requires_gradient_sync(last)
            apart = self.job.target == "ddp" and not last
            with self.called.no_sync() if apart else contextlib.nullcontext():
                loss = self._loss(part)
                if loss.requires_grad:
                    self.scaler.scale(loss / self.job.accumulation).backward()
        mean = self.exported.get("mean_over_processes", float)
        return float(mean(loss.detach()))

    def _loss(self, part: int) -> Any:
        """The loss of this process's share of a batch that hangs on the attempt alone."""
        import torch

        if "share_buffers" in self.exported:
            self.exported["share_buffers"](self.model)
        number = self.attempt * self.job.accumulation + part
        own = torch.arange(BATCH)[self.rank :: self.world]
        spoiled = self.attempt in self.job.spoiled and self.rank == self.world - 1
        scores = self.called((own * 3 + number) % 7, spoiled)
        return torch.nn.functional.cross_entropy(scores, (own + number * number) % 3)

    def _advance(self, place: int, scheduler: Any) -> None:
        every = self.every[place]
        if every is None:
            scheduler.step()
        elif self.step % every == 0:
            values = self.job.metrics[place]
            value = values[min(self.step // every, len(values)) - 1] if values else 1.0
            if self.job.target != "torch":  # processes measure different values, whose mean is the designed one
                import torch

                share = value * self.world if self.rank == 0 else 0.0
                value = self.exported["mean_over_processes"](torch.tensor(share, dtype=torch.float64))
            scheduler.step(value)

    def _moments(self) -> dict[str, np.ndarray]:
        """What the optimizers remember, by parameter."""
        import torch

        names = {parameter: name for name, parameter in self.model.named_parameters()}
        return {
            f"{names[parameter]}.{key}": plain(value)
            for optimizer in self.optimizers
            for parameter, values in optimizer.state.items()
            for key, value in values.items()
            if torch.is_tensor(value) and parameter in names
        }


def _tracks(group: dict[str, Any]) -> dict[str, float]:
    betas = dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))
    return {key: float(group[key]) for key in ("lr", "weight_decay", "momentum") if key in group} | betas


def run_job(job: Job, rank: int, world: int) -> dict[str, Record | str]:
    """The whole run, and its second half once more from the checkpoint of the first."""
    straight = Trainer(job, rank, world)
    if job.saved is None:
        return {"straight": straight.train(job.steps)}
    first = straight.train(job.steps // 2)
    straight.save(job.saved)
    second = straight.train(job.steps)
    for name in ("tracks", "frozen", "weights", "stepped"):
        getattr(second, name)[:0] = getattr(first, name)
    return {"straight": second, "resumed": resumed(job, rank, world)}


def resumed(job: Job, rank: int, world: int) -> Record:
    """The second half of a run from its checkpoint, by processes that began with other weights."""
    again = Trainer(job, rank, world, seed=100)
    assert job.saved is not None
    again.load(job.saved)
    return again.train(job.steps)


def run_main(text: str, rank: int, world: int, store: Any, folder: Path) -> dict[str, Any]:
    """What a script prints, and the samples that an epoch of it takes."""
    import torch.distributed as dist

    sys.path.insert(0, str(folder))
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "<exported>", "exec"), scope)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=world, timeout=PATIENCE)
    taken = [inputs for inputs, _ in scope["batches"]()]
    dist.destroy_process_group()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        scope["main"]()
    sys.path.remove(str(folder))
    return {"printed": printed.getvalue(), "taken": taken}


def train_together(jobs: list[Job], scripts: dict[str, str], folder: Path) -> list[dict[str, Any]]:
    """What this process and a new one found for each job and script.

    They meet at stores of this process, at ports that are free, as the processes of torchrun meet at its store.
    """
    import torch.distributed as dist

    stores = [
        dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False, timeout=PATIENCE)
        for _ in (None, *scripts)
    ]
    work = Work(jobs, scripts, tuple(store.port for store in stores))
    (folder / "jobs").write_bytes(pickle.dumps(work))
    told = folder / "told"  # a pipe that nobody empties would stop the process, and this one with it
    with told.open("w") as output, contextlib.ExitStack() as started:
        command = [sys.executable, __file__, str(folder)]
        other = started.enter_context(subprocess.Popen(command, stdout=output, stderr=output))
        started.callback(other.kill)
        try:
            own = work_through(work, folder, 0)
            code = other.wait(PATIENCE.total_seconds())
        except Exception as error:
            other.kill()
            raise AssertionError(f"The other process said: {told.read_text()}") from error
    assert code == 0, told.read_text()
    return [own, pickle.loads((folder / "found").read_bytes())]


def work_through(work: Work, folder: Path, rank: int) -> dict[str, Any]:
    """What one of two processes finds."""
    import torch
    import torch.distributed as dist

    jobs, *others = [dist.TCPStore("127.0.0.1", port, timeout=PATIENCE) for port in work.ports]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dist.init_process_group("gloo", store=jobs, rank=rank, world_size=2, timeout=PATIENCE)
        found: dict[str, Any] = {f"{job.target} {job.name}": run_job(job, rank, 2) for job in work.jobs}
        dist.destroy_process_group()
        for (name, text), port, store in zip(work.scripts.items(), work.ports[1:], others, strict=True):
            with _started_by_torchrun(rank, port):
                found[name] = run_main(text, rank, 2, dist.PrefixStore("batches", store), folder)
    torch.set_num_threads(threads)
    return found


@contextlib.contextmanager
def _started_by_torchrun(rank: int, port: int) -> Iterator[None]:
    """The variables that torchrun gives a process."""
    numbers = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_PORT": port}
    given = {name: str(number) for name, number in numbers.items()}
    given |= {"MASTER_ADDR": "127.0.0.1", "TORCHELASTIC_USE_AGENT_STORE": "True"}
    os.environ.update(given)
    try:
        yield
    finally:
        for name in given:
            del os.environ[name]


def _process(folder: Path) -> None:
    faulthandler.dump_traceback_later(2 * PATIENCE.total_seconds(), exit=True)
    sys.path.insert(0, str(folder))
    found = work_through(pickle.loads((folder / "jobs").read_bytes()), folder, 1)
    (folder / "found").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    from distributed_run import _process as process  # so that what it writes is of this module wherever it is read

    process(Path(sys.argv[1]))
