"""The inspect job: modules, parameters and ties of a model that is built without weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.build_model import build_model
from lrdesigner.child.channel import Channel
from lrdesigner.child.failures import JobError

if TYPE_CHECKING:
    from torch import nn

ROWS_PER_MESSAGE = 2000


def inspect(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Report the inventory in chunks, modules first."""
    channel.send("progress", {"stage": "building the model"})
    model = build_model(request["source"], request.get("kwargs", {}), "meta")
    modules, parameters = inventory(model)
    for kind, rows in (("modules", modules), ("parameters", parameters)):
        for start in range(0, len(rows), ROWS_PER_MESSAGE):
            if channel.stop.is_set():
                return "stopped", {}
            channel.send("inventory", {kind: rows[start : start + ROWS_PER_MESSAGE]})
    return "finished", {"modules": len(modules), "parameters": len(parameters)}


def inventory(model: nn.Module) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of `ModuleInfo` and `ParameterInfo`, under every name that a module or parameter has.

    A lazy parameter, whose size only a first forward pass tells, has shape () and 0 elements; a scalar has 1.
    """
    try:
        modules = [
            {"path": path, "type": type(module).__name__}
            for path, module in model.named_modules(remove_duplicate=False)
        ]
        named = list(model.named_parameters(remove_duplicate=False))
    except RecursionError:
        if _contains_itself(model):
            raise JobError("The model contains itself: one of its modules has a module above it as a child.") from None
        raise JobError("The model is nested more deeply than torch itself can walk (about 1000 levels).") from None
    first_by_id: dict[int, str] = {}
    first_by_storage: dict[Any, str] = {}
    rows = []
    for name, parameter in named:
        first = first_by_id.setdefault(id(parameter), name)
        if first == name:
            first = first_by_storage.setdefault(_storage(parameter), name)
            first_by_id[id(parameter)] = first
        rows.append(_row(name, parameter, None if first == name else first))
    return modules, rows


def _contains_itself(model: nn.Module) -> bool:
    """Whether some module lies below itself; without recursion, which has just failed."""
    above = {id(model)}
    stack = [(model, iter(model._modules.values()))]  # noqa: SLF001 - named_children leaves out repeated ones
    while stack:
        module, children = stack[-1]
        child = next(children, module)
        if child is module:
            above.discard(id(module))
            stack.pop()
        elif child is not None:
            if id(child) in above:
                return True
            above.add(id(child))
            stack.append((child, iter(child._modules.values())))  # noqa: SLF001
    return False


def _storage(parameter: nn.Parameter) -> object:
    """Equal for two parameters that are the same numbers in memory, which `a.data = b.data` makes.

    Two of which only one is trained stay two: the optimizer moves one, and the other follows by itself.
    """
    try:
        # data_ptr() is 0 for every tensor on meta.
        place = parameter.untyped_storage()._cdata  # noqa: SLF001 - the only identity of a storage
        return place, tuple(parameter.shape), parameter.storage_offset(), parameter.stride(), parameter.requires_grad
    except (RuntimeError, NotImplementedError, ValueError):  # lazy parameters and exotic tensor classes
        return id(parameter)


def _row(name: str, parameter: nn.Parameter, tied_to: str | None) -> dict[str, Any]:
    from torch.nn.parameter import is_lazy

    lazy = is_lazy(parameter)
    return {
        "name": name,
        "shape": [] if lazy else [int(size) for size in parameter.shape],
        "dtype": str(parameter.dtype).removeprefix("torch."),
        "numel": 0 if lazy else int(parameter.numel()),
        "trainable": bool(parameter.requires_grad),
        "tied_to": tied_to,
        **({"lazy": True} if lazy else {}),
    }
