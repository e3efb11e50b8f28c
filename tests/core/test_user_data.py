"""The user's own data and loss, and what a trial makes of losses that are none."""

from __future__ import annotations

import itertools
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs_here import imports_undone
from recorder import Recorder

from lrdesigner.child.data.batch import Batch, TrialData
from lrdesigner.child.data.trial_data import trial_data
from lrdesigner.child.failures import JobError
from lrdesigner.child.losses import loss_of
from lrdesigner.jobs.protocol import TrialRequest, encode_request
from lrdesigner.models.source import parse_source
from lrdesigner.trials.options import TrialOptions

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def clean_imports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield from imports_undone(tmp_path_factory.getbasetemp())


def data_of(folder: Path, text: str, batch_size: int = 2, seed: int = 0) -> TrialData:
    import torch

    (folder / "own.py").write_text(
        "import random\nimport torch\nfrom torch.utils.data import *\n" + textwrap.dedent(text)
    )
    return trial_data(f"{folder / 'own.py'}:make", torch.nn.Identity(), batch_size, seed)


def first_of(data: TrialData, count: int) -> list[Batch]:
    return list(itertools.islice(data.batches, count))


SHUFFLED = """
def make():
    samples = torch.utils.data.TensorDataset(torch.arange(12.).reshape(12, 1) + random.random(), torch.arange(12))
    return torch.utils.data.DataLoader(samples, 5, shuffle=True)
"""


@pytest.mark.parametrize("drawing", [False, True])
def test_a_loader_that_shuffles_itself_gives_the_same_batches_whatever_else_draws(
    tmp_path: Path, drawing: bool
) -> None:
    import torch

    def stream(seed: int, drawing: bool) -> list[tuple[Any, Any]]:
        found = first_of_drawing(data_of(tmp_path, SHUFFLED, seed=seed), 7, drawing)
        return [(batch.positional[0].tolist(), batch.targets.tolist()) for batch in found]

    def first_of_drawing(data: TrialData, count: int, drawing: bool) -> Iterator[Batch]:
        for _ in range(count):
            if drawing:
                torch.rand(3)
            yield next(data.batches)

    torch.manual_seed(1)
    usual = stream(5, drawing=False)
    torch.manual_seed(2)
    assert stream(5, drawing) == usual
    assert stream(6, drawing) != usual
    assert usual[0] != usual[3]  # another epoch has another order


def test_the_data_draws_nothing_from_the_training(tmp_path: Path) -> None:
    import torch

    state = torch.get_rng_state()
    first_of(data_of(tmp_path, SHUFFLED), 4)
    assert torch.get_rng_state().equal(state)


def test_a_function_may_give_a_loss_and_the_length_is_known(tmp_path: Path) -> None:
    import torch

    text = """
    def loss(output, targets): return ((output - targets) ** 4).mean()
    def make(): return [(torch.zeros(2, 1), torch.ones(2, 2))] * 3, loss
    """
    data = data_of(tmp_path, text)
    assert data.length.batches == 3
    assert data.loss is not None
    assert float(loss_of(torch.full((2, 2), 3.0), first_of(data, 1)[0], "step 0", data)) == 16


def test_batches_may_be_one_tensor_a_mapping_or_have_several_inputs(tmp_path: Path) -> None:
    import torch

    text = """
    def loss(output, batch): return (output - batch).mean()
    def make(): return [torch.ones(2, 2)], loss
    """
    data = data_of(tmp_path, text)
    assert float(loss_of(torch.full((2, 2), 3.0), first_of(data, 1)[0], "step 0", data)) == 2
    text = "def make(): return [{'input_ids': [[1, 2], [3, 4]], 'labels': torch.tensor([0, 1]), 'return_dict': True}]"
    named = first_of(data_of(renewed(tmp_path, "a"), text), 1)[0]
    assert (named.named["input_ids"].tolist(), named.named["return_dict"], named.size) == ([[1, 2], [3, 4]], True, 2)
    text = "def make(): return [((torch.zeros(2, 1), torch.ones(2, 3)), [0, 1]), ({'x': torch.ones(2)}, [0, 1])]"
    two, by_name = first_of(data_of(renewed(tmp_path, "b"), text), 2)
    assert [tuple(tensor.shape) for tensor in two.positional] == [(2, 1), (2, 3)]
    assert (list(by_name.named), by_name.targets.tolist()) == (["x"], [0, 1])


def renewed(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "def make(): return TensorDataset(torch.zeros(0, 1), torch.zeros(0))",
            "The dataset of make in own.py is empty.",
        ),
        ("def make(): return DataLoader([(1., 1)] * 0, 2)", "holds no batches"),
        ("def make(): return [], print, 3", "gave a tuple (list, builtin_function_or_method, int); it must return"),
        ("def make(): return print, []", "it must return its data alone, or (data, loss)"),
        ("def make(): return [torch.zeros(2, 1)]", "must give pairs (inputs, targets), but a batch is a Tensor"),
        ("def make(): return [{'a': torch.zeros(2), 'b': torch.zeros(3)}]", "inputs of 2 and 3 samples"),
        ("def make(): return [(torch.zeros(3, 1), torch.zeros(2))], print", "the same first dimension"),
        ("def make(): return [{'a': object()}]", "cannot be made a tensor"),
    ],
)
def test_what_cannot_be_trained_on_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(JobError) as caught:
        first_of(data_of(tmp_path, text), 1)
    assert told in str(caught.value)


# Losses

NOTHING = TrialData(iter(()), "nothing")


def loss(output: Any, targets: Any = None, data: TrialData = NOTHING) -> float:
    import torch

    return float(loss_of(output, Batch((torch.zeros(2, 1),), targets=targets), "step 4", data))


def test_the_loss_that_a_model_returns_is_taken() -> None:
    import torch

    scores, number = torch.zeros(2, 3), torch.tensor(7.0)
    for output in ({"loss": number, "logits": scores}, (scores, number), number, type("O", (), {"loss": number})()):
        assert loss(output) == 7
    assert loss({"loss": None, "logits": scores}, torch.tensor([0, 1])) == pytest.approx(1.0986, abs=1e-4)
    assert loss((scores, number), torch.tensor([0, 1])) == pytest.approx(1.0986, abs=1e-4)  # a part of the loss only


def test_classes_of_tokens_and_of_pixels_are_told_apart_by_the_shapes() -> None:
    import torch

    torch.manual_seed(0)
    cross_entropy = torch.nn.functional.cross_entropy
    scores, targets = torch.randn(2, 5, 7), torch.randint(0, 7, (2, 5))
    assert loss(scores, targets) == pytest.approx(float(cross_entropy(scores.flatten(0, 1), targets.flatten())))
    scores, targets = torch.randn(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5))
    assert loss(scores, targets) == pytest.approx(float(cross_entropy(scores, targets)))
    scores, targets = torch.randn(2, 4, 4, 4), torch.randint(0, 4, (2, 4, 4))
    assert loss(scores, targets) == pytest.approx(float(cross_entropy(scores, targets)))


def test_numbers_are_learned_by_their_squared_error_also_in_a_column() -> None:
    import torch

    assert loss(torch.full((2, 3), 2.0), torch.zeros(2, 3)) == 4
    assert loss(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 3.0])) == 0
    assert loss(torch.tensor([1.0, 3.0]), torch.tensor([[1.0], [3.0]], dtype=torch.float64)) == 0


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda t: (t.zeros(32), None, lambda output, goal: output),
            "The loss of step 4 has shape (32,): it must be one ",
        ),
        (
            lambda t: ({"loss": t.zeros(2)}, None, None),
            "The loss of step 4 has shape (2,): it must be one number; take ",
        ),
        (
            lambda t: (t.zeros(2), None, lambda output, goal: 3.0),
            "The loss of step 4 is of type float: it must be a tens",
        ),
        (lambda t: (t.zeros(2), None, lambda output: output), "Your loss of step 4 failed: TypeError"),
        (
            lambda t: (t.zeros(2, 3), None, None),
            "no targets, and the model has returned no loss but an output of shape",
        ),
        (lambda t: (t.zeros(2, 3), t.zeros(2, 4), None), "has shape (2, 3) and the targets have shape (2, 4) float32"),
        (
            lambda t: (t.zeros(2), t.tensor([0, 1]), None),
            "shape (2,) and the targets have shape (2,) int64: no loss fits",
        ),
        (lambda t: (t.zeros(2, 3), t.tensor([0, -1]), None), "A target is class -1"),
        (lambda t: (t.zeros(2, 5, 3), t.full((2, 5), 3), None), "class 3, but the model gives scores of 3 classes"),
    ],
)
def test_a_loss_that_is_none_is_told_with_its_shape_and_what_mends_it(make: Any, told: str) -> None:
    import torch

    output, targets, own = make(torch)
    with pytest.raises(JobError) as caught:
        loss(output, targets, TrialData(iter(()), "own", loss=own))
    assert told in str(caught.value)


# In a training

EXPORTED = """
import torch
def build_optimizer(model):
    return torch.optim.SGD([{"name": "all", "params": list(model.parameters()), "lr": 0.05}])
def build_scheduler(optimizer):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
def apply_freeze(model, step): ...
"""
MODEL = """
import torch
class Net(torch.nn.Sequential):
    def __init__(self):
        super().__init__(torch.nn.Embedding(40, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 40))
        self[1].eval()
"""


def training(folder: Path, **options: Any) -> Any:
    from lrdesigner.child.training import Training

    (folder / "exported.py").write_text(EXPORTED)
    (folder / "net.py").write_text(MODEL)
    source = parse_source(f"{folder / 'net.py'}:Net").child_source
    request = TrialRequest(source, str(folder / "exported.py"), 40, TrialOptions(**{"device": "cpu", **options}))
    return Training(json.loads(encode_request(request)), Recorder())


def test_a_language_model_learns_the_text_and_is_measured_on_the_rest(tmp_path: Path) -> None:
    from lrdesigner.child.evaluation import measured

    run = training(tmp_path, data="text", batch_size=16)
    before = measured(run, lambda: False)
    for _ in range(30):
        run.update()
    run.model[1].eval()
    after = measured(run, lambda: False)
    assert list(before) == ["test_loss"]
    assert 3 < after["test_loss"] < before["test_loss"] - 0.05
    assert [module.training for module in run.model] == [True, False, True]
    assert measured(run, lambda: True) == {}


def test_one_batch_is_learned_by_heart(tmp_path: Path) -> None:
    run = training(tmp_path, data="text", batch_size=4, one_batch=True)
    first = run.next_batch()
    for _ in range(100):
        run.update()
    assert run.next_batch().positional[0].equal(first.positional[0])
    assert sum(run.losses[-10:]) < sum(run.losses[:10]) - 1


def test_what_a_loss_of_the_user_gives_is_what_is_trained_and_told(tmp_path: Path) -> None:
    text = """
    import torch
    def loss(output, batch): return (output - batch[..., None]).abs()
    def make(): return [torch.ones(32, 3).long()], loss
    """
    (tmp_path / "own.py").write_text(textwrap.dedent(text).replace(".abs()", ".abs().mean()"))
    run = training(tmp_path, data=f"{tmp_path / 'own.py'}:make")
    for _ in range(20):
        run.update()
    assert 0 < run.losses[-1] < run.losses[0]
    (tmp_path / "vector.py").write_text(textwrap.dedent(text))
    run = training(tmp_path, data=f"{tmp_path / 'vector.py'}:make")
    with pytest.raises(
        JobError, match=r"The loss of step 0 has shape \(32, 3, 40\): it must be one number; take its mean"
    ):
        run.update()


def test_a_trial_begins_with_the_checkpoint_that_it_is_given(tmp_path: Path) -> None:
    import torch

    run = training(tmp_path, data="text")
    for _ in range(2):
        run.update()
    torch.save(run.model.state_dict(), tmp_path / "net.pt")
    again = training(tmp_path, data="text", weights=str(tmp_path / "net.pt"))
    assert again.model[2].weight.equal(run.model[2].weight)


def test_after_running_out_of_memory_smaller_batches_of_the_same_kind_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lrdesigner.child.out_of_memory import fitting_batch_size

    run = training(tmp_path, data="text", batch_size=16)
    forward = type(run.model).forward

    def full_above_five(model: Any, ids: Any) -> Any:
        if len(ids) > 5:
            raise MemoryError
        return forward(model, ids)

    monkeypatch.setattr(type(run.model), "forward", full_above_five)
    with pytest.raises(JobError, match="ran out of memory") as caught:
        run.update()
    assert fitting_batch_size(run, caught.value) == 4
