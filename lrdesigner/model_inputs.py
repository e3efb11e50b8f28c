"""The inputs of a model, by which its forward order is found: dtypes and shapes, as JSON describes them."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from lrdesigner.errors import InvalidValueError

Inputs = list[Any] | dict[str, Any]
"""Inputs as JSON describes them, see `described_inputs`; empty: none are known."""


class ModelInput(Struct, frozen=True, forbid_unknown_fields=True):
    """The dtype and shape of one input of a model; `name` is that of a keyword argument, "" for a positional one."""

    dtype: str
    shape: tuple[int, ...]
    name: str = ""


def described_inputs(described: Inputs) -> tuple[ModelInput, ...]:
    """The inputs of a JSON list, or of an object for keyword arguments; each is a shape, or a dtype with a shape.

    Raises `InvalidValueError`.

    >>> described_inputs({"input_ids": ["int64", [1, 16]]})
    (ModelInput(dtype='int64', shape=(1, 16), name='input_ids'),)
    """
    if isinstance(described, dict):
        return tuple(_input(given, name) for name, given in described.items())
    return tuple(_input(given, "") for given in described)


def _input(given: Any, name: str) -> ModelInput:
    dtype, shape = given if isinstance(given, list) and [type(x) for x in given] == [str, list] else ("float32", given)
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise InvalidValueError(
            f"{json.dumps(given)} is not the shape of an input; write such as [1, 3, 224, 224], or with a dtype "
            '["int64", [1, 16]].'
        )
    return ModelInput(dtype, tuple(shape), name)
