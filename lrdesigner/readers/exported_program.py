"""What `torch.export.save` wrote: JSON in a zip archive, in the layout of today and in that before 2.8."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lrdesigner.readers.contents import Contents, Limits, ReadError
from lrdesigner.readers.json_text import child, entries, json_object
from lrdesigner.readers.records import DType, Storage, Tensor
from lrdesigner.readers.rows import Budget, Named, buffer_rows, is_name, left_out, module_rows, parameter_rows
from lrdesigner.readers.zip_files import ZipEntries

OLD_MODEL = "serialized_exported_program.json"
_MODELS = "models/"
DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}
_CALL_NUMBER = re.compile(r"@\d+\Z")


def is_exported_program(archive: ZipEntries) -> bool:
    """Whether the archive holds one."""
    return OLD_MODEL in archive or bool(archive.names(_MODELS, ".json"))


def read_exported_program(archive: ZipEntries, limits: Limits) -> Contents:
    """Names, shapes, dtypes and what is trained, and the class of each module whose operations the graph has."""
    models = [OLD_MODEL] if OLD_MODEL in archive else archive.names(_MODELS, ".json")
    name = models[0]
    model = json_object(archive.read(name, limits.json), f"Its entry {name}")
    graph = child(model, "graph_module", "graph")
    signature = child(model, "graph_module", "signature")
    if not isinstance(graph, dict) or not isinstance(signature, dict):
        raise ReadError("It is an exported program of a layout that is not known here.")
    weights = _weights(archive, name.removeprefix(_MODELS).removesuffix(".json"), limits)
    parameters, buffers, unknown = _signature(signature, weights, child(graph, "tensor_values"))
    types = _types(graph, signature)
    rows, impossible = parameter_rows(parameters)
    fixed, others = buffer_rows(buffers)
    notes = [left_out(models[1:], "which are other models of the archive")] if models[1:] else []
    if impossible or others or unknown:
        notes.append(left_out(impossible + others + unknown, "whose shapes are not known"))
    budget = Budget(limits)
    for tensor, _ in (*parameters, *buffers):
        budget.take(tensor)
    return Contents(
        modules=module_rows([name for name, _ in (*parameters, *buffers)], types, budget),
        parameters=rows,
        buffers=fixed,
        format="exported program",
        notes=tuple(notes),
    )


def _weights(archive: ZipEntries, model: str, limits: Limits) -> dict[str, Any]:
    """By name, what today's layout says about each tensor."""
    found: dict[str, Any] = {}
    for kind in ("weights", "constants"):
        name = f"data/{kind}/{model}_{kind}_config.json"
        if name in archive:
            config = child(json_object(archive.read(name, limits.json), f"Its entry {name}"), "config")
            found |= dict(entries(config))
    return found


def _signature(
    signature: dict[str, Any], weights: dict[str, Any], values: object
) -> tuple[list[Named], list[Named], list[str]]:
    """Parameters, buffers, and the names of tensors that are nowhere described."""
    parameters: dict[str, Tensor] = {}
    buffers: dict[str, Tensor] = {}
    unknown: list[str] = []
    for kind, spec in _input_specs(signature):
        target = parameters if kind == "parameter" else buffers
        name = child(spec, f"{kind}_name")
        if not is_name(name):
            continue
        weight = weights.get(name)
        meta = child(weight, "tensor_meta")
        if meta is None:
            meta = child(values, str(child(spec, "arg", "name")))
        if isinstance(meta, dict):
            target[name] = _tensor(meta, child(weight, "path_name"))
        else:
            unknown.append(name)
    # Several names of one parameter are one input of the graph, but each has its weight.
    for name, weight in weights.items():
        if child(weight, "is_param") is True and is_name(name) and name not in parameters:
            meta = child(weight, "tensor_meta")
            if isinstance(meta, dict):
                parameters[name] = _tensor(meta, child(weight, "path_name"))
    return list(parameters.items()), list(buffers.items()), unknown


def _input_specs(signature: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    specs = signature.get("input_specs")
    for spec in specs if isinstance(specs, list) else ():
        for kind in ("parameter", "buffer"):
            if child(spec, kind) is not None:
                yield kind, child(spec, kind)


def _tensor(meta: dict[str, Any], place: object) -> Tensor:
    strides = _sizes(meta.get("strides"))
    code = meta.get("dtype")
    storage = Storage(place, "") if isinstance(place, str) else None
    return Tensor(
        storage,
        child(meta, "storage_offset", "as_int"),
        _sizes(meta.get("sizes")),
        strides,
        meta.get("requires_grad") is True,
        DType(DTYPES.get(code, "unknown") if isinstance(code, int) else "unknown"),
    )


def _sizes(sizes: object) -> tuple[Any, ...] | None:
    return tuple(child(size, "as_int") for size in sizes) if isinstance(sizes, list) else None


def _types(graph: dict[str, Any], signature: dict[str, Any]) -> dict[str, str]:
    """Class names by module path, from the stack of modules that each operation of the graph was traced in."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    nodes = graph.get("nodes")
    for node in nodes if isinstance(nodes, list) else ():
        stack = child(node, "metadata", "nn_module_stack")
        if not isinstance(stack, str) or stack in seen:
            continue
        seen.add(stack)
        for level in stack.split(";"):
            pieces = level.split(",", 2)
            if len(pieces) == 3:
                found.setdefault(_CALL_NUMBER.sub("", pieces[1]), pieces[2].rpartition(".")[2])
    return found
