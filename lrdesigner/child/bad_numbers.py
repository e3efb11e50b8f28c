"""Telling which weight or gradient of a training run is not finite: a norm of each tensor, fetched all at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrdesigner.child.norms import fetched, norms_of, values_of, whole

if TYPE_CHECKING:
    import torch
    from torch import nn

    Members = Sequence[tuple[str, Sequence[nn.Parameter]]]


@dataclass(frozen=True)
class BadNumbers:
    """What is not finite: "loss", "gradient" or "weight"; of the latter the first tensor, and every group with one."""

    what: str
    tensor: str = ""
    groups: tuple[str, ...] = ()

    def figures(self) -> dict[str, Any]:
        """As the last message of a job has it."""
        if not self.groups:
            return {"bad_what": self.what}
        return {
            "bad_what": self.what,
            "bad_group": self.groups[0],
            "bad_tensor": self.tensor,
            "bad_groups": list(self.groups),
        }


def bad_gradients(members: Members, model: nn.Module) -> BadNumbers | None:
    """The gradients that are not finite, of param groups with their names and parameters; None for none."""
    found = [(group, p, p.grad) for group, parameters in members for p in parameters if p.grad is not None]
    return _bad("gradient", found, model)


def bad_weights(members: Members, model: nn.Module) -> BadNumbers | None:
    """The weights that are not finite; None for none."""
    return _bad("weight", [(group, p, p.detach()) for group, parameters in members for p in parameters], model)


def _bad(what: str, found: list[tuple[str, nn.Parameter, torch.Tensor]], model: nn.Module) -> BadNumbers | None:
    finite = [math.isfinite(norm) for norm in fetched(norms_of([tensor for _, _, tensor in found]))]
    if all(finite):
        return None
    bad = [one for one, fine in zip(found, finite, strict=True) if not fine and not _largest_is_finite(one[2])]
    if not bad:
        return None
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = tuple(dict.fromkeys(group for group, _, _ in bad))
    return BadNumbers(what, names.get(id(bad[0][1]), ""), groups)


def _largest_is_finite(tensor: torch.Tensor) -> bool:
    """The norm of finite numbers is infinite where the squares of some are; the largest of them is not."""
    import torch

    return bool(whole(torch.linalg.vector_norm(values_of(tensor), ord=float("inf"))).isfinite())
