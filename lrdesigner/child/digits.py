"""Reading the demo data: handwritten digits in the compact format that `demo/DIGITS.md` describes."""

from __future__ import annotations

import gzip
import os
import struct
from typing import TYPE_CHECKING

from lrdesigner.child.failures import JobError

if TYPE_CHECKING:
    import torch

DATA_VARIABLE = "LRDESIGNER_DEMO_DATA"
"""Environment variable that names the file: the child may run where the resources cannot be imported."""

_HEADER = struct.Struct("<8sIBBBB")
_MAGIC = b"LRDIGIT1"


def read_digits(file: str) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Images (uint8, N x height x width), labels (int64, N) and the greatest pixel value.

    Raises `OSError` when there is no such file and `ValueError` when it holds something else.
    """
    import torch

    with gzip.open(file) as stream:
        content = bytearray(stream.read())
    if len(content) < _HEADER.size:
        raise ValueError(f"{file} is too short")
    magic, count, height, width, greatest, _ = _HEADER.unpack_from(content)
    pixels = count * height * width
    if magic != _MAGIC or len(content) != _HEADER.size + pixels + count:
        raise ValueError(f"{file} does not hold the digits")
    images = torch.frombuffer(content, dtype=torch.uint8, count=pixels, offset=_HEADER.size)
    labels = torch.frombuffer(content, dtype=torch.uint8, count=count, offset=_HEADER.size + pixels)
    return images.reshape(count, height, width), labels.long(), greatest


def demo_file() -> str:
    """Where the parent says that the digits lie."""
    file = os.environ.get(DATA_VARIABLE, "")
    if not os.path.isfile(file):
        raise JobError("The demo data was not found; reinstall the program, or give data of your own.")
    return file
