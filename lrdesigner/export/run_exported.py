"""The exported code used at once, in a process that has torch: `Design.build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrdesigner.document import Design
from lrdesigner.export import export

if TYPE_CHECKING:
    import torch


def build(design: Design, model: torch.nn.Module) -> tuple[Any, Any]:
    """Optimizer and scheduler (or two tuples of them) for `model`, made by the very text that an export writes."""
    scope: dict[str, Any] = {"__name__": "lrdesigner_exported"}
    exec(compile(export(design), "<exported design>", "exec"), scope)
    if "build_optimizers" in scope:
        optimizers = scope["build_optimizers"](model)
        return optimizers, scope["build_schedulers"](optimizers)
    optimizer = scope["build_optimizer"](model)
    return optimizer, scope["build_scheduler"](optimizer)
