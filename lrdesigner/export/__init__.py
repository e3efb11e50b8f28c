"""Export: a design as code that a person keeps. One module per target, and the templates.

>>> from lrdesigner.export import TARGETS
>>> sorted(TARGETS)
['torch']
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export.torch_target import torch_file

TARGETS: MappingProxyType[str, Callable[[Design], str]] = MappingProxyType({"torch": torch_file})


def export(design: Design, target: str = "torch") -> str:
    """Text of the exported file. The same design always gives the same text.

    Raises `UserError` for an unknown target, and when the design cannot be exported: nothing to train, or a rate that
    is not a finite number at some step.
    """
    if target not in TARGETS:
        raise UserError(f"There is no export target {target!r}; known: {', '.join(TARGETS)}.")
    return TARGETS[target](design)
