"""The design that an exported file holds: without the folders of the machine that it was written on."""

from __future__ import annotations

from msgspec.structs import replace

from lrdesigner.design_file import decode, encode_compact
from lrdesigner.document import Design
from lrdesigner.models.source import without_folder

MOST_PARAMETERS = 2_000
"""Parameters of a model whose design is still put into the file: some 50 kB."""


def design_data(design: Design) -> bytes:
    """The text of the design file that goes into the code; equal designs have the same one, a 1 written for 1.0 too."""
    model = replace(design.model, source=without_folder(design.model.source), python="")
    text = encode_compact(replace(design, model=model))
    return text if too_large(design) else encode_compact(decode(text, "The design"))


def too_large(design: Design) -> bool:
    """Whether the design would make more of the file than its code."""
    return len(design.model.inventory.parameters) > MOST_PARAMETERS
