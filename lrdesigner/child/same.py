"""Whether two values are equal to the last bit, as a resumed run is to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST_VALUE = 40


def first_difference(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """The first of these that differs, in words that a time can follow; "" where all are the same.

    >>> first_difference({"lr": 0.1}, {"lr": 0.2})
    'lr is 0.2 and not 0.1'
    """
    for name, value in wanted.items():
        if name not in found:
            return f"{name} is missing"
        if not same(value, found[name]):
            return f"{name} {_told(value, found[name])}"
    more = next((name for name in found if name not in wanted), None)
    return "" if more is None else f"{more} is new"


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, with what lists and tables hold; what is neither number nor text is not looked at.

    >>> same([float("nan"), {"a": 1}], [float("nan"), {"a": 1}]), same(0.0, -0.0), same(1, True)
    (True, False, False)
    """
    import torch

    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return _same_tensors(one, other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if type(one) is not type(other):
        return False
    return not isinstance(one, float | int | complex | str | bytes) or repr(one) == repr(other)


def _same_tensors(one: Any, other: Any) -> bool:
    import torch

    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.layout != torch.strided or other.layout != torch.strided:
        return one.layout == other.layout and _same_tensors(one.to_dense(), other.to_dense())
    bits = [tensor.detach().cpu().reshape(-1).contiguous().view(torch.uint8) for tensor in (one, other)]
    return torch.equal(*bits)


def _told(wanted: Any, found: Any) -> str:
    texts = repr(found), repr(wanted)
    plain = all(isinstance(value, float | int | str | list | tuple) for value in (wanted, found))
    short = plain and max(map(len, texts)) <= LONGEST_VALUE
    return f"is {texts[0]} and not {texts[1]}" if short else "differs"
