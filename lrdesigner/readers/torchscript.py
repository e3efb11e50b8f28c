"""TorchScript archives: the objects of data.pkl, and from the source beside it which attributes are what."""

from __future__ import annotations

import re
from typing import Any

from lrdesigner.readers.contents import Contents, Limits, ReadError
from lrdesigner.readers.module_tree import Inside, walk
from lrdesigner.readers.names import looks_like_buffer
from lrdesigner.readers.objects import tree_rows
from lrdesigner.readers.records import Stub, Tensor
from lrdesigner.readers.rows import Budget, is_name
from lrdesigner.readers.unpickle import unpickle
from lrdesigner.readers.zip_files import ZipEntries

_CODE = "code/"
_LIST = r"\[([^\]\n]{0,2000000}+)\]"
_CLASS = re.compile(
    rf"^class ([^\s(]{{1,1000}}+)\(Module\):\n(?:  __parameters__ = {_LIST}\n)?(?:  __buffers__ = {_LIST}\n)?", re.M
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_MANGLED = re.compile(r"___torch_mangle_\d+\.")
_LARGEST_SOURCE = 50_000_000

Lists = tuple[frozenset[str], frozenset[str]]
"""Names of the parameters and of the buffers of a class."""


def read_torchscript(entries: ZipEntries, limits: Limits) -> Contents:
    """The tree with the names of the original classes."""
    if "data.pkl" not in entries:
        raise ReadError("It looks like a TorchScript archive, but has no data.pkl.")
    imports: set[str] = set()
    root = unpickle(entries.read("data.pkl", limits.pickle), imports, limits).value
    classes = _classes(entries)
    notes = []
    if not classes:
        notes.append("Its source lists no parameters and buffers: they are told by their names and dtypes.")

    def look(value: object) -> Inside | None:
        return _look_into(value, classes)

    if look(root) is None:
        raise ReadError("It is a TorchScript archive, but of no module.")
    modules, parameters, buffers, notes = tree_rows(walk(root, look, Budget(limits)), notes)
    return Contents(
        modules=modules,
        parameters=parameters,
        buffers=buffers,
        format="TorchScript archive",
        imports=tuple(sorted(imports)),
        notes=tuple(notes),
    )


def _classes(entries: ZipEntries) -> dict[str, Lists]:
    """What each class in the source lists, by its name in data.pkl, such as `__torch__.torch.nn.modules.act.ReLU`."""
    found: dict[str, Lists] = {}
    for name in entries.names(_CODE, ".py"):
        module = name[len(_CODE) : -len(".py")].replace("/", ".")
        text = entries.read(name, _LARGEST_SOURCE).decode("utf-8", "replace")
        for class_name, parameters, buffers in _CLASS.findall(text):
            found[f"{module}.{class_name}"] = (
                frozenset(_QUOTED.findall(parameters)),
                frozenset(_QUOTED.findall(buffers)),
            )
    return found


def _look_into(value: object, classes: dict[str, Lists]) -> Inside | None:
    if not isinstance(value, Stub) or not type(value).path[0].startswith("__torch__"):
        return None
    full_name = type(value).full_name
    lists = classes.get(full_name)
    if classes and lists is None:  # an object of a class that is no module
        return None
    state: Any = value.state if isinstance(value.state, dict) else {}
    named = [(name, inner) for name, inner in state.items() if is_name(name) and "." not in name]
    tensors = [(name, inner) for name, inner in named if isinstance(inner, Tensor)]
    if lists is None:
        guessed = looks_like_buffer([name for name, _ in tensors])
        buffers = frozenset(name for name, tensor in tensors if guessed(name, tensor.dtype_name))
        lists = frozenset(name for name, _ in tensors) - buffers, buffers
    return Inside(
        _MANGLED.sub("", full_name + ".").rstrip(".").rpartition(".")[2],
        [(name, inner) for name, inner in named if isinstance(inner, Stub)],
        [pair for pair in tensors if pair[0] in lists[0]],
        [pair for pair in tensors if pair[0] in lists[1]],
    )
