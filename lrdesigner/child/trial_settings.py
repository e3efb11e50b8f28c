"""What a trial is asked, as the child's side has it: the fields of `lrdesigner.trials.options.TrialOptions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class TrialSettings:
    """See `TrialOptions`, which the parent has checked."""

    steps: int | None = None
    seconds: float | None = None
    whole: bool = False
    start: int = 0
    device: str = "auto"
    data: str = "demo"
    weights: str = ""
    batch_size: int = 32
    accumulation: int = 1
    precision: str = "float32"
    clip: float | None = None
    compile: bool = False
    one_batch: bool = False
    seed: int = 0
    diagnose_every: int = 10
    probes: int = 0
    processes: int = 1
    sharded: bool = False


def settings_of(request: Mapping[str, Any]) -> TrialSettings:
    """The options of a request; what it leaves out is as the class says."""
    given = request.get("options") or {}
    return TrialSettings(**{field.name: given[field.name] for field in fields(TrialSettings) if field.name in given})
