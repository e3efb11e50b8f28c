"""From "FILE.py:NAME" to a `torch.nn.Module`."""

from __future__ import annotations

import gc
import inspect
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.user_files import find, import_file, split_source

if TYPE_CHECKING:
    from torch import nn


def build_model(source: str, kwargs: Mapping[str, Any], device: str) -> nn.Module:
    """Import the file and call the class or factory with `kwargs` where new tensors are made on `device`.

    "meta" makes tensors with shapes and no storage, so a model of any size takes milliseconds. A name that is already
    a module is taken as it is. A model that needs real numbers while it is built is built again on the CPU.
    Raises `JobError` when the name is missing, cannot be called or gives something else.
    """
    import torch

    file, name = split_source(source)
    found = find(import_file(file), name, file)
    if isinstance(found, torch.nn.Module):
        return found
    if not callable(found):
        raise JobError(f"{name} in {os.path.basename(file)} is {_a(found)}, not a class, function or torch.nn.Module.")
    _check_call(found, name, kwargs)
    try:
        model = _call(found, name, kwargs, device)
    except JobError as error:
        if device != "meta" or not _for_want_of_numbers(error):
            raise
        model = _call(found, name, kwargs, "cpu")
    if not isinstance(model, torch.nn.Module):
        raise JobError(f"{name} in {os.path.basename(file)} gave {_a(model)}, not a torch.nn.Module.")
    return model


def _call(found: Any, name: str, kwargs: Mapping[str, Any], device: str) -> object:
    import torch

    collecting = gc.isenabled()
    gc.disable()  # it would walk the growing tree again and again: a third of the time of a big model
    try:
        with user_code(f"Building {name}"), torch.device(device):
            return found(**kwargs)
    finally:
        if collecting:
            gc.enable()


def _for_want_of_numbers(error: JobError) -> bool:
    """Whether a build failed only because tensors on meta hold none, as `linspace(...).item()` in a constructor does.

    torch names meta in each such message. Other faults are not tried again: a real build may need much memory.
    """
    return isinstance(error.__cause__, Exception) and "meta" in str(error).lower()


def _check_call(found: Any, name: str, kwargs: Mapping[str, Any]) -> None:
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # some callables cannot tell
        return
    try:
        signature.bind(**kwargs)
    except TypeError as error:
        raise JobError(
            f"{name}{signature} cannot be called with {_told(kwargs)}: {error}; give the missing or other arguments "
            "as keyword arguments, for example --kwargs '{\"depth\": 12}'."
        ) from None


def _told(kwargs: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in kwargs.items()) or "no arguments"


def _a(thing: object) -> str:
    if thing is None:
        return "None"
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    return f"a value of type {type(thing).__name__}"
