"""Real tensors in the place of a model's parameters, so that optimizers of a model without weights can really step."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import user_code

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim import Optimizer

    Tensors = dict[int, torch.Tensor]
    """Stand-ins by the id of the parameter."""

MOST_NUMBERS = 1_000_000
"""Up to so many trainable numbers every tensor is as large as designed; of a larger model it is cut."""
LONGEST_SIDE = 8
"""Of a tensor that is cut."""


class StandIns:
    """The trainable parameters of a model, as they are before anything freezes."""

    def __init__(self, model: nn.Module) -> None:
        everything = list(model.named_parameters())
        self._flags = [(parameter, parameter.requires_grad) for _, parameter in everything]
        self.parameters = {name: parameter for name, parameter in everything if parameter.requires_grad}
        self.whole = sum(parameter.numel() for parameter in self.parameters.values()) <= MOST_NUMBERS

    def thaw(self) -> None:
        """Let every parameter need a gradient, or none, as in a model that was just built."""
        for parameter, flag in self._flags:
            parameter.requires_grad_(flag)

    def made(self, seed: int) -> Tensors:
        """Fresh tensors with random numbers."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        made = {}
        for parameter in self.parameters.values():
            shape = [side if self.whole else min(side, LONGEST_SIDE) for side in parameter.shape]
            numbers = torch.randn(shape, generator=generator, device="cpu") / 10
            made[id(parameter)] = numbers.to(parameter.dtype).requires_grad_()
        return made

    def put(self, optimizer: Optimizer, tensors: Tensors) -> Optimizer:
        """The optimizer with tensors instead of the parameters; one that keeps numbers from the start is made anew."""
        for group in optimizer.param_groups:  # in place: LBFGS keeps the very list
            group["params"][:] = [tensors.get(id(parameter), parameter) for parameter in group["params"]]
        if not optimizer.state:
            return optimizer
        known = inspect.signature(type(optimizer)).parameters
        arguments: dict[str, Any] = {key: value for key, value in optimizer.defaults.items() if key in known}
        with user_code(f"Making {type(optimizer).__name__} for tensors that hold numbers"):
            return type(optimizer)([_named(group) for group in optimizer.param_groups], **arguments)


def _named(group: dict[str, Any]) -> dict[str, Any]:
    """The group as it was given, each tensor with its name."""
    others = {key: value for key, value in group.items() if key not in ("params", "param_names")}
    names = group.get("param_names")
    return {**others, "params": list(zip(names, group["params"], strict=True)) if names else group["params"]}
