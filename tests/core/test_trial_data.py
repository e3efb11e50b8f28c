"""Data that is made to fit the model: digits, text, random numbers, one batch again and again."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import pytest

from lrdesigner.child.data.batch import Batch, TrialData, tensors_in
from lrdesigner.child.data.trial_data import trial_data
from lrdesigner.child.digits import read_digits
from lrdesigner.child.failures import JobError
from lrdesigner.child.losses import loss_of, output_of
from lrdesigner_resources import path as resource_path

pytestmark = pytest.mark.torch

DIGITS = str(resource_path("demo/digits.bin.gz"))


@pytest.fixture(autouse=True)
def demo_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRDESIGNER_DEMO_DATA", DIGITS)


def inputs_of(data: TrialData, count: int = 1) -> list[Any]:
    return [(*batch.positional, *batch.named.values())[0] for batch in itertools.islice(data.batches, count)]


def model_for(name: str) -> Any:
    from data_models import MODELS

    return MODELS[name]().train()


def first_loss(model: str, data: TrialData) -> float:
    batch = next(data.batches)
    return float(loss_of(output_of(model_for(model), batch, "step 0"), batch, "step 0", data).detach())


# Digits


def test_the_digits_of_a_small_colour_model_are_those_of_every_release() -> None:
    import torch

    pixels, labels, greatest = read_digits(DIGITS)
    images = pixels.unsqueeze(1).float() / greatest
    images = torch.nn.functional.interpolate(images, size=(32, 32), mode="bilinear", align_corners=False)
    images = ((images - images.mean()) / images.std()).expand(-1, 3, -1, -1)
    test = trial_data("demo", model_for("images"), 8, 0).test
    assert test is not None
    torch.testing.assert_close(test.positional[0], images[::5], rtol=0, atol=1e-6)
    assert test.targets.equal(labels[::5])


@pytest.mark.parametrize(
    ("model", "inputs", "shape"),
    [
        ("five channels", (), (5, 32, 32)),
        ("patches of 28", (), (1, 28, 28)),
        ("patches of 96", (), (1, 96, 96)),
        ("images", [{"dtype": "float32", "shape": [1, 3, 48, 40], "name": ""}], (3, 48, 40)),
        ("flat 784", (), (1, 28, 28)),
        ("flat 3072", (), (3, 32, 32)),
        ("pixel vectors", (), (64,)),
        ("doubles", (), (3, 32, 32)),
    ],
)
def test_digits_are_grown_to_what_the_model_takes(model: str, inputs: Any, shape: tuple[int, ...]) -> None:
    data = trial_data("demo", model_for(model), 4, 0, inputs)
    assert tuple(inputs_of(data)[0].shape) == (4, *shape)
    assert 1.5 < first_loss(model, data) < 4


def test_an_input_that_is_described_by_name_is_given_by_name() -> None:
    inputs = [{"dtype": "float32", "shape": [1, 1, 16, 16], "name": "pixel_values"}]
    batch = next(trial_data("demo", model_for("grey images"), 4, 0, inputs).batches)
    assert (batch.positional, tuple(batch.named["pixel_values"].shape)) == ((), (4, 1, 16, 16))


def test_trying_leaves_no_traces_in_the_model() -> None:
    import torch

    model: Any = model_for("patches of 64")
    model.norm.eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.get_rng_state()
    trial_data("demo", model, 4, 0)
    assert all(tensor.equal(before[name]) for name, tensor in model.state_dict().items())
    assert (model.training, model.norm.training, model.drop.training) == (True, False, True)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.get_rng_state().equal(state)


def test_a_model_that_no_image_fits_is_told_so_in_one_sentence() -> None:
    with pytest.raises(JobError, match=r"Language takes token ids, not images: train it on text"):
        trial_data("demo", model_for("text"), 4, 0)
    with pytest.raises(
        JobError, match=r"digits do not fit Patches, whatever their size: a forward pass failed: Runtime"
    ):
        trial_data("demo", model_for("patches of 20"), 4, 0)


# Text


def test_a_language_model_is_given_text_and_what_follows_it() -> None:
    data = trial_data("text", model_for("text"), 4, 0)
    batch = next(data.batches)
    ids, targets = batch.positional[0], batch.targets
    assert tuple(ids.shape) == tuple(targets.shape) == (4, 24)
    assert ids[:, 1:].equal(targets[:, :-1])
    assert int(ids.max()) < 65
    assert "sha256" in data.label
    assert data.evidence
    assert 3.5 < first_loss("text", data) < 6


def test_what_is_held_out_of_the_text_is_never_trained_on() -> None:
    data = trial_data("text", model_for("long text"), 500, 0)
    assert data.test is not None
    seen = {bytes(row) for ids in inputs_of(data, 15) for row in ids.tolist()}
    held_out = {bytes(row) for row in data.test.positional[0].tolist()}
    assert len(held_out) > 100
    assert len(seen & held_out) < 3  # rulings of dashes come more than once


@pytest.mark.parametrize(
    ("kind", "names"), [("text with targets", ["targets"]), ("text by name", ["input_ids", "labels"])]
)
def test_models_that_make_their_loss_are_given_what_they_make_it_of(kind: str, names: list[str]) -> None:
    data = trial_data("text", model_for(kind), 4, 0)
    batch = next(data.batches)
    assert (list(batch.named), batch.targets) == (names, None)
    assert 3.5 < first_loss(kind, data) < 6


def test_the_length_of_a_described_input_is_that_of_the_text() -> None:
    inputs = [{"dtype": "int64", "shape": [1, 7], "name": ""}]
    assert tuple(inputs_of(trial_data("text", model_for("text"), 3, 0, inputs))[0].shape) == (3, 7)


def test_text_is_refused_where_there_is_none_or_the_model_takes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        JobError, match=r"Classifier does not tell the next token of a text, given shape \(2, 64\) int64"
    ):
        trial_data("text", model_for("sentences"), 4, 0)
    with pytest.raises(JobError, match="Sequential has no embedding, so it takes no text"):
        trial_data("text", model_for("images"), 4, 0)
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(JobError, match="lacks pydoc_data"):
        trial_data("text", model_for("text"), 4, 0)


# Random numbers


@pytest.mark.parametrize(
    ("model", "shape", "targets"),
    [
        ("images", (3, 32, 32), ()),
        ("vectors", (7,), ()),
        ("one number", (7,), (1,)),
        ("text", (24,), (24,)),
        ("signals", (2, 128), ()),
        ("waves", (128,), ()),
        ("pixels", (3, 32, 32), (32, 32)),
        ("autoencoder", (3, 32, 32), (3, 32, 32)),
        ("sequences", (16, 5), ()),
        ("text by name", (3,), (3,)),
        ("encoder", (8,), ()),
    ],
)
def test_random_batches_fit_what_the_model_takes_and_gives(
    model: str, shape: tuple[int, ...], targets: tuple[int, ...]
) -> None:
    data = trial_data("synthetic", model_for(model), 4, 0)
    batch = next(data.batches)
    assert tuple(inputs_of(data)[0].shape) == (4, *shape)
    assert tuple(batch.targets.shape) == (4, *targets)
    assert not data.evidence
    assert 0 < first_loss(model, data) < 6


def test_described_inputs_are_made_as_described() -> None:
    inputs = [
        {"dtype": "float16", "shape": [1, 3], "name": ""},
        {"dtype": "int32", "shape": [1, 5], "name": "ids"},
        {"dtype": "bool", "shape": [1, 5], "name": "mask"},
    ]
    batch = next(trial_data("synthetic", model_for("two inputs"), 6, 0, inputs).batches)
    assert tuple(batch.named["ids"].shape) == (6, 5)
    assert 0 <= int(batch.named["ids"].min()) < int(batch.named["ids"].max()) < 9
    assert batch.size == 6
    with pytest.raises(JobError, match="no dtype 'float7'"):
        trial_data("synthetic", model_for("two inputs"), 6, 0, [{"dtype": "float7", "shape": [1, 3], "name": ""}])


def test_inputs_that_nobody_can_guess_are_asked_for() -> None:
    with pytest.raises(JobError, match=r"Nobody knows what inputs Strange takes.*`lrdesigner new --input"):
        trial_data("synthetic", model_for("strange"), 4, 0)


def test_large_samples_are_few_but_a_batch_at_least() -> None:
    inputs = [{"dtype": "float32", "shape": [1, 1, 1000, 1000], "name": ""}]
    data = trial_data("synthetic", model_for("grey images"), 3, 0, inputs)
    first, *_, last = inputs_of(data, 6)
    assert tuple(first.shape) == (3, 1, 1000, 1000)
    assert {float(image.sum()) for image in first} != {float(image.sum()) for image in last}


# All data


@pytest.mark.parametrize(("name", "model"), [("demo", "images"), ("text", "text"), ("synthetic", "text")])
def test_the_same_seed_gives_the_same_batches_in_the_same_order(name: str, model: str) -> None:
    first, again, other = (trial_data(name, model_for(model), 8, seed).batches for seed in (3, 3, 4))
    for _ in range(3):
        one, same, different = next(first), next(again), next(other)
        assert one.positional[0].equal(same.positional[0])
        assert one.targets.equal(same.targets)
        assert not one.positional[0].equal(different.positional[0])


def test_one_batch_comes_again_and_again() -> None:
    data = trial_data("synthetic", model_for("vectors"), 4, 0, one_batch=True)
    first, *others = inputs_of(data, 4)
    assert all(other.equal(first) for other in others)
    assert (data.test, data.evidence) == (None, False)


def test_a_batch_is_cut_and_moved_with_all_its_parts() -> None:
    import torch

    batch = Batch(
        (torch.arange(6).reshape(3, 2), [torch.arange(3)]),
        {"mask": torch.ones(3), "flag": True, "temperature": torch.tensor(2.0)},
        {"boxes": torch.arange(3)},
    )
    cut = batch.first(2)
    assert (batch.size, cut.size) == (3, 2)
    assert cut.positional[1][0].tolist() == cut.targets["boxes"].tolist() == [0, 1]
    assert (len(cut.named["mask"]), cut.named["flag"], float(cut.named["temperature"])) == (2, True, 2.0)
    assert batch.part(2, 9).positional[0].tolist() == [[4, 5]]
    moved = batch.to(torch.device("meta"))
    assert {tensor.device.type for tensor in tensors_in((moved.positional, moved.targets))} == {"meta"}
