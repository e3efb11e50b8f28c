"""Makers of checkpoint files for the tests of the readers; torch is imported where real files are made."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

Entry = tuple[str, tuple[int, ...]]
"""Dtype (as safetensors names it) and shape."""


def safetensors_bytes(entries: dict[str, Entry], metadata: dict[str, str] | None = None) -> bytes:
    """A whole file whose numbers are zeros."""
    bits = {"F4": 4, "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F16": 16, "BF16": 16, "F32": 32, "I64": 64, "C64": 64}
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    offset = 0
    for name, (dtype, shape) in entries.items():
        numel = 1
        for size in shape:
            numel *= size
        end = offset + numel * bits[dtype] // 8
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    return header_bytes(header) + bytes(offset)


def header_bytes(header: object) -> bytes:
    """Length and header alone, whatever is in it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text


def checkpoint_bytes(pickled: bytes, folder: str = "archive", compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive as torch.save makes it, with this as its data.pkl."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr(f"{folder}/data.pkl", pickled)
        archive.writestr(f"{folder}/version", "3\n")
    return file.getvalue()


def call(module: str, name: str, arguments: bytes = b")") -> bytes:
    """Opcodes that call a global with the tuple that `arguments` push."""
    return b"c" + f"{module}\n{name}\n".encode() + arguments + b"R"


def text(value: str) -> bytes:
    """Opcodes that push a string."""
    encoded = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def tensor(key: str = "0", shape: tuple[int, ...] = (2, 3), storage: str = "FloatStorage") -> bytes:
    """Opcodes that push a tensor as torch pickles it."""
    sizes = b"(" + b"".join(b"J" + struct.pack("<i", size) for size in shape) + b"t"
    pid = b"(" + text("storage") + b"ctorch\n" + storage.encode() + b"\n" + text(key) + text("cpu") + b"K\x06tQ"
    arguments = b"(" + pid + b"K\x00" + sizes + sizes + b"\x89" + call("collections", "OrderedDict") + b"t"
    return call("torch._utils", "_rebuild_tensor_v2", arguments)


def dictionary(*pairs: tuple[bytes, bytes]) -> bytes:
    """Opcodes that push a dictionary."""
    return b"}(" + b"".join(key + value for key, value in pairs) + b"u"


def program(*opcodes: bytes) -> bytes:
    """A whole pickle of protocol 2."""
    return b"\x80\x02" + b"".join(opcodes) + b"."


def state_dict(*names: str) -> bytes:
    """Opcodes that push a state_dict with a tensor under each name."""
    return dictionary(*((text(name), tensor(str(place))) for place, name in enumerate(names)))


def write(folder: Path, name: str, content: bytes) -> str:
    """The path of a new file."""
    path = folder / name
    path.write_bytes(content)
    return str(path)


def models() -> dict[str, nn.Module]:
    """Real models of many kinds, small, of torch's own classes so that they can be pickled."""
    import torch
    from torch import nn

    def block(width: int) -> nn.Module:
        convolutions = [nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2)]
        return nn.Sequential(
            convolutions[0], nn.BatchNorm2d(width), nn.ReLU(), convolutions[1], nn.BatchNorm2d(width, affine=False)
        )

    residual = nn.ModuleDict(
        {
            "stem": nn.Conv2d(3, 8, 7),
            "layers": nn.ModuleList(block(8) for _ in range(12)),
            "head": nn.Linear(8, 2),
            "nothing": nn.Identity(),
        }
    )
    residual["stem"].requires_grad_(False)
    tied = nn.ModuleDict({"embedding": nn.Embedding(10, 4), "body": nn.Linear(4, 4), "head": nn.Linear(4, 10)})
    tied["head"].weight = tied["embedding"].weight
    tied["again"] = tied["body"]
    tied["copy"] = nn.Linear(4, 4)
    tied["copy"].weight.data = tied["body"].weight.data
    tied["transposed"] = nn.ParameterList([nn.Parameter(tied["body"].weight.data.t()), nn.Parameter(torch.tensor(1.0))])
    other_dtypes = nn.ParameterDict(
        {
            str(dtype).replace("torch.", "of_"): nn.Parameter(torch.zeros(2, 3, dtype=dtype), requires_grad=trains)
            for dtype, trains in (
                (torch.bfloat16, True),
                (torch.float16, True),
                (torch.float64, True),
                (torch.complex64, True),
                (torch.float8_e4m3fn, False),
                (torch.int8, False),
            )
        }
    )
    return {
        "residual": residual,
        "tied": tied,
        "dtypes": other_dtypes,
        "encoder": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2),
        "attention": nn.MultiheadAttention(8, 2, kdim=4, add_bias_kv=True),
        "lstm": nn.LSTM(4, 6, 2, bidirectional=True, proj_size=3),
        "lazy": nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.LazyLinear(2)),
        "spectral": nn.Sequential(nn.utils.spectral_norm(nn.Linear(4, 4)), nn.utils.weight_norm(nn.Conv1d(2, 2, 3))),
        "scalars": nn.ModuleDict({"prelu": nn.PReLU(), "empty": nn.Linear(0, 3), "norm": nn.LayerNorm([2, 3])}),
        "nothing": nn.Sequential(nn.ReLU()),
    }
