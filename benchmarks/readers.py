"""How fast checkpoints are read without torch, against torch reading the same files in the same run.

    python benchmarks/readers.py [--quick]

Rows: a checkpoint of 100,000 small tensors (aim: 2 s, and at least 4 times faster than `torch.load` onto meta) in the
zip format, in the one before it, and as safetensors (against the mere parsing of its header by `json`: aim at most
10 times that, for rows of modules and parameters are made too); and 96 tensors of 2 GiB together, of which the numbers
are never touched. Medians; machines are noisy, look at ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lrdesigner.readers import read_model

REPEATS = 3


def main() -> None:
    """Run and print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the tensors, a sixteenth of the bytes")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        _many(Path(folder), 10_000 if quick else 100_000)
        _big(Path(folder), 1 << (27 if quick else 31))


def _many(folder: Path, count: int) -> None:
    import torch

    state = {name: torch.zeros(2, 2) for name in _names(count)}
    for name, options in (("zip", {}), ("legacy", {"_use_new_zipfile_serialization": False})):
        path = folder / f"{name}.pt"
        torch.save(state, path, **options)
        _report(
            f"{count:,} tensors, {name}", path, lambda path=path: torch.load(path, map_location="meta"), "torch.load"
        )
    path = folder / "many.safetensors"
    path.write_bytes(_safetensors(list(state)))
    _report(f"{count:,} tensors, safetensors", path, lambda: _header(path), "json of the header")


def _big(folder: Path, size: int) -> None:
    import torch

    path = folder / "big.pt"
    torch.save({f"layers.{number}.weight": torch.zeros(size // 96 // 4) for number in range(96)}, path)
    _report(f"{size >> 20:,} MiB in 96 tensors", path, lambda: torch.load(path, map_location="meta"), "torch.load")


def _names(count: int) -> list[str]:
    """Those of a mixture of experts."""
    return [
        f"model.layers.{number // 2100}.experts.{number // 3 % 700}.{('gate', 'up', 'down')[number % 3]}_proj.weight"
        for number in range(count)
    ]


def _safetensors(names: list[str]) -> bytes:
    header = {
        name: {"dtype": "F32", "shape": [2, 2], "data_offsets": [place * 16, place * 16 + 16]}
        for place, name in enumerate(names)
    }
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(16 * len(names))


def _header(path: Path) -> Any:
    with path.open("rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little")))


def _report(what: str, path: Path, other: Callable[[], Any], other_name: str) -> None:
    ours = _seconds(lambda: read_model(str(path)))
    theirs = _seconds(other)
    ratio = f"{theirs / ours:.1f} times faster" if theirs > ours else f"{ours / theirs:.1f} times as long"
    print(f"{what}: {ours:.4f} s; {other_name}: {theirs:.4f} s; {ratio}")


def _seconds(work: Callable[[], Any]) -> float:
    found = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


if __name__ == "__main__":
    main()
