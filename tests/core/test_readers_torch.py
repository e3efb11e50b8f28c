"""What the readers find in a file equals what torch finds in the model that was saved."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reader_files import models

from lrdesigner.child.inspect_job import inventory
from lrdesigner.readers import Contents, ReadError, read_model

pytestmark = pytest.mark.torch

NAMES = ("residual", "tied", "dtypes", "encoder", "attention", "lstm", "lazy", "spectral", "scalars", "nothing")
WITH_STATE = tuple(name for name in NAMES if name not in ("lazy", "nothing"))
OLD = {"_use_new_zipfile_serialization": False}


def _saved(value: Any, folder: Path, name: str = "saved.pt", **options: Any) -> Contents:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, folder / name, **options)
    return read_model(str(folder / name))


def _buffers(model: Any) -> list[dict[str, Any]]:
    from torch.nn.parameter import is_lazy

    return [
        {
            "name": name,
            "shape": [] if is_lazy(buffer) else list(buffer.shape),
            "dtype": str(buffer.dtype).removeprefix("torch."),
        }
        for name, buffer in model.named_buffers()
    ]


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def _without_what_a_state_dict_loses(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "trainable": True} for row in rows]


def _model(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return models()[name]


def test_every_model_is_looked_at() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert tuple(models()) == NAMES


@pytest.mark.parametrize("options", [{}, OLD, {"pickle_protocol": 4}], ids=["zip", "legacy", "protocol 4"])
@pytest.mark.parametrize("name", NAMES)
def test_a_whole_module_reads_as_torch_sees_it(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    model = _model(name)
    if "lazy" in name:
        from torch import nn

        assert any(isinstance(parameter, nn.UninitializedParameter) for parameter in model.parameters())
    contents = _saved(model, tmp_path, **options)
    modules, parameters = inventory(model)
    assert contents.modules == modules
    assert contents.parameters == parameters
    assert contents.buffers == _buffers(model)
    assert contents.notes == ()


@pytest.mark.parametrize("name", WITH_STATE)
def test_a_state_dict_reads_with_the_names_shapes_and_ties_of_the_model(name: str, tmp_path: Path) -> None:
    model = _model(name)
    for options in ({}, OLD):
        contents = _saved(model.state_dict(), tmp_path, **options)
        expected = _without_what_a_state_dict_loses(inventory(model)[1])
        if name == "dtypes":  # whole numbers cannot be trained, so nobody would guess that they are parameters
            expected = [row for row in expected if row["dtype"] != "int8"]
            assert _names(contents.buffers) == ["of_int8"]
        else:
            assert contents.buffers == _buffers(model)
        if name == "tied":  # of which the trained state differs, but a state_dict does not tell
            assert {row["tied_to"] for row in contents.parameters} == {
                None,
                "embedding.weight",
                "body.weight",
                "body.bias",
            }
        assert contents.parameters == expected


def test_tensors_that_were_kept_as_parameters_tell_what_is_trained(tmp_path: Path) -> None:
    model = _model("residual")
    contents = _saved(model.state_dict(keep_vars=True), tmp_path)
    assert contents.parameters == inventory(model)[1]
    assert {row["name"] for row in contents.parameters if not row["trainable"]} == {"stem.weight", "stem.bias"}
    assert contents.buffers == _buffers(model)
    contents = _saved(dict(model.named_parameters()), tmp_path)
    assert contents.parameters == inventory(model)[1]
    assert contents.buffers == []


def test_normalised_weights_read_as_both_libraries_of_torch_name_them(tmp_path: Path) -> None:
    from torch import nn
    from torch.nn.utils import parametrizations, spectral_norm, weight_norm

    old = weight_norm
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Sequential(
            parametrizations.weight_norm(nn.Linear(4, 4)),
            old(nn.Linear(4, 4)),
            spectral_norm(nn.Linear(4, 4)),
            parametrizations.spectral_norm(nn.Linear(4, 4)),
        )
    contents = _saved(model.state_dict(), tmp_path)
    assert sorted(_names(contents.parameters)) == sorted(name for name, _ in model.named_parameters())
    assert sorted(_names(contents.buffers)) == sorted(name for name, _ in model.named_buffers())


@pytest.mark.parametrize(
    ("wrap", "part"),
    [
        (lambda sd, other: {"state_dict": sd, "epoch": 3}, "state_dict"),
        (lambda sd, other: {"model": sd, "optimizer": {"state": {0: other}, "param_groups": []}}, "model"),
        (lambda sd, other: {"ema": sd, "model_ema": sd}, "ema"),
        (lambda sd, other: {"model_ema": dict(sd), "model": sd, "scaler": other}, "model"),
        (lambda sd, other: {"state_dict_ema": dict(sd), "state_dict": sd}, "state_dict"),
        (lambda sd, other: {"params_ema": sd}, "params_ema"),
        (lambda sd, other: {"seed": other["seed"], "net": {"weights": sd}}, "net.weights"),
        (lambda sd, other: {"small": other, "generator": sd, "discriminator": other}, "generator"),
        (lambda sd, other: ({"lr": 1.0}, {"my_model": sd}), "1.my_model"),
    ],
)
def test_the_model_is_found_where_training_scripts_put_it(wrap: Callable[..., Any], part: str, tmp_path: Path) -> None:
    import torch

    model = _model("encoder")
    contents = _saved(wrap(model.state_dict(), {"seed": torch.zeros(1)}), tmp_path)
    assert contents.part == part
    assert _names(contents.parameters) == [name for name, _ in model.named_parameters()]


def test_other_parts_can_be_asked_for(tmp_path: Path) -> None:
    from torch import nn

    big, small = nn.Linear(3, 4), nn.Linear(1, 2)
    contents = _saved({"model": big.state_dict(), "ema": {"module": small}, "teacher": small.state_dict()}, tmp_path)
    assert (contents.part, contents.parts) == ("model", ("teacher", "ema.module"))
    other = read_model(str(tmp_path / "saved.pt"), "ema.module")
    assert [row["shape"] for row in other.parameters] == [[2, 1], [2]]
    assert other.modules == [{"path": "", "type": "Linear"}]
    assert other.parts == ("model", "teacher")
    with pytest.raises(ReadError, match=r"no part 'student'; parts that can be taken: model, teacher, ema\.module"):
        read_model(str(tmp_path / "saved.pt"), "student")


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
def test_wrappers_around_the_model_are_taken_off_its_names(prefix: str, tmp_path: Path) -> None:
    model = _model("encoder")
    contents = _saved({prefix + name: value for name, value in model.state_dict().items()}, tmp_path)
    assert _names(contents.parameters) == [name for name, _ in model.named_parameters()]
    assert contents.notes[0].startswith("What wraps the model was taken off its names: ")


def test_a_module_that_is_called_module_keeps_its_name(tmp_path: Path) -> None:
    import torch
    from torch import nn

    state = {"module.weight": torch.zeros(2), "head.module.weight": torch.zeros(2)}
    assert _names(_saved(state, tmp_path).parameters) == ["module.weight", "head.module.weight"]
    averaged = torch.optim.swa_utils.AveragedModel(nn.Linear(2, 2))
    contents = _saved(averaged.state_dict(), tmp_path)
    assert (_names(contents.parameters), _names(contents.buffers)) == (["weight", "bias"], ["n_averaged"])


def test_a_traced_module_reads_as_torch_loads_it(tmp_path: Path) -> None:
    import torch
    from torch import fx, nn

    contents = _saved(fx.symbolic_trace(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))), tmp_path)
    loaded = torch.load(tmp_path / "saved.pt", weights_only=False)
    assert (contents.modules, contents.parameters) == inventory(loaded)
    assert contents.buffers == _buffers(loaded)


def test_pickled_wrappers_are_taken_off(tmp_path: Path) -> None:
    import torch

    model = _model("encoder")
    contents = _saved({"model": torch.nn.DataParallel(model)}, tmp_path)
    assert (contents.modules, contents.parameters) == inventory(model)
    assert contents.notes == ("The model was taken out of what wraps it: DataParallel.",)


def test_a_lightning_checkpoint_says_so(tmp_path: Path) -> None:
    import argparse
    import functools

    contents = _saved(
        {
            "epoch": 1,
            "pytorch-lightning_version": "2.6.1",
            "state_dict": _model("encoder").state_dict(),
            "optimizer_states": [{"state": {}, "param_groups": [{"lr": 0.1}]}],
            "hyper_parameters": {"width": 8, "lr": 0.1, "make": functools.partial(print, argparse.Namespace(a=1))},
        },
        tmp_path,
        "last.ckpt",
    )
    assert contents.notes[:2] == ("A checkpoint of Lightning 2.6.1.", "Its hyper-parameters: width, lr, make.")
    assert {"argparse.Namespace", "builtins.print", "functools.partial"} < set(contents.imports)


def test_a_checkpoint_without_checksums_is_read(tmp_path: Path) -> None:
    import torch

    model = _model("encoder")
    torch.serialization.set_crc32_options(False)
    try:
        contents = _saved(model, tmp_path)
    finally:
        torch.serialization.set_crc32_options(True)
    assert contents.parameters == inventory(model)[1]


def test_a_plain_pickle_reads_too(tmp_path: Path) -> None:
    model = _model("tied")
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps(model))
    contents = read_model(str(tmp_path / "plain.pkl"))
    modules, parameters = inventory(model)
    assert contents.modules == modules
    assert [(row["name"], row["shape"], row["dtype"]) for row in contents.parameters] == [
        (row["name"], row["shape"], row["dtype"]) for row in parameters
    ]
    assert contents.parameters[-1]["dtype"] == "float32"


def test_tensors_of_every_layout_keep_shape_and_dtype(tmp_path: Path) -> None:
    import torch

    dense = torch.ones(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tensors = {
            "coo": dense.to_sparse(),
            "csr": dense.to_sparse_csr(),
            "meta": torch.zeros(3, 4, device="meta", dtype=torch.float16),
            "quantized": torch.quantize_per_tensor(dense, 0.1, 0, torch.qint8),
            "uint16": torch.zeros(2, dtype=torch.uint16),
            "float8": torch.zeros(2, dtype=torch.float8_e8m0fnu),
            "subclass": torch.nn.Buffer(torch.zeros(5)),
            "bool": torch.zeros(2, dtype=torch.bool),
        }
        contents = _saved(tensors, tmp_path)
    found = {row["name"]: (row["shape"], row["dtype"]) for row in contents.parameters + contents.buffers}
    assert found == {
        name: (list(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for name, tensor in tensors.items()
    }


@pytest.mark.parametrize("make", ["script", "trace"])
def test_torchscript_reads_as_torch_loads_it(make: str, tmp_path: Path) -> None:
    import torch
    from torch import nn

    convolution = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4))
    model = nn.Sequential(convolution, nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU()), nn.Flatten(), nn.Linear(64, 2))
    model[0][0].weight.requires_grad_(False)
    model[0].register_buffer("own", torch.zeros(3))
    model[1][0].bias = model[0][0].bias
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.jit.script(model) if make == "script" else torch.jit.trace(model, torch.zeros(1, 2, 6, 6))
        made.save(str(tmp_path / "model.pt"))
        loaded = torch.jit.load(str(tmp_path / "model.pt"))
    contents = read_model(str(tmp_path / "model.pt"))
    assert contents.format == "TorchScript archive"
    assert [row["path"] for row in contents.modules] == [path for path, _ in loaded.named_modules()]
    assert [row["type"] for row in contents.modules] == [type(module).__name__ for module in model.modules()]
    assert contents.buffers == _buffers(loaded)
    assert [(row["name"], row["shape"], row["trainable"]) for row in contents.parameters] == [
        (name, list(parameter.shape), parameter.requires_grad)
        for name, parameter in loaded.named_parameters(remove_duplicate=False)
    ]
    assert {row["name"]: row["tied_to"] for row in contents.parameters}["1.0.bias"] == "0.0.bias"


def test_an_exported_program_reads_with_classes_and_what_is_trained(tmp_path: Path) -> None:
    import torch
    from torch import nn

    model = nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Sequential(nn.ReLU(), nn.Linear(4, 4)), nn.Linear(4, 4)
    )
    model[0].requires_grad_(False)
    model[3].weight = model[2][1].weight
    model[2].register_buffer("unsaved", torch.zeros(1), persistent=False)
    model.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(model, (torch.zeros(2, 3),))
        torch.export.save(program, str(tmp_path / "model.pt2"))
    contents = read_model(str(tmp_path / "model.pt2"))
    by_name = {row["name"]: row for row in contents.parameters}
    assert by_name == {row["name"]: row for row in inventory(model)[1]}
    assert {row["name"] for row in contents.buffers} >= {"1.running_mean", "1.running_var"}
    types = {row["path"]: row["type"] for row in contents.modules}
    assert (
        types.items() >= {"": "Sequential", "0": "Linear", "1": "BatchNorm1d", "2.1": "Linear", "3": "Linear"}.items()
    )


def test_a_distributed_checkpoint_reads_without_its_optimizer(tmp_path: Path) -> None:
    import torch
    from torch.distributed import checkpoint

    model = _model("residual")
    optimizer = torch.optim.AdamW(model["head"].parameters())
    model["head"](torch.zeros(1, 8)).sum().backward()
    optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = {"model": model.state_dict(), "optim": optimizer.state_dict(), "step": 3}
        checkpoint.save(state, checkpoint_id=str(tmp_path / "nested"), no_dist=True)
        checkpoint.save(model.state_dict(), checkpoint_id=str(tmp_path / "flat"), no_dist=True)
    for folder, part in (("nested", "model"), ("flat", "")):
        contents = read_model(str(tmp_path / folder))
        assert (contents.part, contents.parts) == (part, ())
        assert {row["name"]: (row["shape"], row["dtype"]) for row in contents.parameters} == {
            name: (list(parameter.shape), "float32") for name, parameter in model.named_parameters()
        }
        assert {row["name"] for row in contents.buffers} == {name for name, _ in model.named_buffers()}
    assert read_model(str(tmp_path / "nested" / "__0_0.distcp")) == read_model(str(tmp_path / "nested"))
