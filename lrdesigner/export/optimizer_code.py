"""How exported code names and calls the class of an optimizer, and which options stand where."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lrdesigner.errors import UserError
from lrdesigner.export.targets import TARGETS
from lrdesigner.optimizers import (
    CustomOptions,
    constructor_options,
    optimizer_name,
    optimizer_of,
    torch_options,
)
from lrdesigner.param_groups import ParamGroup

LONGEST_LABEL = 28
"""Characters that a constant has of the name of a class."""

OWN_NAMES = frozenset(
    {
        *(name for target in TARGETS.values() for name in target.names),
        *("make_model", "batches", "compute_loss", "show_groups", "show_step", "main"),
        *("nn", "cache", "bisect", "itertools", "math", "operator", "group_members", "base_option"),
        *("set_options", "build_optimizer", "build_optimizers", "build_scheduler"),
        *("build_schedulers", "apply_freeze", "save_state", "load_state"),
    }
)
"""What a module of that name could not be called beside: an exported file has them itself."""


def optimizer_code(groups: Sequence[ParamGroup]) -> dict[str, Any]:
    """The class, where to import it from, its label for constants, what its constructor gets and what each group.

    Raises `UserError` for several groups on an optimizer that takes one only.
    """
    found = [group.group.options for group in groups]
    entry, first = optimizer_of(found[0]), found[0]
    if entry.single_group and len(groups) > 1:
        names = " and ".join(repr(group.name) for group in groups[:2])
        raise UserError(f"{entry.name} takes one param group only, but {names} are on it; put all but one on another.")
    _refuse_shapes(groups)
    shared = constructor_options(found)
    custom = isinstance(first, CustomOptions)
    # Where a package has no lr of its own, it must be given one.
    arguments = ({"lr": groups[0].group.lr.base} if custom else {}) | shared
    return {
        "name": optimizer_name(first),
        "custom": custom,
        "import": _import(first.module) if isinstance(first, CustomOptions) else None,
        "class": _class(first) if isinstance(first, CustomOptions) else f"torch.optim.{entry.name}",
        "type": "torch.optim.Optimizer" if custom else f"torch.optim.{entry.name}",
        "label": re.sub(r"\W", "_", optimizer_name(first)).upper()[:LONGEST_LABEL],
        "closure": entry.needs_closure,
        "arguments": arguments,
        "options": [{k: v for k, v in torch_options(options).items() if k not in shared} for options in found],
    }


def _refuse_shapes(groups: Sequence[ParamGroup]) -> None:
    for group in groups:
        entry = optimizer_of(group.group.options)
        wrong = [info.name for info in group.parameters if entry.matrices_only and len(info.shape) != 2]
        if wrong:
            raise UserError(
                f"{entry.name} takes matrices only, but {group.group.name!r} holds {wrong[0]}; move what is none to a "
                "group on another optimizer, or let another group be the remainder."
            )


def _import(module: str) -> str | None:
    if module in ("torch", "torch.optim"):  # the file imports it anyway
        return None
    return f"{module} as {_alias(module)}" if _alias(module) != module else module


def _class(options: CustomOptions) -> str:
    return f"{_alias(options.module)}.{options.class_name}"


def _alias(module: str) -> str:
    """The module's own name, unless the file has another thing of that name."""
    return f"{module.replace('.', '_')}_module" if module.partition(".")[0] in OWN_NAMES else module
