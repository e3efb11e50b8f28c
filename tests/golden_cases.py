"""Exported files that are kept to be read: how a change of the templates looks to people.

`python tests/golden_cases.py` writes them anew; review the difference before it is committed. They are text, so that
no tool takes them for code of ours, and without the design at their end, which tells nothing to a reader.
"""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Freeze, Track
from lrdesigner.embedded import code_in
from lrdesigner.export import export
from lrdesigner.optimizers import AdamWOptions, MuonOptions
from lrdesigner.schedules import REST, AssumedTrace, Cosine, Length, Linear, Plateau

FOLDER = Path(__file__).parent / "core" / "golden"


def _two_optimizers() -> Design:
    """Muon for the matrices behind the convolutions, AdamW for all else."""
    design = edits.assign(demo_design(), ["classifier.1", "classifier.3"], 2)
    first, second = design.groups
    muon = replace(second, name="matrices", options=MuonOptions(), lr=Track(0.02, Cosine(0.1)))
    rest = replace(first, name="rest", options=AdamWOptions(weight_decay=0.05), lr=Track(1e-3, Cosine(0.1)))
    return replace(design, groups=(rest, muon))


def _moving() -> Design:
    """A backbone that thaws after two epochs, and a head whose weight decay rises."""
    design = demo_design()
    first, second = design.groups
    thawing = replace(first, freeze=(Freeze(Length(0, "steps"), Length(2, "epochs")),))
    rising = replace(second, weight_decay=Linear(0.1, 1.0, REST))
    return replace(design, groups=(thawing, rising))


def _plateau() -> Design:
    """Rates that fall when the accuracy no longer rises, for both groups alike."""
    node = Plateau(factor=0.5, patience=2, mode="max", metric=AssumedTrace(0.1, 0.9))
    design = demo_design()
    groups = tuple(replace(group, lr=Track(group.lr.base, node)) for group in design.groups)
    return replace(design, groups=groups)


GOLDEN: dict[str, Design] = {
    "demo": demo_design(),
    "two_optimizers": _two_optimizers(),
    "freeze_and_moving_decay": _moving(),
    "plateau": _plateau(),
}


def code_of(design: Design) -> str:
    """What a reader looks at."""
    return code_in(export(design))


def place_of(name: str) -> Path:
    """Where it is kept."""
    return FOLDER / f"{name}.py.txt"


def write() -> None:
    """Write all of them, and nothing else into their folder."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, design in GOLDEN.items():
        place_of(name).write_text(code_of(design), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
    sys.stdout.write(f"Wrote {len(GOLDEN)} files into {FOLDER.name}; review what changed in them.\n")
