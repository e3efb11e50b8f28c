"""A model out of names and shapes alone: what a checkpoint tells is enough to check groups, rates and freezing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError

if TYPE_CHECKING:
    from torch import nn


def build_skeleton(inventory_file: str) -> nn.Module:
    """The model of an inventory in a JSON file, on meta: it has modules, parameters and ties, and computes nothing.

    Each module's class has the name of its type, and derives from classes with the names of the type's bases. Raises
    `JobError` for parameters whose sizes are not known.
    """
    try:
        with open(inventory_file, encoding="utf-8") as stream:
            inventory = json.load(stream)
    except (OSError, ValueError) as error:
        raise JobError(f"The names and shapes of the model cannot be read: {error}.") from None
    types = _Types(inventory.get("bases", {}))
    modules: dict[str, nn.Module] = {}
    for row in inventory["modules"]:
        path = row["path"]
        modules[path] = types.made(row["type"])
        if path:
            owner, name = _owner(path, modules)
            owner._modules[name] = modules[path]  # noqa: SLF001 - names may hold dots
    made: dict[str, nn.Parameter] = {}
    for row in inventory["parameters"]:
        parameter = made[row["tied_to"]] if row.get("tied_to") else _parameter(row)
        made[row["name"]] = parameter
        owner, name = _owner(row["name"], modules)
        owner._parameters[name] = parameter  # noqa: SLF001
    return modules[""]


class _Types:
    """Classes by the name of a type, each made once."""

    def __init__(self, bases: Mapping[str, Sequence[str]]) -> None:
        self._bases = bases
        self._known: dict[tuple[str, ...], type[nn.Module]] = {}

    def made(self, name: str) -> nn.Module:
        """An empty module of the class for this type."""
        return self._class((name or "Module", *self._bases.get(name, ())))()

    def _class(self, names: tuple[str, ...]) -> type[nn.Module]:
        from torch import nn

        known = self._known.get(names)
        if known is None:
            base = self._class(names[1:]) if len(names) > 1 else nn.Module
            known = self._known[names] = type(names[0], (base,), {})
        return known


def _owner(path: str, modules: Mapping[str, nn.Module]) -> tuple[nn.Module, str]:
    """The innermost module above a path, and what is left of the path: a name, which may hold dots."""
    above = path.rpartition(".")[0]
    while above and above not in modules:
        above = above.rpartition(".")[0]
    return modules[above], path[len(above) + 1 :] if above else path


def _parameter(row: Mapping[str, Any]) -> nn.Parameter:
    import torch

    name = row["name"]
    if row.get("lazy"):
        raise JobError(
            f"The size of {name} is not known before a first forward pass, so that nothing can be verified without the "
            "model; open the model itself."
        )
    dtype = getattr(torch, row["dtype"], None)
    if not isinstance(dtype, torch.dtype):
        dtype = torch.float32
    trainable = bool(row["trainable"])
    if trainable and not (dtype.is_floating_point or dtype.is_complex):
        raise JobError(f"{name} holds {row['dtype']} numbers, which cannot be trained; freeze it or open the model.")
    return torch.nn.Parameter(torch.empty(row["shape"], dtype=dtype, device="meta"), requires_grad=trainable)
