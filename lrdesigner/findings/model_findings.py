"""Findings about the model: what is not known of it yet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lrdesigner.document import Design
from lrdesigner.findings.finding import MOST_SHOWN, Finding
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory
from lrdesigner.places import Place


def lazy_parameters(design: Design) -> Iterator[Finding]:
    """Parameters that get their sizes in the first forward pass; until then nothing can be said by size."""
    lazy = _lazy(Same(design.model.inventory))
    if lazy:
        several = f" and {len(lazy) - 1:,} more have" if len(lazy) > 1 else " has"
        yield Finding(
            code="lazy-parameters",
            severity="warning",
            where="model",
            message=f"{lazy[0]}{several} no size before a first forward pass: make one before the optimizer is built. "
            "Rules by size or dimensions do not know them.",
            place=Place(area="modules", modules=lazy[:MOST_SHOWN]),
        )


@lru_cache(maxsize=4)
def _lazy(same: Same[Inventory]) -> tuple[str, ...]:
    return tuple([info.name for info in same.value.parameters if info.lazy])


MODEL_CHECKS = (lazy_parameters,)
