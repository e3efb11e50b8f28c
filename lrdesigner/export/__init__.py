"""Export: a design as code that a person keeps. One module per target, and the templates.

>>> from lrdesigner.export import TARGETS
>>> sorted(TARGETS)
['torch']
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export.code_places import CodePlace
from lrdesigner.export.torch_target import torch_file, torch_file_with_places
from lrdesigner.models.source import source_file

TARGETS: MappingProxyType[str, Callable[[Design], str]] = MappingProxyType({"torch": torch_file})


def refuse_to_replace_sources(design: Design, output: Path, design_file: Path | None) -> None:
    """Raise `UserError` if writing the code to `output` would destroy the design or the model that it is for."""
    sources = {"the design itself": design_file, "the file of the model": source_file(design.model.source)}
    for what, file in sources.items():
        if file is not None and os.path.realpath(file) == os.path.realpath(output):
            raise UserError(f"{output} is {what}; write the code to another file.")


def export(design: Design, target: str = "torch") -> str:
    """Text of the exported file. The same design always gives the same text.

    Raises `UserError` for an unknown target, and when the design cannot be exported: nothing to train, or a rate that
    is not a finite number at some step.
    """
    if target not in TARGETS:
        raise UserError(f"There is no export target {target!r}; known: {', '.join(TARGETS)}.")
    return TARGETS[target](design)


def export_with_places(design: Design) -> tuple[str, tuple[CodePlace, ...]]:
    """The text that `export` gives for plain torch, and which of its lines are about which groups."""
    return torch_file_with_places(design)
