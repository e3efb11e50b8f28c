"""What torchvision needs so that it, and with it timm, can be imported beside a torch that it was not compiled for."""

from __future__ import annotations

import importlib.util


def _operators() -> object:
    """Its compiled part does not load then, and its Python part asks for two operators that nothing here calls."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


# Before anything is collected: transformers imports torchvision where it finds it.
OPERATORS = _operators() if importlib.util.find_spec("torchvision") is not None else None
