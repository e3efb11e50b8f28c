"""What FSDP2 asks of a design: which modules are split on their own, and which designs it cannot train."""

from __future__ import annotations

from lrdesigner.document import Design, Group
from lrdesigner.inventory import Inventory
from lrdesigner.optimizers import optimizer_name, torch_options
from lrdesigner.param_groups import trained_groups

LISTS = ("ModuleList", "Sequential")

UNSPLIT = frozenset({"Adafactor", "LBFGS", "Rprop", "SparseAdam"})
"""Optimizers of torch whose steps fail on split parameters (torch 2.13)."""

UNSPLIT_WHEN_FUSED = frozenset({"SGD", "Adagrad"})


def block_lists(inventory: Inventory) -> tuple[str, ...]:
    """Paths of the outermost lists of blocks: modules of one class that hold modules and share no tensor outside."""
    types = {module.path: module.type for module in inventory.modules}
    children: dict[str, list[str]] = {}
    for path in types:
        if path:
            children.setdefault(path.rpartition(".")[0], []).append(path)
    found = list[str]()
    for path, kind in types.items():
        blocks = children.get(path, [])
        inside = any(_is_under(path, known) for known in found)
        if kind in LISTS and not inside and _are_blocks(blocks, types, children) and not _tied(inventory, blocks):
            found.append(path)
    return tuple(found)


def _is_under(name: str, path: str) -> bool:
    return not path or name == path or name.startswith(f"{path}.")


def _are_blocks(paths: list[str], types: dict[str, str], children: dict[str, list[str]]) -> bool:
    kinds = {types[path] for path in paths}
    return len(paths) > 1 and len(kinds) == 1 and kinds.isdisjoint(LISTS) and all(path in children for path in paths)


def _tied(inventory: Inventory, blocks: list[str]) -> bool:
    """Whether a tensor is in a block under one name and elsewhere under another."""

    def place(name: str) -> str | None:
        return next((block for block in blocks if _is_under(name, block)), None)

    return any(p.tied_to is not None and place(p.name) != place(p.tied_to) for p in inventory.parameters)


def refuse_sharded(design: Design) -> str:
    """Why a design cannot train with split parameters, in a sentence; "" where it can."""
    parameters = design.model.inventory.parameters
    for parameter in parameters:
        if not parameter.shape:
            return f"FSDP2 cannot split {parameter.name}, which has no dimension; choose the target ddp."
    dtypes = sorted({parameter.dtype for parameter in parameters if parameter.trainable})
    if len(dtypes) > 1:
        return (
            f"FSDP2 wants all parameters of one type, and here they are {' and '.join(dtypes)}; choose the target ddp."
        )
    return next(filter(None, (_refuse_group(part.group) for part in trained_groups(design))), "")


def _refuse_group(group: Group) -> str:
    name = optimizer_name(group.options)
    if name in UNSPLIT:
        return f"{name} cannot step the split parameters of FSDP2; put {group.name!r} on another optimizer."
    if name in UNSPLIT_WHEN_FUSED and torch_options(group.options).get("fused"):
        return f"A fused {name} cannot step the split parameters of FSDP2; switch fused off for {group.name!r}."
    return ""
