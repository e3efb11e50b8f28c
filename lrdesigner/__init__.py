"""LR Designer's core: designs of how fast each part of a PyTorch model learns, without Qt and without torch.

>>> import lrdesigner
>>> design = lrdesigner.load("net.lrd.json")              # doctest: +SKIP
>>> optimizer, scheduler = design.build(model)            # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrdesigner.capturing.live import capture as capture
    from lrdesigner.design_file import load as load
    from lrdesigner.document import Design as Design

__version__ = "0.1.0"

# Imported on first use: a child process imports this package under an interpreter that may lack our dependencies.
_LAZY = {
    "capture": "lrdesigner.capturing.live",
    "load": "lrdesigner.design_file",
    "Design": "lrdesigner.document",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'lrdesigner' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_LAZY[name]), name)
