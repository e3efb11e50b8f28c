"""Norms of many tensors at once, fetched from the device together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def norms_of(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The norm of each tensor, as tensors that are still on their devices; of a sharded one that of the whole."""
    import torch

    if not tensors:
        return []
    values = [values_of(tensor) for tensor in tensors]
    try:
        norms = list(torch._foreach_norm(values))  # noqa: SLF001
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):  # it may go, and does not take all
        norms = [torch.linalg.vector_norm(tensor) for tensor in values]
    return [whole(norm) for norm in norms]


def fetched(numbers: Sequence[torch.Tensor]) -> list[float]:
    """The values of tensors of one number each, in one transfer."""
    import torch

    if not numbers:
        return []
    found: list[float] = torch.stack([number.to(numbers[0].device, torch.float32) for number in numbers]).tolist()
    return found


def changed_by(after: Sequence[torch.Tensor], before: list[torch.Tensor]) -> list[torch.Tensor]:
    """What was added to each tensor, negated, in the place of `before`."""
    import torch

    try:
        torch._foreach_sub_(before, list(after))
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        before = [old - new for old, new in zip(before, after, strict=True)]
    return before


def values_of(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers of a tensor; of a sparse one those that it stores."""
    return tensor.coalesce().values() if tensor.is_sparse else tensor


def whole(norm: Any) -> Any:
    """The norm of a tensor of which each process has a part."""
    return norm.full_tensor() if hasattr(norm, "full_tensor") else norm
