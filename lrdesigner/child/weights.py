"""Beginning with a checkpoint of the user instead of random weights."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, reason
from lrdesigner.child.safetensors_file import read_safetensors

if TYPE_CHECKING:
    import torch
    from torch import nn

TORCH_ENDINGS = (".pt", ".pth", ".ckpt", ".bin")
_HOLDERS = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.", "model.")
"""What DataParallel, torch.compile and Lightning put before every name."""
_NAMED = 3
"""So many names are told of those that do not fit."""


def load_weights(model: nn.Module, file: str) -> None:
    """Put the tensors of a checkpoint into the model; raises `JobError` unless every name and shape fits."""
    found = _fitting_names(_tensors(file), model)
    own = dict(model.state_dict(keep_vars=True))
    problem = "; ".join(_misfits(own, found))
    if problem:
        raise JobError(
            f"{os.path.basename(file)} does not fit {type(model).__name__}: {problem}; choose a checkpoint of this "
            "very model, or train without one."
        )
    import torch

    with torch.no_grad():
        for name, tensor in found.items():
            own[name].copy_(tensor)


def _misfits(own: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> Iterable[str]:
    """Sentences on names that one side lacks and on shapes that differ."""
    # Of tied tensors a file may hold one; old files lack BatchNorm's counters.
    present = {own[name].data_ptr() for name in found if name in own and own[name].numel()}
    missing = [
        name
        for name, tensor in own.items()
        if name not in found and tensor.data_ptr() not in present and not name.endswith("num_batches_tracked")
    ]
    shapes = [
        f"{name} is {tuple(found[name].shape)}, not {tuple(tensor.shape)}"
        for name, tensor in own.items()
        if name in found and found[name].shape != tensor.shape
    ]
    unexpected = [name for name in found if name not in own]
    told = (("it lacks", missing), ("the model has no", unexpected), ("shapes differ:", shapes))
    return [f"{what} {_some(names)}" for what, names in told if names]


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _tensors(file: str) -> dict[str, torch.Tensor]:
    base = os.path.basename(file)
    lower = base.lower()
    try:
        if lower.endswith(".safetensors"):
            return read_safetensors(file)
        if lower.endswith(TORCH_ENDINGS):
            return _of_torch(file)
    except JobError:
        raise
    except (OSError, MemoryError) as error:
        raise JobError(f"The checkpoint {base} cannot be read: {reason(error)}") from error
    raise JobError(f"The checkpoint {base} is none that can be read: give .safetensors, {', '.join(TORCH_ENDINGS)}.")


def _of_torch(file: str) -> dict[str, torch.Tensor]:
    import torch

    base = os.path.basename(file)
    try:
        content: Any = torch.load(file, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # unpickling raises whatever it meets
        raise JobError(
            f"The checkpoint {base} cannot be read as tensors alone ({type(error).__name__}); save it again with "
            "torch.save(model.state_dict(), FILE)."
        ) from error
    for _ in _HOLDERS:
        holder = next((h for h in _HOLDERS if isinstance(content, Mapping) and isinstance(content.get(h), Mapping)), "")
        content = content[holder] if holder else content
    if not isinstance(content, Mapping) or not any(isinstance(value, torch.Tensor) for value in content.values()):
        raise JobError(f"The checkpoint {base} holds no weights, but a {type(content).__name__} without tensors.")
    return {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}


def _fitting_names(found: dict[str, torch.Tensor], model: nn.Module) -> dict[str, torch.Tensor]:
    """The tensors under the model's names: without what wrappers put before or between them."""
    own = set(model.state_dict())
    while not own & set(found):
        prefix = next((p for p in _PREFIXES if all(name.startswith(p) for name in found)), "")
        if not prefix:
            break
        found = {name[len(prefix) :]: tensor for name, tensor in found.items()}
    if own & set(found) == own:
        return found
    plain = {name.replace("_orig_mod.", ""): tensor for name, tensor in found.items()}
    return plain if len(plain) == len(found) else found
