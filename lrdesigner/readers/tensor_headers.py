"""Safetensors: eight bytes of length and a JSON header; also many such files under an index."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lrdesigner.plain_files import open_plain
from lrdesigner.readers.checkpoint import object_in
from lrdesigner.readers.contents import Contents, Limits, ReadError, counted
from lrdesigner.readers.guess import guess
from lrdesigner.readers.json_text import entries, json_object
from lrdesigner.readers.names import unwrapped
from lrdesigner.readers.objects import named_rows
from lrdesigner.readers.parts import choose, find_parts
from lrdesigner.readers.records import DType, Tensor
from lrdesigner.readers.rows import Named, is_name, short

DTYPES = {  # the file's name: torch's name, bits of one element
    "BOOL": ("bool", 8),
    "F4": ("float4_e2m1fn_x2", 4),
    "F6_E2M3": ("float6_e2m3fn", 6),
    "F6_E3M2": ("float6_e3m2fn", 6),
    "U8": ("uint8", 8),
    "I8": ("int8", 8),
    "F8_E5M2": ("float8_e5m2", 8),
    "F8_E4M3": ("float8_e4m3fn", 8),
    "F8_E8M0": ("float8_e8m0fnu", 8),
    "F8_E4M3FNUZ": ("float8_e4m3fnuz", 8),
    "F8_E5M2FNUZ": ("float8_e5m2fnuz", 8),
    "I16": ("int16", 16),
    "U16": ("uint16", 16),
    "F16": ("float16", 16),
    "BF16": ("bfloat16", 16),
    "I32": ("int32", 32),
    "U32": ("uint32", 32),
    "F32": ("float32", 32),
    "C64": ("complex64", 64),
    "F64": ("float64", 64),
    "I64": ("int64", 64),
    "U64": ("uint64", 64),
}
_LENGTH_BYTES = 8
_HALF_BYTE = 4
_MOST_SHARDS = 10_000
_DIGITS = re.compile(r"(\d+)")


def read_safetensors(path: Path, limits: Limits) -> Contents:
    """Names, shapes and dtypes. The file keeps no order of the model: names are sorted, numbers in them by value."""
    return _contents(_header(path, limits), "safetensors", limits, [])


def read_sharded(path: Path, part: str, limits: Limits) -> Contents:
    """The files that an index names, which lie beside it."""
    index = json_object(_bytes(path, limits.json), "The index")
    shards = _shards(index, path)
    named: list[Named] = []
    imports: set[str] = set()
    for shard in shards:
        try:
            named += _shard(path.parent / shard, part, limits, imports)
        except FileNotFoundError:
            raise ReadError(
                f"{short(shard)} is missing, one of {counted(len(shards), 'file')} that the index names: "
                "put it beside the index."
            ) from None
        except ReadError as error:
            raise ReadError(f"{short(shard)}, which the index names: {error}") from None
    names = [name for name, _ in named]
    if len(set(names)) < len(names):
        seen: set[str] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ReadError(f"{short(twice)!r} stands in two of the files that the index names.")
    absent = sorted(set(index["weight_map"]) - set(names))
    if absent:
        raise ReadError(
            f"{short(absent[0])!r} is in the index, but in none of its files: they belong to another index."
        )
    contents = _contents(named, f"index of {counted(len(shards), 'file')}", limits, [])
    return Contents(
        modules=contents.modules,
        parameters=contents.parameters,
        buffers=contents.buffers,
        format=contents.format,
        imports=tuple(sorted(imports)),
        notes=contents.notes,
    )


def _contents(named: list[Named], form: str, limits: Limits, notes: list[str]) -> Contents:
    if len(named) > limits.tensors:
        raise ReadError(f"It holds {len(named):,} tensors; more than {limits.tensors:,} are not read.")
    named.sort(key=_natural)
    names, note = unwrapped([name for name, _ in named])
    taken = list(zip(names, (tensor for _, tensor in named), strict=True))
    modules, parameters, buffers, told = named_rows(taken, limits, [*notes, *([note] if note else [])])
    return Contents(modules=modules, parameters=parameters, buffers=buffers, format=form, notes=tuple(told))


def _natural(pair: Named) -> list[Any]:
    # Every second piece is digits: text is compared with text, numbers by length and then digits, never with `int`.
    pieces = _DIGITS.split(pair[0])
    return [(len(piece), piece) if place % 2 else piece for place, piece in enumerate(pieces)]


def _shards(index: dict[str, Any], path: Path) -> list[str]:
    weights = index.get("weight_map")
    if not isinstance(weights, dict) or not weights:
        raise ReadError("It is no index of a model: it has no weight_map with names and files.")
    shards = list(dict.fromkeys(shard for shard in weights.values() if isinstance(shard, str)))
    if len(shards) > _MOST_SHARDS or not all(isinstance(shard, str) for shard in weights.values()):
        raise ReadError("Its weight_map is damaged: each name needs the name of a file.")
    for shard in shards:
        if not shard or Path(shard).name != shard or shard in (".", "..") or "\\" in shard or "\0" in shard:
            raise ReadError(
                f"The index names {short(shard)!r}, which is not the plain name of a file beside {path.name}."
            )
    return shards


def _shard(path: Path, part: str, limits: Limits, imports: set[str]) -> list[Named]:
    if path.suffix == ".safetensors":
        return _header(path, limits)
    root, found = object_in(path, limits)
    imports |= found
    chosen = choose(find_parts(root), part)
    if chosen.is_module:
        raise ReadError("It holds a whole module and no state_dict.")
    return [(name, value) for name, value in dict.items(chosen.value) if isinstance(value, Tensor) and is_name(name)]


def _header(path: Path, limits: Limits) -> list[Named]:
    with open_plain(path) as file:
        start = file.read(_LENGTH_BYTES)
        size = file.seek(0, 2) - _LENGTH_BYTES
        length = int.from_bytes(start, "little")
        if len(start) < _LENGTH_BYTES or length > size or not 2 <= length <= limits.header:
            file.seek(0)
            raise ReadError(_no_safetensors(file.read(512), length, limits))
        file.seek(_LENGTH_BYTES)
        text = file.read(length)
    header = json_object(text, "Its header")
    header.pop("__metadata__", None)
    ends = []
    named = []
    for name, entry in header.items():
        if not is_name(name):
            raise ReadError(f"{short(name)!r} is no name of a tensor: the file is damaged.")
        tensor, begin, end = _tensor(name, entry)
        if end > size - length:
            raise ReadError(f"The numbers of {short(name)!r} lie past the end of the file: it is cut short or damaged.")
        ends.append((begin, end, name))
        named.append((name, tensor))
    _check_overlaps(ends)
    return named


def _no_safetensors(start: bytes, length: int, limits: Limits) -> str:
    told = guess(start)
    if told and not told.startswith("It looks like"):
        return told
    if start.startswith((b"PK", b"\x80")):
        return "It is no safetensors file but one of torch.save: give it the ending .pt."
    if length > limits.header:
        return f"It is no safetensors file: its header would have {length:,} bytes."
    return "It is cut short or damaged: its header is longer than the file."


def _tensor(name: str, entry: Any) -> tuple[Tensor, int, int]:
    found = dict(entries(entry))
    shape: Any = found.get("shape")
    offsets: Any = found.get("data_offsets")
    dtype, bits = DTYPES.get(str(found.get("dtype")), ("", 0))
    if not dtype:
        raise ReadError(f"{short(name)!r} has the unknown dtype {short(str(found.get('dtype')))!r}.")
    if not _whole_numbers(shape) or not _whole_numbers(offsets) or len(offsets) != 2:
        raise ReadError(f"The header's entry of {short(name)!r} is damaged.")
    numel = 1
    for size in shape:
        numel *= size
        if numel > 1 << 62:
            raise ReadError(f"{short(name)!r} would have more numbers than fit into any memory.")
    begin, end = offsets
    if (numel * bits + 7) // 8 != end - begin:
        raise ReadError(f"{short(name)!r} has {end - begin:,} bytes, which its shape and dtype contradict.")
    if bits == _HALF_BYTE and shape and shape[-1] % 2 == 0:  # torch has one element for two of them
        shape = [*shape[:-1], shape[-1] // 2]
    return Tensor(None, 0, tuple(shape), None, False, DType(dtype)), begin, end


def _whole_numbers(values: Any) -> bool:
    return isinstance(values, list) and len(values) <= 64 and all(type(v) is int and v >= 0 for v in values)


def _check_overlaps(ends: list[tuple[int, int, str]]) -> None:
    ends.sort()
    last = 0
    before = ""
    for begin, end, name in ends:
        if begin < last:
            raise ReadError(f"{short(before)!r} and {short(name)!r} share numbers in the file: it is damaged.")
        if end > last:
            last, before = end, name


def _bytes(path: Path, limit: int) -> bytes:
    with open_plain(path) as file:
        found = file.read(limit + 1)
    if len(found) > limit:
        raise ReadError(f"It has more than {limit:,} bytes, too many for an index.")
    return found
