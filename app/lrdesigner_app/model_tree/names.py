"""What to call a group made of some modules."""

from __future__ import annotations

from collections.abc import Sequence

from lrdesigner.document import LONGEST_NAME
from lrdesigner.membership import outermost


def group_name(paths: Sequence[str], model: str) -> str:
    """The module's own name, what several have in common, or "group".

    >>> group_name(["blocks.0.attn"], "ViT"), group_name(["blocks.0"], "ViT"), group_name([""], "ViT")
    ('attn', 'blocks.0', 'ViT')
    >>> group_name(["blocks.0.norm1.bias", "head.bias"], "ViT"), group_name(["blocks.1", "blocks.2"], "ViT")
    ('bias', 'blocks')
    """
    outer = outermost(paths)
    if not outer or outer == ("",):
        return model[:LONGEST_NAME] if outer else "group"
    split = [path.split(".") for path in outer]
    if len(split) == 1:
        return _from_last_word(split[0])[:LONGEST_NAME]
    last = {parts[-1] for parts in split}
    if len(last) == 1 and not (word := last.pop()).isdigit():
        return word[:LONGEST_NAME]
    common = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return _from_last_word(common)[:LONGEST_NAME] if common else "group"


def _from_last_word(parts: list[str]) -> str:
    """`blocks.3`, not `3`: a bare number names nothing."""
    start = len(parts) - 1
    while start > 0 and parts[start].isdigit():
        start -= 1
    return ".".join(parts[start:])
