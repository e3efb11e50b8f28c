"""Reading a `.safetensors` file with torch alone: a JSON header, then the bytes of the tensors."""

from __future__ import annotations

import json
import math
import os
import struct
from typing import IO, TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError

if TYPE_CHECKING:
    import torch

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
}
_LONGEST_HEADER = 100_000_000


def read_safetensors(file: str) -> dict[str, torch.Tensor]:
    """All tensors by their names; raises `OSError`, and `JobError` for what is no such file or is cut off."""
    base = os.path.basename(file)
    with open(file, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        start, header = _header(stream, size, base)
        return {
            str(name): _tensor(stream, start, size, described, f"{name} in {base}")
            for name, described in header.items()
            if name != "__metadata__"
        }


def _header(stream: IO[bytes], size: int, base: str) -> tuple[int, dict[str, Any]]:
    head = stream.read(8)
    length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
    try:
        if not 2 <= length <= min(_LONGEST_HEADER, size - 8):
            raise ValueError
        found = json.loads(stream.read(length))
        if not isinstance(found, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise JobError(f"{base} is no safetensors file, or it was cut off; save or copy it again.") from None
    return 8 + length, found


def _tensor(stream: IO[bytes], start: int, size: int, described: Any, place: str) -> torch.Tensor:
    import torch

    try:
        kind, shape = described["dtype"], [int(side) for side in described["shape"]]
        first, last = (int(offset) for offset in described["data_offsets"])
    except (TypeError, KeyError, ValueError):
        raise JobError(f"The tensor {place} is not described as the format says; save the file again.") from None
    dtype = getattr(torch, _DTYPES.get(str(kind), ""), None)
    if dtype is None:
        raise JobError(f"The tensor {place} is of the type {kind}, which torch does not read; save it as F32.")
    fits = all(side >= 0 for side in shape) and last - first == math.prod(shape) * dtype.itemsize
    if not fits or not 0 <= first <= last <= size - start:
        raise JobError(
            f"The tensor {place} has other bytes than its shape says, or the file was cut off; save it again."
        )
    if first == last:
        return torch.empty(shape, dtype=dtype)
    stream.seek(start + first)
    content = bytearray(stream.read(last - first))
    return torch.frombuffer(content, dtype=dtype).reshape(shape)
