"""Files for accelerate, under the real library: every step as designed, skips, accumulation, and a resumed run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from export_cases import exportable_designs, small
from hypothesis import HealthCheck, given, settings
from target_runs import DESIGNS, assert_planned, exported, loss_of, model_of, needing, tracks

from lrdesigner.document import Design
from lrdesigner.export import ExportOptions, export
from lrdesigner.tracks import frozen_stretches

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
accelerate = pytest.importorskip("accelerate")


class Accelerated:
    """A loop as the docstring of the file has it."""

    def __init__(self, design: Design, *, accumulation: int = 1, native: bool = False) -> None:
        self.file = exported(design, "accelerate", native=native)
        self.accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=accumulation)
        self.accumulation = accumulation
        self.model = model_of(design)
        several = "build_optimizers" in self.file
        built = self.file["build_optimizers" if several else "build_optimizer"](self.model)
        made = self.file["build_schedulers" if several else "build_scheduler"](built)
        self.schedulers = made if several else (made,)
        self.model, *self.optimizers = self.accelerator.prepare(self.model, *(built if several else (built,)))
        self.accelerator.register_for_checkpointing(*self.schedulers)
        every = self.file.get("METRIC_EVERY")
        self.every = every if isinstance(every, tuple) else (every,) * len(self.schedulers)
        self.step, self.found = 0, list[Any]()
        self.needed: list[set[str]] = []

    def batch(self) -> None:
        if "apply_freeze" in self.file:
            self.file["apply_freeze"](self.model, self.step)
        with self.accelerator.accumulate(self.model):
            loss = loss_of(self.model)
            if loss.requires_grad:
                self.accelerator.backward(loss)
            if self.accelerator.sync_gradients:
                self.found.append(tracks(self.optimizers))
                self.needed.append(needing(self.model))
            stepped = self.file["accelerated_step"](self.accelerator, *self.optimizers)
        if stepped:
            self.step += 1
            for scheduler, every in zip(self.schedulers, self.every, strict=True):
                if every is None:
                    scheduler.step()
                elif self.step % every == 0:
                    scheduler.step(1.0)

    def train(self, steps: int) -> None:
        for _ in range(steps * self.accumulation):
            self.batch()


@pytest.fixture(autouse=True)
def fresh_state() -> Any:
    yield
    accelerate.state.AcceleratorState._reset_state(True)
    accelerate.state.GradientState._reset_state()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(exportable_designs())
def test_every_track_of_any_design_is_at_every_step_what_was_drawn(design: Design) -> None:
    run = Accelerated(design)
    run.train(min(design.plan.total_steps, 60))
    assert_planned(design, run.found)


@pytest.mark.parametrize("accumulation", [1, 3])
@pytest.mark.parametrize("name", DESIGNS)
def test_the_cases_are_at_every_step_what_was_drawn_also_with_accumulation(name: str, accumulation: int) -> None:
    design = small(DESIGNS[name])
    run = Accelerated(design, accumulation=accumulation, native=name == "native")
    run.train(120)
    assert run.step == len(run.found) == 120
    assert_planned(design, run.found, native=name == "native")
    for group in design.groups:
        for start, end in frozen_stretches(group.freeze, design.plan):
            names = {p for p in run.needed[0] | run.needed[-1] if p.startswith("classifier.5") == (group.id == 2)}
            assert all(not names & run.needed[step] for step in range(start, min(end, 120)))


@pytest.mark.parametrize("name", ["demo", "two", "native", "weight_decay", "thaw", "plateau"])
def test_a_run_resumed_from_the_librarys_checkpoint_is_the_same_run(name: str, tmp_path: Path) -> None:
    import torch

    design = small(DESIGNS[name])
    straight = Accelerated(design, native=name == "native")
    straight.train(60)
    first = Accelerated(design, native=name == "native")
    first.train(50)
    first.accelerator.save_state(str(tmp_path))
    second = Accelerated(design, native=name == "native")
    second.accelerator.load_state(str(tmp_path))
    second.step = 50
    second.train(10)
    assert second.found == straight.found[50:]
    for key, weights in second.model.state_dict().items():
        torch.testing.assert_close(weights, straight.model.state_dict()[key], rtol=0, atol=0)


def test_two_processes_do_not_end_the_schedule_early(tmp_path: Path) -> None:
    (tmp_path / "rates.py").write_text(export(DESIGNS["demo"], ExportOptions("accelerate")))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", "rates.py"]
    env = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("step ")]
    assert [line.split(":")[0] for line in lines] == ["step 0", "step 1"]  # five batches for two
    assert "lr backbone 7.11e-05" in lines[1]


def test_the_script_trains(tmp_path: Path) -> None:
    for name in ("demo", "two", "thaw", "plateau"):
        (tmp_path / f"{name}.py").write_text(export(DESIGNS[name], ExportOptions("accelerate")))
    for name in ("two", "plateau"):
        done = subprocess.run([sys.executable, f"{name}.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "step 4: loss " in done.stdout
