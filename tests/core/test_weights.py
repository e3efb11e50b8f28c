"""Checkpoints that a trial begins with."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from lrdesigner.child.failures import JobError
from lrdesigner.child.weights import load_weights

pytestmark = pytest.mark.torch

NAMES = {"torch.float32": "F32", "torch.int64": "I64", "torch.bfloat16": "BF16"}


def net(seed: int = 0) -> Any:
    import torch

    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))


def same(one: Any, other: Any) -> bool:
    return all(tensor.equal(other.state_dict()[name]) for name, tensor in one.state_dict().items())


def write_safetensors(file: Path, tensors: dict[str, Any]) -> None:
    """As the format says it."""
    import torch

    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    content = b""
    for name, tensor in tensors.items():
        raw = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[name] = {
            "dtype": NAMES[str(tensor.dtype)],
            "shape": list(tensor.shape),
            "data_offsets": [len(content), len(content) + len(raw)],
        }
        content += raw
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + content)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state, "optimizer": {"lr": 1}},
        lambda state: {"model_state_dict": {f"module.{name}": tensor for name, tensor in state.items()}},
        lambda state: {f"_orig_mod.module.{name}": tensor for name, tensor in state.items()},
        lambda state: {"state_dict": {f"model.{name}": tensor for name, tensor in state.items()}},
        lambda state: {f"{name[0]}._orig_mod{name[1:]}": tensor for name, tensor in state.items()},
        lambda state: {name: tensor for name, tensor in state.items() if "num_batches" not in name},
    ],
)
def test_checkpoints_of_torch_are_loaded_however_they_are_wrapped(tmp_path: Path, wrap: Any) -> None:
    import torch

    source, model = net(), net(1)
    torch.save(wrap(source.state_dict()), tmp_path / "last.ckpt")
    load_weights(model, str(tmp_path / "last.ckpt"))
    assert same(source, model)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_safetensors_file_is_loaded_in_the_models_own_dtype(tmp_path: Path) -> None:
    import torch

    source, model = net(), net(1)
    write_safetensors(tmp_path / "net.safetensors", source.state_dict())
    load_weights(model, str(tmp_path / "net.safetensors"))
    assert same(source, model)
    half = {name: t.bfloat16() if t.is_floating_point() else t for name, t in source.state_dict().items()}
    write_safetensors(tmp_path / "half.safetensors", half)
    load_weights(model, str(tmp_path / "half.safetensors"))
    assert model[0].weight.dtype == torch.float32
    assert model[0].weight.equal(source[0].weight.bfloat16().float())


def test_of_tied_tensors_one_is_enough(tmp_path: Path) -> None:
    import torch

    def tied(seed: int) -> Any:
        torch.manual_seed(seed)
        model = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.Linear(3, 5, bias=False))
        model[1].weight = model[0].weight
        return model

    source, model = tied(0), tied(1)
    write_safetensors(tmp_path / "tied.safetensors", {"0.weight": source[0].weight.detach()})
    load_weights(model, str(tmp_path / "tied.safetensors"))
    assert model[1].weight.equal(source[0].weight)


def test_names_and_shapes_that_do_not_fit_are_told_at_once_and_nothing_is_changed(tmp_path: Path) -> None:
    import torch

    state = {f"9.{i}": torch.zeros(1) for i in range(5)} | {"0.weight": torch.zeros(4, 9), "0.bias": torch.ones(4)}
    torch.save(state, tmp_path / "other.pt")
    model = net()
    with pytest.raises(JobError) as caught:
        load_weights(model, str(tmp_path / "other.pt"))
    assert str(caught.value).startswith(
        "other.pt does not fit Sequential: it lacks 1.weight, 1.bias, 1.running_mean and 3 more; "
        "the model has no 9.0, 9.1, 9.2 and 2 more; shapes differ: 0.weight is (4, 9), not (4, 3); choose"
    )
    assert same(model, net())


class Whole:
    """An object that a checkpoint would need code for."""


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.safetensors", b"", "is no safetensors file, or it was cut off"),
        ("a.safetensors", struct.pack("<Q", 1 << 60) + b"{}", "is no safetensors file"),
        ("a.safetensors", struct.pack("<Q", 2) + b"[]", "is no safetensors file"),
        ("a.safetensors", struct.pack("<Q", 8) + b'{"a": 1}', "The tensor a in a.safetensors is not described"),
        ("a.pt", b"PK nonsense", "cannot be read as tensors alone"),
        ("a.npz", b"", "is none that can be read: give .safetensors, .pt"),
    ],
)
def test_what_is_no_checkpoint_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(JobError) as caught:
        load_weights(net(), str(tmp_path / name))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("described", "told"),
    [
        ({"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}, "cut off"),
        ({"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}, "other bytes than its shape says"),
        ({"dtype": "F32", "shape": [-2], "data_offsets": [8, 0]}, "other bytes"),
        ({"dtype": "Q4", "shape": [2], "data_offsets": [0, 8]}, "is of the type Q4"),
    ],
)
def test_a_safetensors_file_that_lies_is_refused(tmp_path: Path, described: Any, told: str) -> None:
    text = json.dumps({"w": described}).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(8))
    with pytest.raises(JobError, match=told):
        load_weights(net(), str(tmp_path / "a.safetensors"))


def test_whole_objects_numbers_alone_and_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    import torch

    torch.save({"model": Whole()}, tmp_path / "whole.pth")
    with pytest.raises(JobError, match=r"save it again with torch.save\(model.state_dict"):
        load_weights(net(), str(tmp_path / "whole.pth"))
    torch.save({"epoch": 3}, tmp_path / "epoch.pth")
    with pytest.raises(JobError, match="holds no weights, but a dict without tensors"):
        load_weights(net(), str(tmp_path / "epoch.pth"))
    with pytest.raises(JobError, match=r"The checkpoint gone\.pt cannot be read: FileNotFoundError"):
        load_weights(net(), str(tmp_path / "gone.pt"))
