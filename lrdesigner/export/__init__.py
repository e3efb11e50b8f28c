"""Export: a design as code that a person keeps. One file for all targets, their rows, and the templates.

>>> from lrdesigner.export import TARGETS
>>> sorted(TARGETS)
['accelerate', 'ddp', 'fsdp', 'lightning', 'torch', 'transformers']
"""

from __future__ import annotations

import os
from pathlib import Path

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export.code_places import CodePlace
from lrdesigner.export.options import DEFAULT_OPTIONS, FORMS, ExportOptions
from lrdesigner.export.python_file import python_file
from lrdesigner.export.targets import TARGETS, Target
from lrdesigner.models.source import source_file

__all__ = [
    "DEFAULT_OPTIONS",
    "FORMS",
    "TARGETS",
    "ExportOptions",
    "Target",
    "export",
    "export_with_places",
    "refuse_to_replace_sources",
]


def refuse_to_replace_sources(design: Design, output: Path, design_file: Path | None) -> None:
    """Raise `UserError` if writing the code to `output` would destroy the design or the model that it is for."""
    sources = {"the design itself": design_file, "the file of the model": source_file(design.model.source)}
    for what, file in sources.items():
        if file is not None and os.path.realpath(file) == os.path.realpath(output):
            raise UserError(f"{output} is {what}; write the code to another file.")


def export(design: Design, options: ExportOptions = DEFAULT_OPTIONS) -> str:
    """Text of the exported file. The same design and options always give the same text.

    Raises `UserError` for an unknown target or form, and when the design cannot be exported: nothing to train, or a
    rate that is not a finite number at some step.
    """
    return export_with_places(design, options)[0]


def export_with_places(design: Design, options: ExportOptions = DEFAULT_OPTIONS) -> tuple[str, tuple[CodePlace, ...]]:
    """The text that `export` gives, and which of its lines are about which groups."""
    if options.target not in TARGETS:
        raise UserError(f"There is no export target {options.target!r}; known: {', '.join(TARGETS)}.")
    if options.form not in FORMS:
        raise UserError(f"Code is written as {' or '.join(FORMS)}, not as {options.form!r}.")
    return python_file(design, options)
