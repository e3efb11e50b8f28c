"""Which number of a trial was not finite: found before an optimizer spoils the weights by it, and told by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs_here import imports_undone
from recorder import Recorder

from lrdesigner.jobs.protocol import TrialRequest, encode_request
from lrdesigner.trials.options import TrialOptions

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("clean_imports")]

MODEL = """
import torch

class Spoil(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x.clone()

    @staticmethod
    def backward(context, gradient):
        return gradient * float("nan")

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Linear(4, 4)
        self.head = torch.nn.Linear(4, 3)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        WHAT
        return self.head(self.body(x))

def data():
    torch.manual_seed(1)
    return [(torch.randn(8, 4), torch.randint(0, 3, (8,))) for _ in range(7)]

def sized():
    images, labels = torch.randn(50, 4), torch.randint(0, 3, (50,))
    return torch.utils.data.TensorDataset(images, labels)

def counted():
    yield from data()

def endless():
    while True:
        yield from data()
"""

EXPORTED = """
import torch
from torch.optim.lr_scheduler import LambdaLR

def build_optimizer(model):
    parts = [("body", model.body), ("head", model.head)]
    groups = [{"name": name, "params": list(part.parameters()), "lr": 0.01} for name, part in parts]
    return torch.optim.SGD(groups)

def build_scheduler(optimizer):
    return LambdaLR(optimizer, [lambda step: 1.0] * 2)
"""


@pytest.fixture
def clean_imports(tmp_path: Path) -> Iterator[None]:
    yield from imports_undone(tmp_path)


def trained(folder: Path, what: str = "pass", data: str = "data", **options: Any) -> tuple[str, dict[str, Any]]:
    """The end of a trial of ten updates whose model does `what` in its forward pass."""
    from lrdesigner.child.trial_job import trial

    (folder / "net.py").write_text(MODEL.replace("WHAT", what))
    (folder / "plan.py").write_text(EXPORTED)
    given = TrialOptions(device="cpu", data=f"{folder / 'net.py'}:{data}", batch_size=8, **options)
    request = TrialRequest(f"{folder / 'net.py'}:Net", str(folder / "plan.py"), 10, given)
    return trial(json.loads(encode_request(request)), Recorder())


SPOIL_A_WEIGHT = """if self.calls == 4:
            with torch.no_grad():
                self.head.bias[1] = float("inf")"""
SPOIL_A_GRADIENT = "if self.calls == 4: return self.head(Spoil.apply(self.body(x)))"


def test_a_weight_that_is_not_finite_is_named_with_its_group(tmp_path: Path) -> None:
    reason, metrics = trained(tmp_path, SPOIL_A_WEIGHT)
    assert (reason, metrics["diverged_at_step"], metrics["steps"]) == ("diverged", 3, 3)
    assert (metrics["bad_what"], metrics["bad_group"], metrics["bad_tensor"]) == ("weight", "head", "head.bias")
    assert metrics["bad_groups"] == ["head"]


def test_a_gradient_that_is_not_finite_ends_the_run_before_it_spoils_the_weights(tmp_path: Path) -> None:
    reason, metrics = trained(tmp_path, SPOIL_A_GRADIENT)
    assert (reason, metrics["diverged_at_step"], metrics["steps"]) == ("diverged", 3, 3)
    assert (metrics["bad_what"], metrics["bad_group"], metrics["bad_tensor"]) == ("gradient", "body", "body.weight")
    assert metrics["bad_groups"] == ["body"]


def test_where_neither_weights_nor_gradients_are_to_blame_it_is_the_loss(tmp_path: Path) -> None:
    reason, metrics = trained(tmp_path, 'x = x * float("inf") if self.calls == 2 else x')
    assert (reason, metrics["diverged_at_step"], metrics["bad_what"]) == ("diverged", 1, "loss")
    assert "bad_group" not in metrics


def test_measuring_the_speed_does_not_end_the_job_where_the_run_itself_will_tell(tmp_path: Path) -> None:
    reason, metrics = trained(tmp_path, SPOIL_A_GRADIENT, whole=True, seconds=5.0, steps=10)
    assert (reason, metrics["steps"], metrics["bad_group"]) == ("diverged", 3, "body")


def test_a_gradient_scaler_may_skip_updates_but_not_for_ever(tmp_path: Path) -> None:
    from lrdesigner.child.training import MOST_SKIPPED

    spoiled = "if self.calls > 2: return self.head(Spoil.apply(self.body(x)))"
    reason, metrics = trained(tmp_path, spoiled, precision="float16")
    assert (reason, metrics["steps"], metrics["skipped"]) == ("diverged", 2, MOST_SKIPPED)
    assert (metrics["bad_what"], metrics["bad_tensor"]) == ("gradient", "body.weight")


def test_large_numbers_are_finite_though_the_squares_of_them_are_not() -> None:
    import torch

    from lrdesigner.child.bad_numbers import bad_weights

    model = torch.nn.Linear(3, 2)
    members = [("all", list(model.parameters()))]
    with torch.no_grad():
        model.weight.fill_(1e30)
    assert bad_weights(members, model) is None
    with torch.no_grad():
        model.bias[0] = float("nan")
    found = bad_weights(members, model)
    assert found is not None
    assert (found.tensor, found.groups) == ("bias", ("all",))


def test_sparse_gradients_are_looked_at_too() -> None:
    import torch

    from lrdesigner.child.bad_numbers import bad_gradients

    model = torch.nn.Sequential(torch.nn.Embedding(5, 3, sparse=True), torch.nn.Linear(3, 1))
    members = [("all", list(model.parameters()))]
    assert bad_gradients(members, model) is None
    model(torch.tensor([1, 3])).sum().backward()
    assert bad_gradients(members, model) is None
    model.zero_grad()
    (model(torch.tensor([1, 3])) * torch.tensor([[1.0], [float("inf")]])).sum().backward()
    found = bad_gradients(members, model)
    assert found is not None
    assert found.tensor == "0.weight"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("data", {"batches_per_epoch": 7}),
        ("sized", {"batches_per_epoch": 6, "samples_per_epoch": 50}),
        ("counted", {"batches_per_epoch": 7}),
        ("endless", {}),
    ],
)
def test_how_long_a_pass_over_the_data_is_gets_told_where_it_is_known(
    tmp_path: Path, data: str, told: dict[str, int]
) -> None:
    _, metrics = trained(tmp_path, data=data)
    assert {key: value for key, value in metrics.items() if key.endswith("_per_epoch")} == told
