"""What a model takes, told by its layers and found by trying, without leaving traces in it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.untouched import untouched

if TYPE_CHECKING:
    import torch
    from torch import nn

SIDES = (32, 28, 64, 96, 128, 224)
LONGEST_TEXT = 64
_KINDS = ("Embedding", "EmbeddingBag", "Conv1d", "Conv2d", "Conv3d", "Linear", "LSTM", "GRU", "RNN")
_LIMITS = ("max_position_embeddings", "n_positions", "n_ctx", "block_size", "max_seq_len", "context_length")


def first_layer(model: nn.Module) -> tuple[str, Any]:
    """Kind and module of the first layer that tells what it takes, such as "Conv2d"; ("", None) if there is none."""
    from torch import nn

    kinds = [(kind, getattr(nn, kind)) for kind in _KINDS]
    for name, module in model.named_modules():
        for kind, of_class in kinds:
            if isinstance(module, of_class) and not _is_position(name):
                return kind, module
    return "", None


def vocabulary(model: nn.Module) -> int:
    """How many token ids the model's first embedding knows; 0 without one."""
    from torch import nn

    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding | nn.EmbeddingBag) and not _is_position(name):
            return int(module.num_embeddings)
    return 0


def text_length(model: nn.Module, inputs: Sequence[Mapping[str, Any]]) -> int:
    """How many tokens one sample has: as the described inputs say, else 64 or as many as the model has positions."""
    for given in inputs:
        if str(given["dtype"]).startswith(("int", "uint")) and len(given["shape"]) == 2:
            return max(int(given["shape"][1]), 1)
    return min([LONGEST_TEXT, *_position_limits(model)])


def float_type(model: nn.Module) -> torch.dtype:
    """The dtype of the model's numbers, which its inputs need too."""
    import torch

    return next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)


def parameters_of(model: nn.Module) -> set[str]:
    """Names of what the forward pass takes."""
    try:
        return set(inspect.signature(model.forward).parameters)
    except (TypeError, ValueError):  # some callables cannot tell
        return set()


def image_shapes(model: nn.Module, channels: Sequence[int]) -> list[tuple[int, ...]]:
    """Shapes of images to try, those that the model itself names first."""
    named: list[int] = []
    for owner in (model, getattr(model, "config", None), getattr(model, "patch_embed", None)):
        for name in ("image_size", "img_size"):
            size = getattr(owner, name, None)
            size = size[0] if isinstance(size, tuple | list) and size else size
            if type(size) is int and 0 < size <= 1024:
                named.append(size)
    return [(count, side, side) for side in dict.fromkeys([*named, *SIDES]) for count in channels]


def first_taken(model: nn.Module, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The first of these shapes, without the batch, of which a forward pass succeeds; raises its first `JobError`."""
    import torch

    failed: JobError | None = None
    for shape in shapes:
        try:
            tried(model, (torch.zeros(2, *shape, dtype=float_type(model)),), {})
        except JobError as error:
            failed = failed or error
        else:
            return shape
    raise failed or JobError("There is no shape to try.")


def tried(model: nn.Module, positional: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """The output of a forward pass that changes nothing in the model; raises `JobError` where it fails."""
    import torch

    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    with evaluating(model), untouched(model, device), user_code("A forward pass"):
        return model(
            *(value.to(device) for value in positional),
            **{name: value.to(device) for name, value in named.items()},
        )


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode; every module has its own mode again afterwards."""
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, flag in flags:
            module.training = flag


def _is_position(name: str) -> bool:
    last = name.rpartition(".")[2].lower()
    return "pos" in last or last == "wpe"


def _position_limits(model: nn.Module) -> list[int]:
    from torch import nn

    limits = []
    for owner in (model, getattr(model, "config", None)):
        found = [getattr(owner, name, None) for name in _LIMITS]
        limits += [size for size in found if type(size) is int and size > 0]
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding) and _is_position(name):
            limits.append(int(module.num_embeddings))
    for name, parameter in model.named_parameters(recurse=True):
        if _is_position(name) and parameter.dim() >= 2:
            limits.append(int(parameter.shape[-2]))
    return [limit for limit in limits if limit > 0]
