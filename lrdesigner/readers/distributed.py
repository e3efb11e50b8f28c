"""Folders that `torch.distributed.checkpoint` wrote: their `.metadata` is a pickle that describes every tensor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrdesigner.plain_files import open_plain
from lrdesigner.readers.contents import Contents, Limits, ReadError
from lrdesigner.readers.objects import contents_of_object
from lrdesigner.readers.parts import mapping
from lrdesigner.readers.records import Stub, Tensor
from lrdesigner.readers.rows import is_name
from lrdesigner.readers.unpickle import unpickle

METADATA = ".metadata"


def read_distributed(folder: Path, part: str, limits: Limits) -> Contents:
    """Names, shapes and dtypes; what belongs to an optimizer is left out."""
    with open_plain(folder / METADATA) as file:
        data = file.read(limits.pickle + 1)
    imports: set[str] = set()
    root = unpickle(data, imports, limits).value
    tensors = mapping(_field(root, "state_dict_metadata"))
    if tensors is None:
        raise ReadError(f"Its {METADATA} is no description of a distributed checkpoint.")
    nested = _nested(tensors, mapping(_field(root, "planner_data")) or {})
    return contents_of_object(nested, "distributed checkpoint", part, imports, limits)


def _nested(tensors: dict[Any, Any], paths: dict[Any, Any]) -> dict[str, Any]:
    """The dictionary that was saved, as far as its first level: the saver joins the keys, but keeps them as well."""
    found: dict[str, Any] = {}
    for name, description in tensors.items():
        tensor = _tensor(description)
        if tensor is None or not is_name(name):
            continue
        path = paths.get(name)
        keys = [str(key) for key in path if type(key) in (str, int)] if isinstance(path, tuple) else []
        if len(keys) < 2:
            if not name.startswith(("optim.", "optimizer.", "optimizers.")):
                found.setdefault("", {})[name] = tensor
        else:
            found.setdefault(keys[0], {})[".".join(keys[1:])] = tensor
    top = found.pop("", {})
    return {**{key: inner for key, inner in found.items() if key not in top}, **top}


def _tensor(description: object) -> Tensor | None:
    properties = _field(description, "properties")
    size = _field(description, "size")
    state = properties.state if isinstance(properties, Stub) else None
    if size is None or type(state) is not tuple or not state:
        return None
    return Tensor(None, 0, size, None, len(state) > 2 and state[2] is True, state[0])


def _field(value: object, name: str) -> Any:
    state = value.state if isinstance(value, Stub) else None
    return state.get(name) if isinstance(state, dict) else None
