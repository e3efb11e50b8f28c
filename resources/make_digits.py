"""Write `lrdesigner_resources/demo/digits.bin.gz` from the copy of the digits that scikit-learn carries.

Run it in an environment of its own with `pip install scikit-learn`; the format is described in `demo/DIGITS.md`.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

TARGET = Path(__file__).resolve().parent / "lrdesigner_resources" / "demo" / "digits.bin.gz"


def main() -> None:
    """Write the file; the same bytes each time, whatever the file's name and the hour."""
    from sklearn.datasets import load_digits  # type: ignore[import-not-found]

    digits = load_digits()
    count, height, width = digits.images.shape
    header = struct.pack("<8sIBBBB", b"LRDIGIT1", count, height, width, 16, 10)
    content = header + digits.images.astype("uint8").tobytes() + digits.target.astype("uint8").tobytes()
    packed = bytearray(gzip.compress(content, compresslevel=9, mtime=0))
    packed[9] = 255  # the header's "operating system" differs between Python versions; 255 means unknown
    TARGET.write_bytes(bytes(packed))


if __name__ == "__main__":
    main()
