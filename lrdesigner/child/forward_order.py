"""In which order a forward pass enters the modules of a model, found with inputs that have a shape and no numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.model_walk import walk
from lrdesigner.child.rungs import on_rung

if TYPE_CHECKING:
    import torch
    from torch import nn


def forward_order(model: nn.Module, inputs: Sequence[Mapping[str, Any]], rung: str) -> list[str]:
    """Paths of the modules in the order in which a forward pass first enters them; "" is not among them.

    `inputs` have a dtype and a shape each, and a name where they are keyword arguments. Raises `JobError` when the
    model does not take them.
    """
    import torch

    entered: dict[str, None] = {}
    paths: dict[int, str] = {}
    for path, module in walk(model):
        paths.setdefault(id(module), path)

    def note(module: nn.Module, _: Any) -> None:
        path = paths.get(id(module))
        if path:
            entered[path] = None

    modules = {id(module): module for _, module in walk(model)}
    hooks = [module.register_forward_pre_hook(note) for module in modules.values()]
    try:
        fake = next((parameter for parameter in model.parameters() if hasattr(parameter, "fake_mode")), None)
        mode = on_rung(rung) if fake is None else fake.fake_mode
        with user_code("A forward pass with the given inputs"), torch.no_grad(), mode:
            for module in modules.values():
                module.training = False  # a batch of one has no statistics; eval() would recurse
            positional = [_tensor(given, fake) for given in inputs if not given.get("name")]
            named = {str(given["name"]): _tensor(given, fake) for given in inputs if given.get("name")}
            model(*positional, **named)
    finally:
        for hook in hooks:
            hook.remove()
    return list(entered)


def _tensor(given: Mapping[str, Any], like: torch.Tensor | None) -> torch.Tensor:
    """Zeros as described; on the device that `like` claims, else where the way of building puts them."""
    import torch

    dtype = getattr(torch, str(given["dtype"]), None)
    if not isinstance(dtype, torch.dtype):
        raise JobError(f"torch has no dtype {given['dtype']!r} for an input.")
    device = None if like is None else like.device
    return torch.zeros([int(size) for size in given["shape"]], dtype=dtype, device=device)
