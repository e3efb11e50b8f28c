"""From a source to a `torch.nn.Module`."""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import BuildError, JobError, user_code
from lrdesigner.child.libraries import LIBRARIES, library_maker
from lrdesigner.child.memory import lacks_memory, limit_memory
from lrdesigner.child.rungs import no_collection, on_rung
from lrdesigner.child.user_files import find, import_file, import_module, names_file, split_source

if TYPE_CHECKING:
    from torch import nn


def build_model(
    source: str, kwargs: Mapping[str, Any], rung: str, *, memory: int | None = None, fresh: bool = False
) -> nn.Module:
    """Build the model of a source with `kwargs`, in the way that `lrdesigner.child.rungs` has under `rung`.

    A name that is already a module is taken as it is (`fresh`: a copy of it), and of several results the first, as of
    (model, optimizer). `memory`: bytes that building may take (0: the usual share of this machine's, None: no bound).
    Raises `BuildError` when the constructor fails, which another rung may mend, and `JobError` when the name is
    missing, cannot be called or gives something else.
    """
    import torch

    limit = 0 if memory is None else limit_memory(memory)  # before the import: a file may build at its top level
    made = _Maker.of(source, kwargs)
    if isinstance(made.thing, torch.nn.Module):
        return copy.deepcopy(made.thing) if fresh else made.thing
    model = _built(made, rung, limit)
    if isinstance(model, tuple) and model:
        model = model[0]
    if not isinstance(model, torch.nn.Module):
        raise JobError(f"{made.place} gave {_a(model)}, not a torch.nn.Module.")
    return model


def build_objects(source: str, kwargs: Mapping[str, Any], rung: str) -> object:
    """What a source gives, whatever it is; raises as `build_model` does."""
    made = _Maker.of(source, kwargs)
    return _built(made, rung, limit_memory(0))


def _built(made: _Maker, rung: str, limit: int) -> object:
    try:
        with user_code(f"Building {made.name}"), no_collection(), on_rung(rung):
            return made.call()
    except JobError as error:
        cause = error.__cause__
        if not isinstance(cause, Exception):  # exit() and Ctrl-C would come again
            raise
        if limit and lacks_memory(cause):
            raise BuildError(f"Building {made.name} needs more memory than {_gibibytes(limit)}.") from cause
        raise BuildError(str(error)) from cause


@dataclass(frozen=True)
class _Maker:
    """What makes the model, or is it; `name` and `place` are how sentences call it."""

    thing: object
    name: str
    place: str
    call: Callable[[], object]

    @classmethod
    def of(cls, source: str, kwargs: Mapping[str, Any]) -> _Maker:
        if source.startswith(tuple(f"{library}:" for library in LIBRARIES)):
            call = library_maker(source, kwargs)
            return cls(None, source, source, call)
        if names_file(source):
            file, name = split_source(source)
            thing = find(import_file(file), name, file)
            place = f"{name} in {os.path.basename(file)}"
        else:
            module, _, name = source.rpartition(":")
            thing = find(import_module(module), name, module)
            place = f"{name} in {module}"
        return cls(thing, name, place, _caller(thing, name, place, kwargs))


def _caller(thing: Any, name: str, place: str, kwargs: Mapping[str, Any]) -> Callable[[], object]:
    """The call that makes the model; raises `JobError` for what cannot be called, or not with these arguments."""
    import torch

    if not isinstance(thing, torch.nn.Module):
        if not callable(thing):
            raise JobError(f"{place} is {_a(thing)}, not a class, function or torch.nn.Module.")
        _check_call(thing, name, kwargs)
    return lambda: thing(**kwargs)


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


def _gibibytes(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB" if size >= 1024**3 else f"{size / 1024**2:.0f} MiB"


def _a(thing: object) -> str:
    if thing is None:
        return "None"
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    return f"a value of type {type(thing).__name__}"
