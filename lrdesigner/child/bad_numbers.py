"""Telling which weight or gradient of a training run is not finite: a norm of each tensor, fetched all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    finite = _have_finite_norms([tensor for _, _, tensor in found])
    if all(finite):
        return None
    bad = [one for one, fine in zip(found, finite, strict=True) if not fine and not _largest_is_finite(one[2])]
    if not bad:
        return None
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = tuple(dict.fromkeys(group for group, _, _ in bad))
    return BadNumbers(what, names.get(id(bad[0][1]), ""), groups)


def _have_finite_norms(tensors: list[torch.Tensor]) -> list[bool]:
    import torch

    if not tensors:
        return []
    values = [_values(tensor) for tensor in tensors]
    try:
        norms = list(torch._foreach_norm(values))  # noqa: SLF001
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):  # it may go, and does not take all
        norms = [torch.linalg.vector_norm(tensor) for tensor in values]
    whole = [_whole(norm) for norm in norms]
    fine: list[bool] = torch.stack([norm.to(whole[0].device, torch.float32) for norm in whole]).isfinite().tolist()
    return fine


def _largest_is_finite(tensor: torch.Tensor) -> bool:
    """The norm of finite numbers is infinite where the squares of some are; the largest of them is not."""
    import torch

    return bool(_whole(torch.linalg.vector_norm(_values(tensor), ord=float("inf"))).isfinite())


def _values(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.coalesce().values() if tensor.is_sparse else tensor


def _whole(norm: Any) -> Any:
    """The norm of a tensor of which each process has a part."""
    return norm.full_tensor() if hasattr(norm, "full_tensor") else norm
