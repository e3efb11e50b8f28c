"""Rates as tensors: the same values, one tensor for each group, and nothing compiled anew as they move."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from export_cases import CASES, MovingTraining, planned, small
from optimizer_cases import OPTIMIZER_CASES
from strategies import Training

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.export import ExportOptions, export
from lrdesigner.export.schedule_forms import forms_of
from lrdesigner.optimizers import OPTIMIZERS

pytestmark = pytest.mark.torch

TENSORS = ExportOptions(tensor_lr=True)
DESIGNS = {"demo": demo_design(), "two": edits.set_optimizer(demo_design(), 2, "SGD"), **CASES}
WITHOUT_TRANSFORMERS = [name for name in DESIGNS if "greedy" not in name]


@pytest.mark.parametrize("name", WITHOUT_TRANSFORMERS)
def test_every_track_is_at_every_step_what_was_drawn_and_the_tensors_stay(name: str) -> None:
    import torch

    design = small(DESIGNS[name])
    training = MovingTraining(design, TENSORS)
    tensors = [group["lr"] for optimizer, _ in training.pairs for group in optimizer.param_groups]
    assert all(isinstance(lr, torch.Tensor) for lr in tensors)
    assert len({id(lr) for lr in tensors} | {lr.data_ptr() for lr in tensors}) == 2 * len(tensors)
    training.train(200)
    for group, track, near, values in planned(design, 200):
        real = np.array([row[group][track] for row in training.found])
        assert np.max(np.abs(real - values)) <= near
    after = [group["lr"] for optimizer, _ in training.pairs for group in optimizer.param_groups]
    assert all(a is b for a, b in zip(after, tensors, strict=True))


@pytest.mark.parametrize("apply_edits", [False, True])
@pytest.mark.parametrize("name", ["demo", "two", "weight_decay", "plateau"])
def test_a_resumed_run_is_the_same_run_and_keeps_tensors(name: str, apply_edits: bool) -> None:
    import torch

    design = small(DESIGNS[name])
    straight, first, second = (MovingTraining(design, TENSORS) for _ in range(3))
    straight.train(40)
    first.train(30)
    second.resume(first.checkpoint(), apply_edits=apply_edits)
    second.train(10)
    for key, weights in second.model.state_dict().items():
        torch.testing.assert_close(weights, straight.model.state_dict()[key], rtol=0, atol=0)
    rates = [g["lr"] for optimizer, _ in second.pairs for g in optimizer.param_groups]
    assert all(isinstance(lr, torch.Tensor) and lr.dtype == torch.float64 for lr in rates)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch.*")
def test_a_compiled_step_is_compiled_once() -> None:
    import torch
    import torch._dynamo.testing

    design = small(demo_design())
    training = Training(design, TENSORS)
    ((optimizer, scheduler),) = training.pairs
    counter = torch._dynamo.testing.CompileCounter()
    step = torch.compile(optimizer.step, backend=counter)
    frames: list[int] = []
    for _ in range(12):
        sum(p.sin().sum() for p in training.model.parameters()).backward()
        step()
        scheduler.step()
        frames.append(counter.frame_count)
    torch._dynamo.reset()
    assert frames[0] > 0
    assert frames[2] == frames[-1]


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"LBFGS", "Muon", "SparseAdam"}))
def test_every_optimizer_trains_with_tensors_as_with_numbers(name: str) -> None:
    import torch

    design = edits.set_optimizer(small(demo_design()), 1, name)
    design = edits.set_optimizer(design, 2, name)
    tensors, numbers = Training(design, TENSORS), Training(design)
    tensors.train(5)
    numbers.train(5)
    for key, weights in tensors.model.state_dict().items():
        torch.testing.assert_close(weights, numbers.model.state_dict()[key], rtol=1e-5, atol=1e-6)


def test_with_tensors_no_class_of_torch_is_taken() -> None:
    assert forms_of(demo_design(), tensor_lr=True)[1].possible is False


def test_files_with_tensors_are_laid_out_as_ruff_does(tmp_path: Path) -> None:
    for name, design in {**DESIGNS, **OPTIMIZER_CASES}.items():
        (tmp_path / f"{name}.py").write_text(export(design, TENSORS))
    for command in (["ruff", "check", "--isolated"], ["ruff", "format", "--isolated", "--diff"]):
        done = subprocess.run([sys.executable, "-m", *command, "."], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
