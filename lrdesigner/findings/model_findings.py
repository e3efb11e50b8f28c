"""Findings about the model: what is not known of it yet."""

from __future__ import annotations

from collections.abc import Iterator

from lrdesigner.document import Design
from lrdesigner.findings.finding import Finding


def lazy_parameters(design: Design) -> Iterator[Finding]:
    """Parameters that get their sizes in the first forward pass; until then nothing can be said by size."""
    lazy = [info.name for info in design.model.inventory.parameters if info.lazy]
    if lazy:
        several = f" and {len(lazy) - 1:,} more have" if len(lazy) > 1 else " has"
        yield Finding(
            code="lazy-parameters",
            severity="warning",
            where="model",
            message=f"{lazy[0]}{several} no size before a first forward pass: make one before the optimizer is built. "
            "Rules by size or dimensions do not know them.",
        )


MODEL_CHECKS = (lazy_parameters,)
